"""Objects as files: each is read back by what people read such files with."""

import io
import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression

from nbtrack.capture.objects import as_file


def test_frames_are_parquet():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["r", "s"])
    written = as_file(frame)
    assert written.ending == "parquet"
    back = pq.read_table(io.BytesIO(written.data)).to_pandas()
    pd.testing.assert_frame_equal(back, frame)
    polars = pl.DataFrame({"a": [1.5]})
    assert pl.read_parquet(io.BytesIO(as_file(polars).data)).equals(polars)
    assert as_file(pd.Series([1.0], name="s")).ending == "parquet"


def test_an_array_is_npy_and_runs_no_code_when_read():
    array = np.arange(6.0).reshape(2, 3)
    written = as_file(array)
    back = np.load(io.BytesIO(written.data), allow_pickle=False)
    assert (back == array).all()
    assert as_file(np.array([object], dtype=object)).ending == "pkl"


def test_plain_values_are_json_and_texts_stay_texts():
    assert json.loads(as_file({"a": [1, 2.5]}).data) == {"a": [1, 2.5]}
    assert as_file("words").data == b"words"
    assert as_file({1: object}).ending == "pkl"


def test_a_figure_is_a_picture():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert as_file(figure).data.startswith(b"\x89PNG")
    plt.close(figure)


def test_a_file_is_kept_as_it_is(tmp_path):
    (tmp_path / "notes.md").write_text("# Notes")
    written = as_file(tmp_path / "notes.md")
    assert (written.ending, written.data) == ("md", b"# Notes")


def test_a_model_comes_back():
    model = LogisticRegression(C=0.5).fit([[0.0], [1.0]], [0, 1])
    written = as_file(model)
    if written.ending == "skops":
        import skops.io

        back = skops.io.loads(written.data)
    else:
        back = pickle.loads(written.data)
    assert back.C == 0.5
    assert (back.predict([[0.0], [1.0]]) == [0, 1]).all()


def test_what_cannot_be_written_says_why():
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        as_file(lambda: None)
