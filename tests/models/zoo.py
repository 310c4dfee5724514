"""One small model of each library, with data that it takes and data that it does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from typing import Any

import numpy as np
import pandas as pd

os.environ.setdefault("KERAS_BACKEND", "torch")

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(RNG.normal(size=(40, 3)), columns=["a", "b", "c"])
LABELS = (TABLE["a"] + TABLE["b"] > 0).astype(int)
ARRAY = TABLE.to_numpy(dtype="float32")


@dataclass(frozen=True, eq=False)
class Specimen:
    """A model by the name of its flavor. ``wrong`` is refused with a text like ``complaint``."""

    name: str
    make: Callable[[], Any]
    data: Any
    wrong: Any
    complaint: str
    #: The library and the package that brings it.
    library: str
    package: str
    flavor: str = ""
    needs_trust: bool = False
    options: Any = None
    #: Entries of MLmodel that are paths.
    paths: tuple[str, ...] = ("data",)

    def __str__(self) -> str:
        return self.name


def table(name: str, make: Callable[[], Any], package: str, **more: Any) -> Specimen:
    return Specimen(
        name,
        make,
        TABLE,
        TABLE.drop(columns="b"),
        r"lacks columns that the model takes: b: double \(got: a, c\)",
        package=package,
        **{"library": name, **more},
    )


def _sklearn() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, LABELS)


def _function() -> Any:
    def total(data: Any) -> Any:
        return data.sum(axis=1)

    return total


def _xgboost() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(TABLE, LABELS)


def _booster() -> Any:
    import xgboost

    data = xgboost.DMatrix(TABLE, label=LABELS)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 2}, data, 5)


def _lightgbm() -> Any:
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=3, verbose=-1)
    return model.fit(TABLE, LABELS)


def _lightgbm_booster() -> Any:
    return _lightgbm().booster_


def _catboost() -> Any:
    import catboost

    model = catboost.CatBoostClassifier(
        iterations=5, depth=2, verbose=False, allow_writing_files=False
    )
    return model.fit(TABLE, LABELS)


def _statsmodels() -> Any:
    import statsmodels.api as sm

    return sm.OLS(LABELS, TABLE).fit()


def _onnx() -> Any:
    from onnx import TensorProto, checker, helper, numpy_helper

    weights = numpy_helper.from_array(np.array([[1.0], [2.0], [3.0]], dtype="float32"), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "line",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    return model


def _pytorch() -> Any:
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))


def _keras() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)]
    )


def _transformers() -> Any:
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "[PAD]": 1, "good": 2, "bad": 3, "day": 4}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]"
    )
    torch.manual_seed(0)
    config = transformers.DistilBertConfig(
        vocab_size=5, dim=8, hidden_dim=16, n_heads=2, n_layers=1, pad_token_id=1
    )
    model = transformers.DistilBertForSequenceClassification(config)
    return transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)


ARRAYS: Any = {
    "data": ARRAY,
    "wrong": ARRAY[:, :2],
    "complaint": r"expected the shape \(any, 3\), got \(40, 2\)",
}

ALL = [
    table("sklearn", _sklearn, "scikit-learn", paths=("pickled_model",)),
    table(
        "python_function",
        _function,
        "cloudpickle",
        library="cloudpickle",
        needs_trust=True,
        paths=("python_model",),
    ),
    table("xgboost", _xgboost, "xgboost-cpu"),
    table("xgboost-booster", _booster, "xgboost-cpu", flavor="xgboost", library="xgboost"),
    table("lightgbm", _lightgbm, "lightgbm"),
    table("lightgbm-booster", _lightgbm_booster, "lightgbm", flavor="lightgbm", library="lightgbm"),
    table("catboost", _catboost, "catboost"),
    table("statsmodels", _statsmodels, "statsmodels", needs_trust=True),
    Specimen("onnx", _onnx, **ARRAYS, library="onnx", package="onnxruntime"),
    Specimen(
        "pytorch",
        _pytorch,
        **ARRAYS,
        library="torch",
        package="torch",
        needs_trust=True,
        paths=("model_data",),
    ),
    Specimen(
        "pytorch-pickle",
        _pytorch,
        **ARRAYS,
        library="torch",
        package="torch",
        flavor="pytorch",
        needs_trust=True,
        options={"serialization_format": "pickle"},
        paths=("model_data",),
    ),
    Specimen("keras", _keras, **ARRAYS, library="keras", package="keras"),
    Specimen(
        "transformers",
        _transformers,
        ["good day", "bad"],
        [1, 2],
        r"column 0: expected string, got int64",
        library="transformers",
        package="transformers",
        paths=("model_binary",),
    ),
]


# Builds of torch for the CPU are not to be had everywhere; three flavors need one.
WITHOUT_TORCH = {s.name for s in ALL} - {"pytorch", "pytorch-pickle", "keras", "transformers"}
HAS_TORCH = util.find_spec("torch") is not None
#: Those that can be tried here.
ZOO = [s for s in ALL if HAS_TORCH or s.name in WITHOUT_TORCH]


def plain(given: Any) -> Any:
    """Predictions as JSON has them, rounded to what 32 bits tell."""
    if hasattr(given, "to_numpy"):
        given = given.to_numpy()
    if hasattr(given, "tolist"):
        given = given.tolist()
    match given:
        case dict():
            return {str(key): plain(each) for key, each in given.items()}
        case list() | tuple():
            return [plain(each) for each in given]
        case float():
            return round(given, 4)
    return given
