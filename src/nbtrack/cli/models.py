"""Commands about a model: ``predict``, ``serve``, ``build``, ``manifests``, ``show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import click

from nbtrack.cli import commands
from nbtrack.models.deployment.container import write_context
from nbtrack.models.deployment.kubernetes import manifests as kubernetes_manifests
from nbtrack.models.deployment.kubernetes import to_yaml
from nbtrack.models.loading import read_bundle
from nbtrack.models.serving.protocol import CSV, JSON, PARQUET, score
from nbtrack.registry.loading import load_pyfunc, where_is

_URI = "models:/<name>/<version or stage>, runs:/<run>/<path>, or a folder."
_TYPES = {"json": JSON, "csv": CSV, "parquet": PARQUET}

_model = click.option(
    "-m",
    "--model-uri",
    required=True,
    help=_URI,
    show_envvar=True,
)
_trusted = click.option(
    "--trusted", is_flag=True, help="Code that the model brings may run; a pickle is such."
)


@commands.group()
def models() -> None:
    """Score with models, serve them, and make them ready to deploy.

    A saved model is one of MLflow's too, so that its deployments take it as it is:

    \b
    SageMaker   mlflow deployments create -t sagemaker -m MODEL --name NAME
                or build below, push the image, and create the endpoint from it
    Azure ML    az ml model create --type mlflow_model --path MODEL --name NAME
    Databricks  mlflow.register_model("file:MODEL", NAME), then serve it there
    """


@models.command()
@click.argument("model_uri")
def show(model_uri: str) -> None:
    """Say what MODEL_URI takes, gives and needs. Nothing of it is loaded."""
    bundle = read_bundle(where_is(model_uri))
    click.echo(f"{model_uri}: {', '.join(bundle.flavors)}")
    click.echo(str(bundle.signature) if bundle.signature else "It has no signature.")


@models.command()
@_model
@click.option("-i", "--input-path", type=click.File("rb"), default="-", help="Default, stdin.")
@click.option("-o", "--output-path", type=click.File("wb"), default="-", help="Default, stdout.")
@click.option("-t", "--content-type", type=click.Choice([*_TYPES]), default="json")
@_trusted
def predict(
    model_uri: str,
    input_path: BinaryIO,
    output_path: BinaryIO,
    content_type: str,
    trusted: bool,
) -> None:
    """Score a file, in the forms that the server takes; predictions come as JSON."""
    model = load_pyfunc(model_uri, trusted=trusted)
    output_path.write(score(model, input_path.read(), _TYPES[content_type]) + b"\n")


@models.command(context_settings={"auto_envvar_prefix": "NBTRACK_SERVE"})
@_model
@click.option("--host", default="127.0.0.1", show_default=True, show_envvar=True)
@click.option("-p", "--port", default=5000, show_default=True, show_envvar=True)
@click.option("--timeout", "timeout_s", default=60.0, show_default=True, help="Seconds a request.")
@_trusted
def serve(model_uri: str, host: str, port: int, timeout_s: float, trusted: bool) -> None:
    """Serve a model in MLflow's protocol: /invocations, /ping, /health, /version."""
    from nbtrack.models.serving.app import serve as serve_model

    model = load_pyfunc(model_uri, trusted=trusted)
    serve_model(model, host=host, port=port, timeout_s=timeout_s)


@models.command()
@_model
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--nbtrack", help="What pip installs for nbtrack, or the path of a wheel of it.")
@click.option("--base-image", help="Default, the slim Python of the version that saved it.")
@_trusted
def build(
    model_uri: str, target: Path, nbtrack: str | None, base_image: str | None, trusted: bool
) -> None:
    """Write a container's context to TARGET: Dockerfile, pinned requirements, the model."""
    write_context(
        read_bundle(where_is(model_uri)),
        target,
        trusted=trusted,
        nbtrack=nbtrack,
        base_image=base_image,
    )
    click.echo(f"Wrote {target}; docker build -t NAME {target}")


@models.command()
@click.argument("name")
@click.argument("image")
@click.option("--min-replicas", default=1, show_default=True)
@click.option("--max-replicas", default=4, show_default=True)
@click.option("--cpu", default="500m", show_default=True, help="What each replica asks for.")
@click.option("--memory", default="1Gi", show_default=True, help="The same, and its limit.")
@click.option("--target-cpu-percent", default=70, show_default=True, help="Scales beyond it.")
@click.option("--namespace")
def manifests(name: str, image: str, **options: Any) -> None:
    """Print Kubernetes' manifests of IMAGE as NAME, for kubectl apply -f -."""
    click.echo(to_yaml(kubernetes_manifests(name, image, **options)), nl=False)
