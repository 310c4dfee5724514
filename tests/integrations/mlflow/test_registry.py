"""MLflow's registry on ours: the same outcomes, and what `nbtrack.Registry` says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModelTag
from mlflow.exceptions import MlflowException

import nbtrack
from nbtrack.integrations.mlflow.registry_store import NbtrackRegistryStore
from tests.integrations.mlflow.both import Both, Refused


@pytest.fixture(scope="module")
def both(sqlite_uri: str, nbtrack_uri: str) -> Both:
    return Both(MlflowClient(sqlite_uri, sqlite_uri), MlflowClient(nbtrack_uri, nbtrack_uri))


def test_models_and_versions_have_the_same_outcomes(both: Both) -> None:
    ask = both.ask
    ask("create_registered_model", "fraud", {"team": "x"}, "finds it")
    assert isinstance(ask("create_registered_model", "fraud"), Refused)
    assert isinstance(ask("create_registered_model", ""), Refused)
    ask("create_registered_model", "other name")
    for number, description in enumerate(["first", None, "third"]):
        ask("create_model_version", "fraud", f"s3://bucket/{number}", None, {"n": str(number)},
            "https://link", description)  # fmt: skip
    ask("update_registered_model", "fraud", "finds more")
    ask("set_registered_model_tag", "fraud", "a", "1")
    ask("delete_registered_model_tag", "fraud", "team")
    ask("delete_registered_model_tag", "fraud", "none")
    ask("set_model_version_tag", "fraud", "1", "a", "b")
    ask("delete_model_version_tag", "fraud", "1", "n")
    ask("set_registered_model_alias", "fraud", "champion", "2")
    ask("set_registered_model_alias", "fraud", "champion", "1")
    ask("set_registered_model_alias", "fraud", "second", "2")
    for method, arguments in {
        "get_registered_model": ["none"],
        "delete_registered_model": ["none"],
        "get_model_version": ["fraud", "99"],
        "set_registered_model_alias": ["fraud", "latest", "1"],
        "get_model_version_by_alias": ["fraud", "none"],
        "transition_model_version_stage": ["fraud", "1", "nonsense"],
        "create_model_version": ["none", "s3://x"],
        "rename_registered_model": ["fraud", "other name"],
        "update_model_version": ["fraud", "nonsense", "x"],
    }.items():
        assert isinstance(ask(method, *arguments), Refused), method
    ask("get_model_version_by_alias", "fraud", "champion")
    ask("transition_model_version_stage", "fraud", "1", "Production")
    ask("transition_model_version_stage", "fraud", "2", "production", False)
    ask("transition_model_version_stage", "fraud", "2", "Production", True)
    ask("transition_model_version_stage", "fraud", "3", "Staging")
    ask("get_latest_versions", "fraud", ["Production", "Staging"])
    ask("get_registered_model", "fraud")
    ask("delete_model_version", "fraud", "2")
    ask("get_registered_model", "fraud")
    ask("create_model_version", "fraud", "models:/fraud/1")
    ask("get_model_version_download_uri", "fraud", "4")
    ask("rename_registered_model", "fraud", "fraud 2")
    for filter in ("name = 'fraud 2'", "name LIKE 'fr%'", "name ILIKE 'FR%'", "tags.a = '1'"):
        ask("search_registered_models", filter, 1)
    for filter in ("name = 'fraud 2'", "tags.a = 'b'", "run_id = 'x'", "source_path LIKE 's3%'"):
        ask("search_model_versions", filter, 100, ["version_number DESC"])
    ask("search_model_versions", "nonsense")
    ask("search_registered_models", max_results=0)
    ask("delete_registered_model", "fraud 2")
    ask("search_model_versions", "name = 'fraud 2'")
    ask("create_registered_model", "fraud 2")
    ask("create_model_version", "fraud 2", "s3://again")
    # The stores have models of other tests, too.
    ask("search_registered_models", "name ILIKE '%FR%'", 100, ["name DESC"])


def test_a_version_of_what_a_run_keeps_is_one_of_ours(
    both: Both, tmp_path: Path, nbtrack_uri: str
) -> None:
    client = both.ours
    run = client.create_run("0")
    (tmp_path / "MLmodel").write_text("flavors: {}")
    client.log_artifacts(run.info.run_id, str(tmp_path), "net")
    client.create_registered_model("kept")
    made = client.create_model_version("kept", f"{run.info.artifact_uri}/net", run.info.run_id)
    assert made.source == f"{run.info.artifact_uri}/net"
    registry = nbtrack.Registry(nbtrack_uri.removeprefix("nbtrack://"))
    ours = registry.get_model_version("kept", 1)
    assert ours.source == f"runs:/{run.info.run_id}/net"
    assert ours.digest
    assert client.get_model_version("kept", "1").run_id == run.info.run_id


def test_gates_hold_for_mlflows_clients_too(both: Both, nbtrack_uri: str) -> None:
    client = both.ours
    client.create_registered_model("gated")
    client.create_model_version("gated", "s3://anywhere")
    registry = nbtrack.Registry(nbtrack_uri.removeprefix("nbtrack://"))
    registry.set_gates("gated", description=True)
    with pytest.raises(MlflowException, match="does not go to Production") as refused:
        client.transition_model_version_stage("gated", "1", "Production")
    assert refused.value.error_code == "PERMISSION_DENIED"
    client.update_model_version("gated", "1", "it is described")
    client.transition_model_version_stage("gated", "1", "Production")
    history = registry.history("gated").df()
    assert history["change"].tolist().count("stage moved") == 1
    assert registry.get_model_version("gated", 1).stage == "Production"


def test_what_is_missing_is_said_in_mlflows_words(both: Both) -> None:
    client = both.ours
    client.create_registered_model("there")
    asked = {
        "Registered Model with name=none not found": [
            lambda: client.get_registered_model("none"),
            lambda: client.delete_registered_model("none"),
            lambda: client.create_model_version("none", "s3://x"),
            lambda: client.get_model_version_by_alias("none", "a"),
        ],
        "Model Version (name=there, version=7) not found": [
            lambda: client.get_model_version("there", "7"),
            lambda: client.delete_model_version("there", "7"),
            lambda: client.set_registered_model_alias("there", "a", "7"),
            lambda: client.transition_model_version_stage("there", "7", "Staging"),
        ],
    }
    for told, calls in asked.items():
        for call in calls:
            with pytest.raises(MlflowException, match=re.escape(told)) as refused:
                call()
            assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_version_keeps_the_id_of_a_run_that_is_none_of_ours(nbtrack_uri: str) -> None:
    store = NbtrackRegistryStore(nbtrack_uri)
    store.create_registered_model("foreign")
    assert store.create_model_version("foreign", "s3://x", "12345").run_id == "12345"
    assert [v.version for v in store.search_model_versions("run_id = '12345'")] == [1]


def test_orders_of_models_have_the_same_outcomes(both: Both) -> None:
    both.ask("create_registered_model", "ordered 1")
    both.ask("create_registered_model", "ordered 2")
    ordered = "name LIKE 'ordered%'"
    for order in (
        ["name DESC"], ["last_updated_timestamp DESC"], ["timestamp ASC", "name DESC"],
        ["creation_timestamp"], ["timestamp", "last_updated_timestamp DESC"], ["name sideways"],
    ):  # fmt: skip
        both.ask("search_registered_models", ordered, 10, order)


def test_a_name_is_of_a_model_or_of_a_prompt(nbtrack_uri: str) -> None:
    store = NbtrackRegistryStore(nbtrack_uri)
    is_prompt = [RegisteredModelTag("mlflow.prompt.is_prompt", "true")]
    store.create_registered_model("said", is_prompt)
    for tags, told in (
        (is_prompt, "Prompt (name=said) already exists"),
        ([], "the name is already taken by a prompt"),
    ):
        with pytest.raises(MlflowException, match=re.escape(told)) as refused:
            store.create_registered_model("said", tags)
        assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"
