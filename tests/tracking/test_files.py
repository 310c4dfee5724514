"""Files of a run: kept, listed, fetched and read back; hostile names; other places."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import ArtifactMissing, ArtifactsUnavailable, InvalidValue


@pytest.fixture
def stored(place):
    """What a function logs to a fresh run, read back."""

    def log_and_read(log):
        with nbtrack.run() as run:
            log(run)
        return nbtrack.get_run(run.id)

    return log_and_read


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "out"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("a")
    (root / "empty").write_bytes(b"")
    (root / "deep" / "er" / "ünï 漢字 %s.txt").write_text("ü")
    (root / "deep" / "link.txt").symlink_to(root / "a.txt")
    (root / "nothing").mkdir()
    return root


def test_a_folder_comes_back_as_it_was(stored, tree, tmp_path):
    run = stored(lambda run: run.log_artifacts(tree, "made"))
    assert run.artifacts == {
        "made/a.txt": 1,
        "made/deep/er/ünï 漢字 %s.txt": 2,
        "made/deep/link.txt": 1,
        "made/empty": 0,
    }
    there = run.download_artifacts("made", tmp_path / "back")
    assert there == str(tmp_path / "back" / "made")
    for name in run.artifacts:
        assert (tmp_path / "back" / name).read_bytes() == (
            tree / name.removeprefix("made/")
        ).read_bytes()


def test_files_go_where_mlflow_puts_them(stored, tree, tmp_path):
    def log(run):
        run.log_artifact(tree / "a.txt")
        run.log_artifact(str(tree / "a.txt"), "x/y")
        run.log_artifact(tree, "under")

    run = stored(log)
    assert {"a.txt", "x/y/a.txt", "under/out/a.txt"} <= run.artifacts.keys()
    assert run.download_artifacts("x/y/a.txt", tmp_path / "1") == str(tmp_path / "1" / "a.txt")
    everything = run.download_artifacts(dst_path=tmp_path / "2")
    assert everything == str(tmp_path / "2")
    assert (tmp_path / "2" / "under" / "out" / "a.txt").read_text() == "a"
    assert Path(run.download_artifacts("a.txt")).read_text() == "a"


def test_listing_shows_one_folder_at_a_time(stored, tree):
    run = stored(lambda run: run.log_artifacts(tree))
    assert [(f.path, f.is_dir, f.file_size) for f in run.list_artifacts()] == [
        ("a.txt", False, 1),
        ("deep", True, None),
        ("empty", False, 0),
    ]
    assert [f.path for f in run.list_artifacts("deep/")] == ["deep/er", "deep/link.txt"]
    assert [f.path for f in run.list_artifacts("a.txt")] == ["a.txt"]
    assert run.list_artifacts("none") == []


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a//b", "./a", "..\\x", "C:/x", "", "a\nb", "a\ud800"]
)
def test_no_path_leads_out_of_a_run(stored, path):
    def log(run):
        with pytest.raises(InvalidValue, match="path of an artifact"):
            run.log_text("x", path)

    assert stored(log).artifacts == {}


def test_a_path_that_somebody_else_wrote_into_the_journal_is_not_followed(place, tmp_path):
    from nbtrack.events import ArtifactKept

    with nbtrack.run() as run:
        run.log_text("x", "a.txt")
        writer = run.store.writer()
        digest = __import__("hashlib").blake2b(b"x", digest_size=32).hexdigest()
        writer.append(ArtifactKept(writer.now_us(), run.id, "../../evil.txt", digest, 1))
    with pytest.raises(InvalidValue, match="relative to its run"):
        nbtrack.get_run(run.id).download_artifacts(dst_path=tmp_path / "a" / "b")
    assert not list(tmp_path.rglob("evil.txt"))


def test_what_is_no_file_is_named(stored, tmp_path):
    (tmp_path / "special").mkdir()
    os.mkfifo(tmp_path / "special" / "pipe")
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle" / "again").symlink_to(tmp_path / "circle")

    def log(run):
        with pytest.raises(InvalidValue, match="pipe is neither a file"):
            run.log_artifacts(tmp_path / "special")
        with pytest.raises(InvalidValue, match="link to a folder above it"):
            run.log_artifacts(tmp_path / "circle")
        with pytest.raises(FileNotFoundError):
            run.log_artifact(tmp_path / "none.txt")
        with pytest.raises(InvalidValue, match="takes a folder"):
            run.log_artifacts(tmp_path / "none")

    assert stored(log).artifacts == {}


def test_a_later_file_replaces_the_one_before(stored):
    def log(run):
        run.log_text("first", "a.txt")
        run.log_text("second", "a.txt")

    run = stored(log)
    assert run.load_text("a.txt") == "second"
    with pytest.raises(ArtifactMissing, match=r"keeps no file 'b.txt' \(it has: a.txt\)"):
        run.load_text("b.txt")


def test_dicts_come_back_from_json_and_yaml(stored):
    said = {"lr": 0.1, "layers": [1, 2], "name": "ü"}

    def log(run):
        run.log_dict(said, "a.json")
        run.log_dict(said, "a.yaml")

    run = stored(log)
    assert run.load_dict("a.json") == said == run.load_dict("a.yaml")
    assert "ü" in run.load_text("a.yaml")


@pytest.mark.parametrize("name", ["t.json", "t.parquet"])
def test_a_table_grows_with_every_call(stored, name):
    def log(run):
        run.log_table({"a": [1, 2], "b": ["x", None]}, name)
        run.log_table(pd.DataFrame({"a": [3], "c": [1.5]}), name)
        run.log_table({"a": 4, "b": "y"}, name)

    frame = stored(log).load_table(name).df()
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist() == [1, 2, 3, 4]
    assert frame["b"].tolist()[::3] == ["x", "y"]
    assert frame["c"].isna().tolist() == [True, True, False, True]


def test_a_json_table_is_as_mlflow_writes_it(stored):
    run = stored(lambda run: run.log_table({"a": [1, 2], "b": [float("nan"), 0.5]}, "t.json"))
    assert json.loads(run.load_text("t.json")) == {
        "columns": ["a", "b"],
        "data": [[1, None], [2, 0.5]],
    }


def test_a_column_of_two_kinds_becomes_text(stored):
    def log(run):
        run.log_table({"a": [1]}, "t.json")
        run.log_table({"a": ["x"]}, "t.json")

    assert stored(log).load_table("t.json")["a"] == ["1", "x"]


def test_tables_of_many_runs_stand_below_each_other(place):
    for n in range(3):
        with nbtrack.run(f"run-{n}", experiment="e") as run:
            run.log_table({"n": [n]}, "t.json")
    with nbtrack.run("without", experiment="e"):
        pass
    frame = nbtrack.load_table("t.json", extra_columns=["run_name"])
    assert sorted(zip(frame["n"], frame["run_name"], strict=True)) == [
        (0, "run-0"), (1, "run-1"), (2, "run-2"),
    ]  # fmt: skip
    assert nbtrack.load_table("t.json", run_ids=["run-1"])["n"].tolist() == [1]
    with pytest.raises(InvalidValue, match="keeps a table"):
        nbtrack.load_table("none.json")


def test_what_is_no_table_is_refused(stored):
    def log(run):
        for wrong in ({"a": [1, 2], "b": [1]}, {"a": [1], "b": 2}, 5, "text"):
            with pytest.raises(InvalidValue, match="table"):
                run.log_table(wrong, "t.json")
        with pytest.raises(InvalidValue, match=r"\.json or \.parquet"):
            run.log_table({"a": [1]}, "t.csv")

    assert stored(log).artifacts == {}


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (np.zeros((4, 5), np.uint8), "L"),
        (np.ones((4, 5, 1)), "L"),
        (np.full((4, 5, 3), 255, np.int64), "RGB"),
        (np.ones((4, 5, 4), np.float32), "RGBA"),
        (np.ones((4, 5), bool), "L"),
    ],
)
def test_arrays_become_images(stored, array, mode):
    image = stored(lambda run: run.log_image(array, "i.png")).load_image("i.png")
    assert (image.size, image.mode) == ((5, 4), mode)
    assert np.asarray(image).flat[0] == (0 if not array.any() else 255)


def test_images_of_a_series_are_named_as_mlflow_names_them(stored):
    run = stored(lambda run: run.log_image(np.zeros((2, 2)), key="a/b", step=3, timestamp=17))
    [path] = run.artifacts
    assert path.startswith("images/a~b+step+3+timestamp+17+")
    assert path.endswith(".png")


def test_what_is_no_image_is_refused(stored):
    def log(run):
        for wrong in (np.zeros(5), np.zeros((2, 2, 2)), np.full((2, 2), 300), np.full((2, 2), 1.5)):
            with pytest.raises(InvalidValue, match="image"):
                run.log_image(wrong, "i.png")
        with pytest.raises(InvalidValue, match="either artifact_file or key"):
            run.log_image(np.zeros((2, 2)))

    assert stored(log).artifacts == {}


def test_figures_are_kept_in_the_format_of_their_name(stored):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])

    def log(run):
        run.log_figure(figure, "f.png", save_kwargs={"dpi": 30})
        run.log_figure(figure, "f.svg")
        run.log_image(figure, "g.png")
        with pytest.raises(InvalidValue, match="log_figure takes a figure"):
            run.log_figure(5, "f.png")

    run = stored(log)
    assert run.load_image("f.png").width < run.load_image("g.png").width
    assert "<svg" in run.load_text("f.svg")


def test_samples_become_a_sound(stored):
    import io
    import wave

    wave_of = np.sin(np.linspace(0, 100, 8000))
    run = stored(lambda run: run.log_audio(wave_of, "s.wav", sample_rate=8000))
    with wave.open(io.BytesIO(run.artifact("s.wav"))) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 8000, 1)
    with nbtrack.run() as other, pytest.raises(InvalidValue, match="between -1 and 1"):
        other.log_audio(wave_of * 2, "s.wav", 8000)


def test_pages_are_kept_also_of_what_shows_itself(stored):
    def log(run):
        run.log_html("<b>x</b>", "a.html")
        run.log_html(pd.DataFrame({"a": [1]}), "b.html")

    run = stored(log)
    assert run.load_text("a.html") == "<b>x</b>"
    assert "<table" in run.load_text("b.html")
    files = nbtrack.sql("SELECT path, media_type FROM artifacts ORDER BY path")
    assert files["media_type"] == ["text/html", "text/html"]


def test_functions_reach_the_active_run_and_any_other(place, tree, tmp_path):
    with nbtrack.run("old") as old:
        nbtrack.log_text("x", "a.txt")
        nbtrack.log_image(np.zeros((2, 2)), "i.png")
    nbtrack.log_artifacts(tree, "late", run_id="old")
    nbtrack.log_dict({"a": 1}, "d.json", run_id=old.id)
    assert nbtrack.load_text("runs:/old/a.txt") == "x"
    assert nbtrack.load_dict(f"runs:/{old.id}/d.json") == {"a": 1}
    assert nbtrack.load_image("runs:/old/i.png").size == (2, 2)
    assert [f.path for f in nbtrack.list_artifacts("runs:/old/late/deep")] == [
        "late/deep/er",
        "late/deep/link.txt",
    ]
    there = nbtrack.download_artifacts(run_id="old", artifact_path="late", dst_path=tmp_path / "d")
    assert sorted(os.listdir(there)) == ["a.txt", "deep", "empty"]
    with pytest.raises(InvalidValue, match="runs:/<run>/<path>"):
        nbtrack.load_text("s3://x/y")


def test_a_quiet_rank_keeps_nothing(place, tree, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with nbtrack.run() as run:
        run.log_artifacts(tree)
        run.log_text("x", "a.txt")
        run.log_table({"a": [1]}, "t.json")
        assert run.list_artifacts() == []
    assert not place.exists()


def test_moved_files_are_kept_without_a_copy(stored, tree, tmp_path):
    inode = (tree / "a.txt").stat().st_ino
    run = stored(lambda run: run.log_artifacts(tree, move=True))
    assert run.load_text("a.txt") == "a"
    assert not (tree / "a.txt").exists()
    assert inode in {f.stat().st_ino for f in (tmp_path / ".nbtrack").rglob("*")}


# Places


def test_another_process_finds_the_place_that_this_one_chose(place, script, tmp_path):
    nbtrack.set_store(place, artifacts=tmp_path / "elsewhere")
    with nbtrack.run("here") as run:
        run.log_text("x", "a.txt")
    done = script(
        """
        import nbtrack
        assert nbtrack.load_text("runs:/here/a.txt") == "x"
        with nbtrack.run("there") as run:
            run.log_text("y", "b.txt")
        """
    )
    assert done.returncode == 0, done.stderr
    assert nbtrack.load_text("runs:/there/b.txt") == "y"
    assert not (place / "artifacts").exists()
    assert len([f for f in (tmp_path / "elsewhere").glob("??/*") if f.is_file()]) == 2


def test_a_store_that_moves_to_another_place_finds_what_it_kept_before(
    place, tmp_path, monkeypatch
):
    with nbtrack.run("old") as run:
        run.log_text("x", "a.txt")
    nbtrack.set_store(place, artifacts="memory://moved/files")
    with nbtrack.run("new") as run:
        run.log_text("y", "b.txt")
    assert nbtrack.load_text("runs:/old/a.txt") == "x"
    assert nbtrack.load_text("runs:/new/b.txt") == "y"
    assert json.loads((place / "artifacts.json").read_text())["places"] == [
        "memory://moved/files",
        "artifacts",
    ]


def test_the_environment_names_a_place(place, script, tmp_path):
    source = """
        import nbtrack
        with nbtrack.run("r") as run:
            run.log_text("x", "a.txt")
        """
    done = script(source, env={"NBTRACK_ARTIFACTS": str(tmp_path / "big disk")})
    assert done.returncode == 0, done.stderr
    assert nbtrack.load_text("runs:/r/a.txt") == "x"
    assert (tmp_path / "big disk").is_dir()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://key:secret@bucket/x", "must hold no password"),
        ("https://host/x?sig=secret", "must hold no password"),
        ("s3://", "names no bucket"),
    ],
)
def test_an_address_with_a_secret_or_without_a_bucket_is_refused(place, address, said):
    with pytest.raises(InvalidValue, match=said) as refused:
        nbtrack.set_store(place, artifacts=address)
    assert "secret" not in str(refused.value)


def test_a_scheme_that_nobody_knows_is_named(place):
    nbtrack.set_store(place, artifacts="nowhere://x/y")
    with nbtrack.run() as run, pytest.raises(ArtifactsUnavailable, match="nowhere://"):
        run.log_text("x", "a.txt")
