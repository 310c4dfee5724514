from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from nbtrack.magics.transform import comment_out, read_head


def lines(cell: str) -> list[str]:
    return cell.splitlines(keepends=True)


def transformed(cell: str) -> str:
    manager = TransformerManager()
    manager.cleanup_transforms.append(comment_out)
    return manager.transform_cell(cell)


def test_the_magic_becomes_a_comment_and_the_lines_keep_their_numbers():
    assert transformed("%%track forest lr=1\nx = 1\ny = !ls\n") == (
        "# %%track forest lr=1\nx = 1\ny = get_ipython().getoutput('ls')\n"
    )


def test_a_cell_without_the_magic_is_left_as_it_is():
    cell = "# a comment\nx = 1  # %track is mentioned\n"
    assert comment_out(lines(cell)) == lines(cell)


@pytest.mark.parametrize("magic", ["time", "capture out"])
def test_a_magic_on_the_next_line_is_called_with_the_rest(magic: str):
    name, _, rest = magic.partition(" ")
    assert transformed(f"%%track a\n%%{magic}\nx = 1\n") == (
        f"# %%track a\nget_ipython().run_cell_magic({name!r}, {rest!r}, 'x = 1\\n')\n"
    )


def test_the_magic_may_stand_below_another_one():
    assert transformed("%%time\n%%track a\nx = 1\n") == (
        "get_ipython().run_cell_magic('time', '', '# %%track a\\nx = 1\\n')\n"
    )


def test_help_is_not_a_tracked_cell():
    assert "pinfo" in transformed("%%track?\n")


def test_indented_cells_are_read_too():
    assert transformed("    %%track\n    x = 1\n") == "# %%track\nx = 1\n"


@pytest.mark.parametrize(
    ("cell", "track"),
    [
        ("%%track\nx = 1\n", ""),
        ("%%track  forest  lr=1 \nx\n", "forest  lr=1"),
        ("# %track forest\nx = 1\n", "forest"),
        ("#%track\nx = 1\n", ""),
        ("\n# %% Training\n# %track a\nx = 1\n", "a"),
        ("# a comment\n\n%%track a\nx = 1\n", "a"),
        ("%%time\n# %track a\nx = 1\n", "a"),
        ("x = 1\n%%track a\n", None),
        ("x = 1\n# %track a\n", None),
        ("# %%track a\nx = 1\n", None),
        ("# %track a\n# nothing else\n", None),
        ("# %track off\nx = 1\n", None),
        ("# %tracking a\nx = 1\n", None),
        ("%%tracker\nx = 1\n", None),
        ("%%writefile a.py\n# %track a\nx = 1\n", None),
        ("%%bash\n%%track a\n", None),
        ("", None),
    ],
)
def test_where_the_line_is_found(cell: str, track: str | None):
    assert read_head(lines(cell)).track == track


def test_the_head_names_the_other_magics_and_the_body():
    head = read_head(lines("%%track a\n%%time\nx = 1\n"))
    assert head.magics == ("time",)
    assert head.body == "x = 1\n"
    assert head.runs_python


def test_the_body_of_a_shell_magic_is_not_python():
    head = read_head(lines("%%track a\n%%bash\necho hi\n"))
    assert head.magics == ("bash",)
    assert not head.runs_python


def test_two_lines_are_reported():
    head = read_head(lines("%%track a\n%%track b\nx = 1\n"))
    assert (head.track_line, head.second_track_line) == (0, 1)


@given(
    st.lists(
        st.sampled_from(
            ["%%track a\n", "# %track b\n", "\n", "# c\n", "x = 1\n", "    y = 2\n", "%%time\n"]
        ),
        max_size=8,
    )
)
def test_transforming_twice_is_transforming_once(cell: list[str]):
    once = comment_out(cell)
    assert comment_out(once) == once or read_head(once).track is not None


@given(st.text(max_size=80))
def test_any_text_is_transformed_without_an_error(text: str):
    comment_out(lines("%%track " + text))
    comment_out(lines(text))


def test_a_terminal_waits_for_a_blank_line():
    manager = TransformerManager()
    manager.cleanup_transforms.append(comment_out)
    assert manager.check_complete("%%track a\n")[0] == "incomplete"
    assert manager.check_complete("%%track a\nx = 1\n\n")[0] == "complete"
