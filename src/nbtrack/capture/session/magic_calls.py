"""What magics do to names: read off the calls that IPython makes of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from nbtrack.capture.session.standing import Setting

# Line magics that leave names and results alone, as far as a replay is concerned.
_HARMLESS = frozenset(
    """
    matplotlib load_ext reload_ext unload_ext config autoreload pip conda mamba micromamba uv pwd
    who whos who_ls ls ll history hist lsmagic magic quickref xmode pprint precision page psource
    pdoc pfile pinfo pinfo2 psearch cd env set_env alias track memit timeit logstart logstop
    notebook doctest_mode colors autosave connect_info debug pdb tb cat less more man mkdir rm
    """.split()
)
# Magics that run Python which stands beside them.
_RUNS_PYTHON = frozenset(("time", "timeit", "prun", "capture", "track", "memit", "mprun", "lprun"))
_HARMLESS_CELLS = frozenset("html HTML javascript js latex markdown svg SVG ai sql".split())
_SHELLS = frozenset("bash sh script cmd perl ruby python python2 python3 pypy system sx !".split())
_INSTALLS = re.compile(r"\s*(pip|pip3|python -m pip|conda|mamba|uv|apt|apt-get)\s")
_OUT = re.compile(r"--(?:out|err)[= ](\w+)")


@dataclass(frozen=True, slots=True)
class MagicCall:
    """A magic: Python that it runs, what it binds and leaves, and what is to be said of it."""

    said: str
    python: str | None = None
    binds: tuple[str, ...] = ()
    outside: str = ""
    settings: tuple[Setting, ...] = ()
    writes: tuple[str, ...] = ()
    changes_anything: bool = False


def read_magic(node: ast.Call) -> MagicCall | None:
    """What a call of IPython's shell does, or ``None`` where it is another call."""
    match node.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method):
            pass
        case _:
            return None
    words = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    words += [""] * (3 - len(words))
    match method:
        case "system" | "getoutput" | "getoutput_pexpect":
            command = words[0]
            if method == "system" and _INSTALLS.match(command):
                return MagicCall("")
            return MagicCall("", outside=f"the shell is asked (!{_brief(command)})")
        case "run_line_magic" | "magic":
            return _line_magic(words[0], words[1])
        case "run_cell_magic":
            return _cell_magic(words[0], words[1], words[2])
        case _:
            return None


def _line_magic(name: str, rest: str) -> MagicCall:
    said = f"%{name} {_brief(rest)}".rstrip()
    if name in ("time", "prun"):
        return MagicCall(said, python=_without_flags(rest))
    if name == "cd" or (name in ("env", "set_env") and rest.strip()):
        # From where one is, going up twice is not going up once.
        anew = name != "cd" or rest.strip().startswith(("/", "~"))
        return MagicCall(said, settings=(Setting("", f"<%{name} {rest.strip()}>", anew),))
    if name in _HARMLESS:
        return MagicCall(said)
    if name in _SHELLS:
        return MagicCall(said, outside=f"the shell is asked ({said})")
    return MagicCall(said, changes_anything=True)


def _cell_magic(name: str, line: str, body: str) -> MagicCall:
    said = f"%%{name}"
    bound = tuple(_OUT.findall(line))
    if name == "capture":
        first = _without_flags(line).split()
        # What it captured is the cell's own output: it comes again when the cell is run again.
        return MagicCall(said, python="\n".join([*(f"{n} = None" for n in first[:1]), body]))
    if name == "timeit":
        return MagicCall(said)
    if name in _RUNS_PYTHON:
        return MagicCall(said, python=f"{_without_flags(line)}\n{body}" if name == "time" else body)
    if name in _SHELLS:
        return MagicCall(said, binds=bound, outside=f"{said} runs outside the kernel")
    if name in ("writefile", "file"):
        return MagicCall(said, writes=tuple(line.split()[-1:]))
    if name in _HARMLESS_CELLS:
        return MagicCall(said)
    return MagicCall(said, binds=bound, changes_anything=True)


def _without_flags(text: str) -> str:
    return re.sub(r"^(\s*-{1,2}[\w-]+\s+)+", "", text).strip()


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
