"""Tables in files, a page at a time, as the store reads them."""

from __future__ import annotations

import pyarrow
import pyarrow.parquet
import pytest

from nbtrack.errors import InvalidValue
from nbtrack.store import is_table_name, table_files, table_page

ROWS = pyarrow.table({"n": [3, 1, None, 10], "text": ["a", "b", "c", None]})


@pytest.mark.parametrize("folder", ["plain", "it's [a] *?{b}", "ünï"])
def test_a_file_is_read_wherever_it_lies(tmp_path, folder):
    path = tmp_path / folder / "of no ending"
    path.parent.mkdir()
    pyarrow.parquet.write_table(ROWS, path)
    page = table_page(path, "t.PARQUET", order_by=0, descending=True, limit=3)
    assert (page.names, page.types, page.total) == (("n", "text"), ("BIGINT", "VARCHAR"), 4)
    assert page.rows.to_pydict() == {"c0": ["10", "3", "1"], "c1": [None, "a", "b"]}
    assert table_page(path, "t.parquet", offset=3).rows.num_rows == 1
    assert table_page(path, "t.parquet", offset=9).rows.num_rows == 0


def test_a_table_in_memory_is_paged_too():
    page = table_page(ROWS, offset=1, limit=1)
    assert (page.rows.to_pydict(), page.total) == ({"c0": ["1"], "c1": ["b"]}, 4)


def test_a_large_parquet_is_counted_and_not_ordered(tmp_path, monkeypatch):
    monkeypatch.setattr(table_files, "MAX_ORDERED_BYTES", 10)
    pyarrow.parquet.write_table(ROWS, tmp_path / "t")
    page = table_page(tmp_path / "t", "t.parquet", order_by=0)
    assert (page.total, page.can_order) == (4, False)
    assert page.rows["c0"].to_pylist() == ["3", "1", None, "10"]


def test_what_is_no_table_is_refused_by_its_name(tmp_path):
    (tmp_path / "t").write_bytes(b"no table")
    with pytest.raises(InvalidValue, match=r"^deep/t\.parquet cannot be read as a table"):
        table_page(tmp_path / "t", "deep/t.parquet")
    with pytest.raises(InvalidValue, match=r"t\.txt is neither csv nor Parquet"):
        table_page(tmp_path / "t", "t.txt")
    assert [is_table_name(name) for name in ("a.csv.gz", "A.TSV", "csv", "a.json")] == [
        True,
        True,
        False,
        False,
    ]
