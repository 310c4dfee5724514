"""The folder: written whole or not at all, described as MLflow does, and never left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.errors import InvalidModel, InvalidValue, ModelNotTrusted
from nbtrack.models.bundle import Bundle, inside
from nbtrack.models.example import read_example
from nbtrack.models.loading import read_bundle


def test_the_layout_is_mlflows(saved: Path) -> None:
    assert {file.name for file in saved.iterdir()} == {
        "MLmodel",
        "conda.yaml",
        "input_example.json",
        "model.skops",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    }
    told = yaml.safe_load((saved / "MLmodel").read_text())
    assert told["flavors"]["python_function"]["loader_module"] == "mlflow.sklearn"
    assert told["flavors"]["sklearn"]["serialization_format"] == "skops"
    assert json.loads(told["signature"]["inputs"])[0] == {
        "type": "double",
        "name": "sepal length (cm)",
        "required": True,
    }
    env = yaml.safe_load((saved / "python_env.yaml").read_text())
    assert env["dependencies"] == ["-r requirements.txt"]
    conda = yaml.safe_load((saved / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": ["scikit-learn"]}
    request = json.loads((saved / "serving_input_example.json").read_text())
    assert request["dataframe_split"]["data"][0] == [5.1, 3.5, 1.4, 0.2]


def test_outputs_are_told_by_what_the_model_gave_for_its_example(saved: Path) -> None:
    signature = Bundle.read(saved).signature
    assert signature is not None
    assert str(signature.outputs) == "[array of int64, shape (any)]"


@pytest.mark.parametrize(
    "example",
    [
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pd.DataFrame({"a": [1.5]}, index=["row"]),
        np.array([[1, 2], [3, 4]], dtype="float32"),
        {"x": np.array([1.5]), "ids": np.array([[1, 2]])},
        {"text": "hello"},
        ["a", "b"],
    ],
    ids=["frame", "indexed", "array", "arrays", "dict", "list"],
)
@pytest.mark.parametrize("params", [None, {"k": 2}], ids=["alone", "with params"])
def test_an_example_is_read_back_as_it_was(
    tmp_path: Path, example: Any, params: dict[str, int] | None
) -> None:
    bundle = nbtrack.save_model(
        lambda data, params: 1,
        tmp_path / "m",
        input_example=example if params is None else (example, params),
        pip_requirements=[],
    )
    found = read_example(bundle)
    assert found is not None
    assert found[1] == params
    match example:
        case pd.DataFrame():
            pd.testing.assert_frame_equal(found[0], example)  # type: ignore[arg-type]
        case np.ndarray():
            np.testing.assert_array_equal(found[0], example)  # type: ignore[arg-type]
            assert found[0].dtype == example.dtype  # type: ignore[attr-defined]
        case {"x": _}:
            assert {n: a.tolist() for n, a in found[0].items()} == {  # type: ignore[attr-defined]
                n: a.tolist() for n, a in example.items()
            }
        case _:
            assert found[0] == example


def test_a_model_that_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    class Torn(LogisticRegression):
        def __getstate__(self) -> dict[str, Any]:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        nbtrack.save_model(Torn(), tmp_path / "models" / "torn")
    assert list((tmp_path / "models").iterdir()) == []


def test_what_is_there_is_not_overwritten(saved: Path, classifier: LogisticRegression) -> None:
    before = (saved / "MLmodel").read_text()
    with pytest.raises(InvalidValue, match="is there already"):
        nbtrack.save_model(classifier, saved)
    assert (saved / "MLmodel").read_text() == before


def test_an_option_of_another_flavor_is_refused(
    tmp_path: Path, classifier: LogisticRegression
) -> None:
    with pytest.raises(InvalidValue, match=r"flavor sklearn has no option 'artifacts' \(it has: "):
        nbtrack.save_model(classifier, tmp_path / "m", artifacts={})


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/etc/passwd",
        "a/../../secret",
        "..",
        "C:/x",
        "a\\..\\b",
        "",
        "\0",
        None,
        3,
        "link",
    ],
)
def test_a_path_that_leads_out_of_the_bundle_is_refused(tmp_path: Path, path: object) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidModel, match=r"none inside|leads out"):
        inside(tmp_path / "m", path)


def test_a_link_deep_in_a_folder_of_the_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    deep = tmp_path / "m" / "data" / "deep"
    deep.mkdir(parents=True)
    (deep / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidModel, match=r"'data/deep/link' is a link that leads out"):
        inside(tmp_path / "m", "data")


@given(path=st.text(alphabet="ab./\\:", max_size=12))
def test_no_path_at_all_leads_out(path: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.getbasetemp() / "a" / "b"
    root.mkdir(parents=True, exist_ok=True)
    try:
        found = inside(root, path)
    except InvalidModel:
        return
    assert found.resolve().is_relative_to(root.resolve())


def test_a_hostile_description_makes_nothing(saved: Path) -> None:
    text = (saved / "MLmodel").read_text()
    (saved / "MLmodel").write_text(
        text.replace("pickled_model: model.skops", "pickled_model: ../x")
    )
    with pytest.raises(InvalidModel, match="none inside of its folder"):
        nbtrack.load_model(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not YAML"),
        ("a: !!python/object/apply:os.system ['true']", "is not YAML that can be read"),
        ("[]", "names no flavors"),
        ("flavors: {sklearn: 3}", "names no flavors"),
        ("flavors: {sklearn: {}}", "lacks 'pickled_model'"),
        ("flavors: {spark: {}}", "is of spark, which no flavor here reads"),
        ("flavors: {}\nsignature: 3", "signature that does not read"),
    ],
)
def test_a_damaged_description_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(InvalidModel, match=message):
        nbtrack.load_model(tmp_path)


def test_a_folder_without_a_description_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="it has no file MLmodel"):
        nbtrack.load_model(tmp_path)
    with pytest.raises(InvalidValue, match=r"s3://bucket/m' names no model that is known here"):
        nbtrack.load_model("s3://bucket/m")


def test_a_pickle_is_not_opened_without_the_users_word(
    tmp_path: Path, classifier: LogisticRegression
) -> None:
    nbtrack.save_model(
        classifier, tmp_path / "m", serialization_format="pickle", pip_requirements=[]
    )
    # A pickle that tells if it was opened.
    (tmp_path / "m" / "model.pkl").write_bytes(b"cbuiltins\nexit\n(tR.")
    with pytest.raises(ModelNotTrusted, match=r"model.pkl holds a pickle.*trusted=True"):
        nbtrack.load_model(tmp_path / "m")
    with pytest.raises(ModelNotTrusted):
        nbtrack.load_model(tmp_path / "m", trusted=["sklearn.linear_model.LogisticRegression"])
    with pytest.raises(SystemExit):
        nbtrack.load_model(tmp_path / "m", trusted=True)


def test_types_that_a_bundle_itself_calls_trusted_are_not(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    bundle = nbtrack.save_model(
        FunctionTransformer(np.cumsum),
        tmp_path / "m",
        pyfunc_predict_fn="transform",
        pip_requirements=[],
    )
    listed = bundle.flavors["sklearn"]["skops_trusted_types"]
    assert listed == ["numpy.cumsum"]
    with pytest.raises(ModelNotTrusted, match=r"does not vouch for: numpy.cumsum"):
        nbtrack.load_model(tmp_path / "m")
    for trusted in (listed, True):
        model = nbtrack.load_model(tmp_path / "m", trusted=trusted)
        assert model.transform([1, 2]).tolist() == [1, 3]


def test_a_run_keeps_a_model_and_gives_it_back(
    place: Path, classifier: LogisticRegression, iris: pd.DataFrame
) -> None:
    with nbtrack.run("fit") as run:
        info = nbtrack.log_model(
            classifier, "forest", input_example=iris.head(2), pip_requirements=["scikit-learn"]
        )
    assert info.model_uri == f"runs:/{run.id}/forest"
    assert repr(info).startswith(f"<Model forest (sklearn) {info.model_uri}>\ninputs:\n  sepal")
    for uri in (info.model_uri, "runs:/fit/forest"):
        function = nbtrack.pyfunc.load_model(uri)
        assert function.predict(iris).tolist() == classifier.predict(iris).tolist()
    assert read_bundle(info.model_uri).run_id == run.id
    with pytest.raises(InvalidModel, match=r"no model under 'tree' \(its folders: forest\)"):
        nbtrack.load_model("runs:/fit/tree")


def test_a_model_is_brought_to_a_folder_of_the_users(
    place: Path, tmp_path: Path, classifier: LogisticRegression
) -> None:
    with nbtrack.run("fit"):
        info = nbtrack.log_model(classifier, "a/b", pip_requirements=[])
    nbtrack.load_model(info.model_uri, tmp_path / "here")
    assert (tmp_path / "here" / "b" / "MLmodel").is_file()


def test_modules_that_a_model_imports_travel_with_it(tmp_path: Path, fresh: Any) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "my_words.py").write_text(
        "def count(texts): return [len(t) for t in texts]"
    )
    fresh.run(
        """
        sys.path.insert(0, folder + "/src")
        import my_words, nbtrack
        nbtrack.save_model(my_words.count, folder + "/m", code_paths=[folder + "/src/my_words.py"],
                           pip_requirements=[])
        answer = None
        """,
        folder=tmp_path,
    )
    (tmp_path / "src" / "my_words.py").unlink()
    with pytest.raises(ModelNotTrusted, match="code holds Python modules"):
        nbtrack.load_model(tmp_path / "m")
    found = fresh.run(
        """
        import nbtrack
        answer = nbtrack.load_model(folder + "/m", trusted=True).predict(["a", "bcd"])
        """,
        folder=tmp_path,
    )
    assert found == [1, 3]
