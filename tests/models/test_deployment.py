"""Contexts and manifests: nothing secret goes in, and what comes out is what Kubernetes takes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.models.deployment.container import write_context
from nbtrack.models.deployment.kubernetes import manifests, to_yaml
from nbtrack.models.loading import read_bundle
from tests.models.test_serving import ROWS, served
from tests.models.zoo import TABLE, ZOO


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("deployed") / "m"
    [estimator] = [s.make() for s in ZOO if s.name == "xgboost"]
    return nbtrack.save_model(
        estimator, path, input_example=TABLE.head(2), pip_requirements=["xgboost==3.2.0"]
    )


def test_a_context_is_the_model_its_pins_and_a_dockerfile(bundle: Any, tmp_path: Path) -> None:
    made = write_context(bundle, tmp_path / "context")
    files = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert {f for f in files if not f.startswith("model/")} == {
        ".dockerignore",
        "Dockerfile",
        "requirements.txt",
    }
    assert "model/MLmodel" in files
    lines = (made / "requirements.txt").read_text().splitlines()
    assert lines == ["xgboost==3.2.0", f"nbtrack[serve]=={nbtrack.__version__}"]
    text = (made / "Dockerfile").read_text()
    version = bundle.flavors["python_function"]["python_version"]
    assert text.startswith(f"FROM python:{version}-slim\n")
    assert "USER 10001" in text
    assert "TRUSTED=0" in text


def test_a_wheel_of_nbtrack_is_copied_in(bundle: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "nbtrack-9.9-py3-none-any.whl"
    wheel.write_bytes(b"")
    made = write_context(bundle, tmp_path / "context", nbtrack=str(wheel), trusted=True)
    assert (made / wheel.name).is_file()
    assert f"@ file:///opt/nbtrack/{wheel.name}" in (made / "requirements.txt").read_text()
    text = (made / "Dockerfile").read_text()
    assert f"COPY {wheel.name} /opt/nbtrack/{wheel.name}" in text
    assert "TRUSTED=1" in text
    with pytest.raises(InvalidValue, match="no wheel"):
        write_context(bundle, tmp_path / "other", nbtrack="gone.whl")


@pytest.mark.parametrize(
    "line",
    [
        "mine @ https://me:s3cret@example.com/mine.whl",
        "--extra-index-url https://me:s3cret@example.com/simple",
        "mine @ https://example.com/mine.whl?token=s3cret",
    ],
)
def test_a_password_does_not_get_into_a_context(bundle: Any, tmp_path: Path, line: str) -> None:
    (tmp_path / "m").mkdir()
    for file in bundle.path.iterdir():
        (tmp_path / "m" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "m" / "requirements.txt").write_text(f"{line}\n")
    with pytest.raises(InvalidValue, match="holds a password or token") as refusal:
        write_context(read_bundle(tmp_path / "m"), tmp_path / "context")
    assert "s3cret" not in str(refusal.value)
    assert not (tmp_path / "context").exists()


def test_a_link_brings_no_file_of_the_machine_into_a_context(bundle: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_bytes((bundle.path / "MLmodel").read_bytes())
    (tmp_path / "m" / "notes").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidModel, match="leads out of its folder"):
        write_context(read_bundle(tmp_path / "m"), tmp_path / "context")


def test_the_image_starts_as_sagemaker_starts_it(bundle: Any, tmp_path: Path) -> None:
    """``docker run IMAGE serve``: the entry point, the environment and the paths that it asks."""
    made = write_context(bundle, tmp_path / "context")
    text = (made / "Dockerfile").read_text().replace("\\\n", " ")
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    [env] = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    told = dict(each.split("=", 1) for each in shlex.split(env))
    assert told["NBTRACK_SERVE_PORT"] == "8080"
    assert "EXPOSE 8080" in text
    assert told["NBTRACK_SERVE_HOST"] == "0.0.0.0"
    program, *arguments = json.loads(entry)
    assert program == "nbtrack"
    here = {
        **told,
        "NBTRACK_SERVE_HOST": "127.0.0.1",
        "NBTRACK_SERVE_MODEL_URI": str(made / "model"),
    }
    command = [sys.executable, "-m", "nbtrack", *arguments, "serve"]
    with served(command, here) as address:
        answer = httpx.post(
            f"{address}/invocations",
            content=ROWS.to_csv(index=False),
            headers={"content-type": "text/csv"},
        )
    assert len(answer.json()["predictions"]) == len(ROWS)


@pytest.mark.parametrize("version", ["1.31", "1.34"])
def test_manifests_are_what_kubernetes_takes(version: str) -> None:
    made = list(
        yaml.safe_load_all(to_yaml(manifests("forest", "registry/forest:1", namespace="ml")))
    )
    assert [each["kind"] for each in made] == ["Deployment", "Service", "HorizontalPodAutoscaler"]
    for each in made:
        kubernetes_validate.validate(each, version, strict=True)
    broken = {**made[0], "spec": {**made[0]["spec"], "replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, version, strict=True)


def test_manifests_hang_together() -> None:
    deployment, service, autoscaler = manifests("forest", "forest:1", max_replicas=9)
    pod = deployment["spec"]["template"]
    selected = deployment["spec"]["selector"]["matchLabels"]
    assert selected.items() <= pod["metadata"]["labels"].items()
    assert service["spec"]["selector"] == selected
    [container] = pod["spec"]["containers"]
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/ping", "port": "http"}
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "Forest"}, "small letters, digits and -, got 'Forest'"),
        ({"name": "a: b"}, "small letters"),
        ({"min_replicas": 3, "max_replicas": 2}, "got 3 to 2"),
        ({"min_replicas": 0}, "got 0 to 4"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_here(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        manifests(**{"name": "m", "image": "m:1", **arguments})


def test_the_command_line_writes_both(bundle: Any, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "nbtrack", "models"]
    subprocess.run([*program, "build", "-m", bundle.path, tmp_path / "c"], check=True)
    assert (tmp_path / "c" / "Dockerfile").is_file()
    done = subprocess.run(
        [*program, "manifests", "m", "m:1", "--memory", "2Gi"], capture_output=True, check=True
    )
    first = next(yaml.safe_load_all(done.stdout))
    [container] = first["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "2Gi"}
