"""Files that a cell's text says it reads."""

import ast

import pytest

from nbtrack.capture.paths import read_paths

NAMES = {"path": "train.csv", "n": 3}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df = pd.read_csv('a.csv')", ["a.csv"]),
        ("df = pd.read_csv(path)", ["train.csv"]),
        ("df = pl.scan_parquet('s3://bucket/x.parquet')", ["s3://bucket/x.parquet"]),
        ("with open('a.txt') as f: pass", ["a.txt"]),
        ("with open('a.txt', 'w') as f: pass", []),
        ("with open('a.txt', mode='ab') as f: pass", []),
        ("with open('a.txt', 'rb') as f: pass", ["a.txt"]),
        ("x = np.load('a.npy'); y = np.load('b.npy'); z = np.load('a.npy')", ["a.npy", "b.npy"]),
        ("df = pd.read_excel(io='a.xlsx')", ["a.xlsx"]),
        ("text = Path('notes.md').read_text()", ["notes.md"]),
        ("df.to_csv('out.csv')", []),
        ("pd.read_csv(n)", []),
        ("pd.read_csv()", []),
        ("f()()", []),
        ("print('a.csv')", []),
    ],
)
def test_what_is_read_is_found(code, expected):
    assert read_paths(ast.parse(code), NAMES) == expected
