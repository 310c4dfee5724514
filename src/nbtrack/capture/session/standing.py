"""What a cell leaves standing outside of names: files, and settings of libraries and the process.

Each counts as a name that no cell can have, ``<…>``, so that a slice follows it as it
follows any other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbtrack.capture.session.nodes import dotted_name, names_read, root_name

ANY_FILE = "*"

_READS_FILE = re.compile(
    r"(read|scan)_\w+|load|loadtxt|load_npz|genfromtxt|fromfile|memmap|imread|loadmat|open"
    r"|listdir|i?glob|rglob|iterdir|scandir|walk|load_model|exists|is_file|is_dir|getsize"
)
_WRITES_FILE = re.compile(
    r"(to|write)_(csv|parquet|json|pickle|excel|feather|hdf|text|bytes|html|markdown|ipc|delta)"
    r"|save|savez|savez_compressed|savetxt|dump|imwrite|imsave|savefig|save_model|tofile|symlink"
)
_MOVES_FILE = re.compile(
    r"remove|unlink|rename|replace|move|copyfile|copy2|copytree|rmtree|touch|extractall"
    r"|urlretrieve|download|unpack_archive|truncate"
)
_FILE_MODULES = frozenset(("os", "shutil", "Path", "pathlib", "zipfile", "tarfile"))
_SETS = re.compile(
    r"(set|use|enable|disable|register|configure|config|reset)(_\w+)?|seterr|set[A-Z]\w*"
    r"|filterwarnings|simplefilter|addLevelName|basicConfig|chdir|putenv|unsetenv"
)
_FILLS = frozenset("append insert extend update setdefault pop remove clear".split())
_PROCESS = ("os.environ", "environ", "os.chdir", "os.putenv", "os.unsetenv", "sys.path")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the library that ``root`` names, or of the process if that is empty.

    ``anew`` is whether making it once more leaves it as it is.
    """

    root: str
    state: str
    anew: bool


@dataclass(slots=True)
class Disk:
    """Files that are read, and that are written: literal paths, or `ANY_FILE`."""

    reads: set[str]
    writes: set[str]
    adds: set[str]


def disk_use(node: ast.Call) -> Disk:
    """What a call reads and writes, as far as its name says so."""
    use = Disk(set(), set(), set())
    dotted = dotted_name(node.func)
    last = dotted.rpartition(".")[2] or getattr(node.func, "attr", "")
    paths = _paths(node) or {ANY_FILE}
    if last == "open":
        mode = _mode(node)
        if mode[:1] in ("w", "x"):
            use.writes |= paths
        elif set(mode) & {"a", "+"}:
            use.adds |= paths
        else:
            use.reads |= paths
    elif _WRITES_FILE.fullmatch(last):
        if paths == {ANY_FILE}:
            use.adds |= paths
        else:
            use.writes |= paths
    elif _MOVES_FILE.fullmatch(last) and (root_name(node.func) in _FILE_MODULES or _paths(node)):
        use.adds.add(ANY_FILE)
    elif _READS_FILE.fullmatch(last):
        use.reads |= paths
    return use


def same_file(one: str, other: str) -> bool:
    """Whether the paths may mean one file, or one lies in the folder of the other."""
    if ANY_FILE in (one, other):
        return True
    one, other = one.removeprefix("./"), other.removeprefix("./")
    if "." in (one, other):
        return True
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def setting_by_call(node: ast.Call) -> Setting | None:
    """The setting that a call such as ``np.seterr(…)`` or ``sys.path.append(…)`` makes."""
    dotted = dotted_name(node.func)
    root, _, _ = dotted.partition(".")
    owner, _, last = dotted.rpartition(".")
    if dotted == "setattr" and len(node.args) == 3:
        root = root_name(node.args[0]) or ""
        return Setting(root, f"<{ast.unparse(node)[:120]}>", root not in names_read(node.args[2]))
    if not owner or not root:
        return None
    if not _SETS.fullmatch(last) and not (last in _FILLS and "." in owner):
        return None
    said = ast.unparse(node)
    relative = last == "chdir" and not re.search(r"\(r?['\"](/|~|[A-Za-z]:)", said)
    anew = not relative and last not in ("pop", "remove") and not names_read(node) - {root}
    return Setting("" if _is_process(dotted) else root, f"<{said[:120]}>", anew)


def setting_by_assignment(target: ast.expr, value: Iterable[str]) -> Setting | None:
    """The setting that ``library.option = …`` makes; ``value`` are names in what it is set to."""
    if not isinstance(target, (ast.Attribute, ast.Subscript)):
        return None
    root = root_name(target)
    if root is None:
        return None
    said = ast.unparse(target)
    return Setting("" if _is_process(said) else root, f"<{said[:120]}>", root not in set(value))


def _is_process(said: str) -> bool:
    return said.startswith(_PROCESS)


def _paths(node: ast.Call) -> set[str]:
    """Literal paths in a call; ``Path("a").read_text()`` has one, too."""
    found = set()
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    given = [*node.args[:2], *(keyword.value for keyword in node.keywords)]
    if isinstance(inner, ast.Call):
        given += inner.args[:1]
    for each in given:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value:
            found.add(each.value)
    return found


def _mode(node: ast.Call) -> str:
    is_method = isinstance(node.func, ast.Attribute) and not node.args[1:]
    given = node.args[0:1] if is_method else node.args[1:2]
    given += [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    for each in given:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) < 5:
            return each.value
    return "r"
