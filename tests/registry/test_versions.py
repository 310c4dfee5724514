"""Models and versions by name: registered, found, described, tagged, searched, taken out."""

import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidModel, InvalidValue, ModelNotFound, RunNotFound


def test_the_first_version_brings_its_model_with_it(registry, trained):
    version = nbtrack.register_model(
        trained(accuracy=0.9), "fraud", tags={"team": "risk"}, description="the first"
    )
    assert (version.name, version.version, version.stage) == ("fraud", 1, "None")
    assert (version.user, version.tags, version.description) == (
        "ann",
        {"team": "risk"},
        "the first",
    )
    assert registry.get_registered_model("fraud").last_version == 1


def test_versions_are_numbered_without_a_gap_and_no_number_comes_twice(fraud, trained):
    fraud.delete_model_version("fraud", 3)
    assert nbtrack.register_model(trained(accuracy=0.5), "fraud").version == 4
    assert [each.version for each in fraud.search_model_versions()] == [4, 2, 1]
    with pytest.raises(ModelNotFound, match=r"no version 3 \(its last are: 4, 2, 1\)"):
        fraud.get_model_version("fraud", 3)


def test_a_version_names_its_run_and_the_content_of_its_folder(registry, trained):
    first, second = trained(accuracy=0.9), trained(accuracy=0.9)
    one, other = (nbtrack.register_model(uri, "fraud") for uri in (first, second))
    assert one.source == first
    assert one.run_id != other.run_id
    assert one.digest == other.digest
    assert one.digest != nbtrack.register_model(trained(accuracy=0.8), "fraud").digest


def test_a_model_is_registered_while_its_run_goes_on(registry):
    with nbtrack.run("forest") as run:
        run.keep_artifact("model/MLmodel", b"x")
        assert nbtrack.register_model(f"runs:/{run.name}/model", "fraud").run_id == run.id


def test_a_folder_without_a_model_is_not_registered_and_starts_no_run(registry, tmp_path):
    with pytest.raises(InvalidModel, match="holds no model"):
        nbtrack.register_model(tmp_path, "other")
    assert len(nbtrack.runs()) == 0


@pytest.mark.parametrize(
    ("uri", "error", "says"),
    [
        (
            "runs:/forest/weights",
            InvalidValue,
            r"keeps nothing under 'weights' \(it keeps: model\)",
        ),
        ("runs:/forest", InvalidValue, "runs:/<run>/<path>"),
        ("/somewhere/model", InvalidValue, "or a folder with a model in it"),
        ("runs:/frost/model", RunNotFound, "closest: 'forest'"),
        ("models:/frau/1", ModelNotFound, "closest: 'fraud'"),
    ],
)
def test_what_cannot_be_registered_is_told_and_leaves_nothing(registry, trained, uri, error, says):
    nbtrack.register_model(trained(), "fraud")
    with pytest.raises(error, match=says):
        nbtrack.register_model(uri, "other")
    assert registry.search_registered_models()["name"] == ["fraud"]


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a@b", " a", "a\nb", None, 3])
def test_a_name_that_no_uri_could_hold_is_refused(registry, trained, name):
    with pytest.raises(InvalidValue, match="registered model"):
        nbtrack.register_model(trained(), name)


@pytest.mark.parametrize(
    ("uri", "version"),
    [
        ("models:/fraud/2", 2),
        ("models:/fraud/latest", 3),
        ("models:/fraud/Production", 1),
        ("models:/fraud/production", 1),
        ("models:/fraud@champion", 2),
        ("models://fraud/1", 1),
    ],
)
def test_a_uri_means_a_version(fraud, uri, version):
    fraud.transition_stage("fraud", 1, "Production")
    fraud.set_registered_model_alias("fraud", "champion", 2)
    assert fraud.resolve(uri).version == version


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("models:/fraud", "names no version"),
        ("models:/fraud/9", "no version 9"),
        ("models:/fraud/Staging", "No version of 'fraud' is in Staging"),
        ("models:/fraud/champion", "write models:/fraud@champion"),
        ("models:/fraud@champion", r"no alias 'champion' \(it has: none\)"),
        ("models:/frod/1", "closest: 'fraud'"),
        ("runs:/fraud/1", "names no version"),
    ],
)
def test_a_uri_that_means_nothing_is_told_what_to_write(fraud, uri, says):
    with pytest.raises(ModelNotFound, match=says):
        fraud.resolve(uri)


def test_an_alias_moves_and_goes_with_its_version(fraud):
    fraud.set_registered_model_alias("fraud", "champion", 1)
    fraud.set_registered_model_alias("fraud", "champion", 2)
    assert fraud.get_model_version_by_alias("fraud", "champion").version == 2
    assert fraud.get_model_version("fraud", 1).aliases == ()
    fraud.delete_model_version("fraud", 2)
    assert fraud.get_registered_model("fraud").aliases == {}
    fraud.set_registered_model_alias("fraud", "champion", 3)
    fraud.delete_registered_model_alias("fraud", "champion")
    with pytest.raises(ModelNotFound, match="no alias"):
        fraud.delete_registered_model_alias("fraud", "champion")


@pytest.mark.parametrize("alias", ["v3", "3", "latest", "", "a b", "@a"])
def test_an_alias_that_looks_like_a_version_is_refused(fraud, alias):
    with pytest.raises(InvalidValue, match="An alias has"):
        fraud.set_registered_model_alias("fraud", alias, 1)


def test_tags_and_descriptions_are_of_a_model_or_of_a_version(fraud):
    fraud.set_registered_model_tag("fraud", "team", "risk")
    fraud.set_model_version_tag("fraud", 1, "team", "vision")
    fraud.update_registered_model("fraud", "finds fraud")
    fraud.update_model_version("fraud", 1, "a forest")
    assert fraud.get_registered_model("fraud").tags == {"team": "risk"}
    version = fraud.get_model_version("fraud", "1")
    assert (version.tags, version.description) == ({"team": "vision"}, "a forest")
    fraud.delete_registered_model_tag("fraud", "team")
    fraud.delete_model_version_tag("fraud", 1, "team")
    assert fraud.get_registered_model("fraud").tags == {}
    assert fraud.get_model_version("fraud", 1).tags == {}
    assert fraud.get_registered_model("fraud").description == "finds fraud"


def test_cards_are_of_a_model_or_of_a_version_and_show_as_markdown(fraud):
    fraud.set_model_card("fraud", "# Fraud")
    fraud.set_model_card("fraud", "# Fraud 2", version=2)
    assert fraud.model_card("fraud")._repr_markdown_() == "# Fraud"
    assert (fraud.model_card("fraud", 2), fraud.model_card("fraud", 1)) == ("# Fraud 2", "")


@pytest.mark.parametrize(
    ("filter", "versions"),
    [
        ("name = 'fraud' AND version > 1", [4, 3, 2]),
        ("metrics.accuracy >= 0.91", [3, 2]),
        ("params.n = 7", [4]),
        ("tags.team = 'risk' OR stage = 'Staging'", [4, 1]),
        ("NOT tags.team = 'risk'", [3, 2, 1]),
        ("description IS NULL AND current_stage != 'Staging'", [4, 3, 2]),
        ("run_id IN ('00000000000000000000000000000000')", []),
        ("created > '2020-01-01' AND user ILIKE 'A%'", [4, 3, 2, 1]),
    ],
)
def test_versions_are_searched_in_the_grammar_of_runs(fraud, trained, filter, versions):
    nbtrack.register_model(trained(params={"n": 7}), "fraud", tags={"team": "risk"})
    fraud.transition_stage("fraud", 1, "Staging")
    found = nbtrack.search_model_versions(filter_string=filter)
    assert [each.version for each in found] == versions


def test_versions_come_in_the_order_that_is_asked_for(fraud):
    best = nbtrack.search_model_versions(order_by=["metrics.accuracy DESC"], max_results=2)
    assert [each.version for each in best] == [2, 3]


def test_models_are_searched_by_their_attributes_and_tags(fraud):
    fraud.create_registered_model("churn", tags={"team": "crm"}, description="who leaves")
    assert nbtrack.search_registered_models()["name"] == ["churn", "fraud"]
    for filter in ("tags.team = 'crm'", "name LIKE 'ch%'", "description IS NOT NULL"):
        assert nbtrack.search_registered_models(filter_string=filter)["name"] == ["churn"]
    with pytest.raises(InvalidFilter, match=r"Expected tags\. or attributes\."):
        nbtrack.search_registered_models(filter_string="metrics.acc > 1")
    with pytest.raises(InvalidFilter, match="did you mean user"):
        nbtrack.search_registered_models(filter_string="usr = 'ann'")


def test_a_renamed_model_keeps_its_versions_and_its_history(fraud):
    fraud.rename_registered_model("fraud", "risk")
    assert [each.name for each in fraud.search_model_versions()] == ["risk"] * 3
    assert set(fraud.history()["name"]) == {"risk"}
    with pytest.raises(ModelNotFound, match="No registered model 'fraud'"):
        fraud.get_registered_model("fraud")
    with pytest.raises(InvalidValue, match="already"):
        fraud.create_registered_model("risk")


def test_a_deleted_model_frees_its_name_and_its_history_stays(fraud, trained):
    fraud.transition_stage("fraud", 1, "Production")
    with pytest.raises(InvalidValue, match="is in Production or Staging; archive it first"):
        fraud.delete_registered_model("fraud")
    fraud.transition_stage("fraud", 1, "Archived")
    fraud.delete_registered_model("fraud", comment="no longer used")
    assert fraud.search_model_versions() == []
    assert nbtrack.register_model(trained(), "fraud").version == 1
    assert fraud.history("fraud")["version"].count(1) == 4
    assert "no longer used" in fraud.history()["comment"]


def test_a_version_is_copied_to_another_model(fraud):
    copy = fraud.copy_model_version("models:/fraud/2", "fraud-eu")
    assert (copy.version, copy.digest) == (1, fraud.get_model_version("fraud", 2).digest)


def test_what_a_version_is_made_of_is_not_purged(fraud):
    version = fraud.get_model_version("fraud", 1)
    with pytest.raises(InvalidValue, match=r"made of what you purge \(fraud 1\)"):
        nbtrack.purge(version.run_id)
    fraud.delete_model_version("fraud", 1)
    assert nbtrack.purge(version.run_id) == 1
    assert [each.version for each in fraud.search_model_versions()] == [3, 2]
    assert 1 in fraud.history("fraud")["version"]


def test_names_and_texts_of_others_are_shown_as_text(registry, trained):
    version = nbtrack.register_model(
        trained(), "<b>x", tags={"<i>": "<script>"}, description="<img src=x>"
    )
    shown = version._repr_html_() + registry.get_registered_model("<b>x")._repr_html_()
    assert "&lt;b&gt;x 1" in shown
    assert not any(tag in shown for tag in ("<i>", "<script", "<img", "<b>x"))
