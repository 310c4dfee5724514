"""What a call brings in from where no cell is: people, clocks, networks, chance.

Known by the names that calls are written with; what is made here is one clause of a
sentence, or nothing.
"""

from __future__ import annotations

import ast

from nbtrack.capture.session.nodes import dotted_name
from nbtrack.capture.session.words import SEEDS

_ASKING = frozenset(("input", "getpass", "raw_input"))
_CHANCE = frozenset(
    "uuid1 uuid4 urandom token_hex token_bytes token_urlsafe SystemRandom getpid".split()
)
_GENERATORS = frozenset("default_rng RandomState Random SeedSequence PCG64 MT19937 Philox".split())
_ENVIRONMENT = ("os.environ.get", "environ.get", "os.getenv", "getenv")
_SHELLS = frozenset("os.system os.popen os.execv".split())
_NETWORK = frozenset(
    "requests httpx urllib urllib3 aiohttp socket boto3 ftplib paramiko smtplib websockets".split()
)
_NETWORK_CALLS = frozenset("urlopen urlretrieve".split())
_DATABASES = frozenset(
    """
    sqlite3 psycopg psycopg2 pymysql mysql sqlalchemy pymongo redis pyodbc oracledb snowflake
    clickhouse_connect
    """.split()
)
_DATABASE_CALLS = frozenset("read_sql read_sql_query read_sql_table read_database".split())
_CLOCKS = frozenset(
    """
    time.time time.time_ns time.perf_counter time.perf_counter_ns time.monotonic
    time.process_time perf_counter monotonic process_time default_timer
    datetime.now datetime.utcnow datetime.today date.today datetime.datetime.now
    datetime.datetime.utcnow datetime.date.today dt.datetime.now Timestamp.now
    pd.Timestamp.now time.localtime time.gmtime
    """.split()
)
# What a clock's answer may be handed to without a result that depends on it.
SHOWS_TIME = frozenset(
    "print str format strftime isoformat total_seconds timedelta log info debug display".split()
)


def is_clock(node: ast.expr) -> bool:
    """Whether it is a call that tells the time."""
    return isinstance(node, ast.Call) and dotted_name(node.func) in _CLOCKS


def brought_in(node: ast.Call) -> tuple[str, str] | None:
    """The name of a call whose answer no cell made, and what is to be said of it; else ``None``."""
    dotted = dotted_name(node.func)
    root, _, _ = dotted.partition(".")
    last = dotted.rpartition(".")[2]
    if last in _ASKING:
        return last, f"`{last}()` asks somebody"
    if last in _CHANCE or root == "secrets":
        return last, f"`{last}()` answers by chance"
    if dotted == "hash" and not _is_number(node):
        return last, "`hash()` of a text differs from process to process"
    if last in _GENERATORS and _is_unseeded(node):
        return last, f"`{last}()` without a seed draws other numbers each time"
    if last in SEEDS and _is_unseeded(node) and "." in dotted:
        return last, f"`{dotted}()` without a number seeds by chance"
    if dotted in _ENVIRONMENT:
        name = _text(node) or "a variable"
        return name, f"`{name}` comes from the environment of the process"
    if root == "subprocess" or dotted in _SHELLS:
        return last, f"`{dotted}()` asks the shell"
    if (root in _NETWORK and root != dotted and ".parse." not in dotted) or last in _NETWORK_CALLS:
        return last, f"`{dotted}()` asks the network"
    if last in _DATABASE_CALLS or _opens_database(root, last, node):
        return last, f"`{dotted}()` asks a database, whose content is not known"
    return None


def order_of_set(node: ast.expr) -> bool:
    """Whether it is a set, whose texts come in another order in each process."""
    match node:
        case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[_, *_]):
            return True
        case ast.SetComp():
            return True
        case ast.Set(elts=elements):
            return any(
                not isinstance(getattr(each, "value", ""), (int, float)) for each in elements
            )
    return False


def _opens_database(root: str, last: str, node: ast.Call) -> bool:
    if last not in ("connect", "create_engine", "MongoClient", "Redis"):
        return False
    place = _text(node)
    if ":memory:" in place or place == "sqlite://":
        return False
    return root in _DATABASES or last == "create_engine" or (root == "duckdb" and bool(node.args))


def _is_number(node: ast.Call) -> bool:
    return bool(node.args) and isinstance(getattr(node.args[0], "value", None), (int, float))


def _is_unseeded(node: ast.Call) -> bool:
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(isinstance(each, ast.Constant) and each.value is None for each in given)


def _text(node: ast.Call) -> str:
    match node.args:
        case [ast.Constant(value=str(text)), *_]:
            return text
    return ""
