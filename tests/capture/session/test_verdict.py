"""Slices and verdicts, case by case: what was executed, what the notebook holds, what is said."""

from dataclasses import dataclass

import pytest

from nbtrack.capture.session import NotebookCell, SessionCell, judge, slice_back

CLEAN, STALE, LOST, PENDING = "clean", "stale", "not replayable", "pending"


@dataclass
class Case:
    """``ran`` are texts in the order of execution, the tracked one last.

    ``notebook`` are those of the saved file: as they ran, unless it is given.
    ``slice`` are numbers of executions, and ``blames`` a kind, or a name, that is blamed.
    """

    name: str
    ran: list[str]
    status: str
    slice: list[int] | None = None
    notebook: list[str] | None = None
    blames: str = ""
    given: tuple[str, ...] = ()
    failed: tuple[int, ...] = ()


NUMPY = "import numpy as np"

CASES = [
    # In order, and all there
    Case("a cell alone", ["x = 1"], CLEAN, [1]),
    Case("what it reads", ["x = 1", "y = x"], CLEAN, [1, 2]),
    Case("not what it does not read", ["x = 1", "z = 2", "y = x"], CLEAN, [1, 3]),
    Case("transitively", ["a = 1", "b = a", "c = 3", "d = b"], CLEAN, [1, 2, 4]),
    Case("only the last assignment", ["x = 1", "x = 2", "y = x"], CLEAN, [2, 3]),
    Case("imports", [NUMPY, "import os", "y = np.zeros(3)"], CLEAN, [1, 3]),
    Case("from-imports", ["from math import pi", "y = pi"], CLEAN, [1, 2]),
    Case("what only shows is left out", ["x = [1]", "print(x)", "x", "y = x"], CLEAN, [1, 4]),
    Case(
        "looking at a frame is left out",
        ["import pandas as pd", "df = pd.DataFrame()", "df.head()", "df.plot()", "n = len(df)"],
        CLEAN,
        [1, 2, 5],
    ),
    Case("a magic line sets a name", ["y = x * 2"], CLEAN, [1], given=("x",)),
    Case(
        "the track line is no part of a cell",
        ["x = 1", "%%track a\ny = x"],
        CLEAN,
        notebook=["x = 1", "%%track b\ny = x"],
    ),
    Case(
        "trailing blanks are no edit", ["x = 1", "y = x"], CLEAN, notebook=["x = 1  \n\n", "y = x"]
    ),
    Case(
        "a function that appends to a global",
        ["log = []", "def add(v):\n    log.append(v)", "add(1)", "print(2)", "n = len(log)"],
        CLEAN,
        [1, 2, 3, 5],
    ),
    Case(
        "a function that answers a global",
        ["cfg = {}", "def get():\n    return cfg", "own = get()", "own['lr'] = 1", "n = cfg['lr']"],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "a default that is kept",
        ["def add(v, seen=[]):\n    seen.append(v)\n    return seen", "add(1)", "n = add(2)"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "an object that changes what it was made of",
        [
            "rows = []",
            "class Log:\n    def __init__(self, r):\n        self.r = r\n"
            "    def run(self):\n        self.r.append(1)",
            "Log(rows).run()",
            "n = len(rows)",
        ],
        CLEAN,
        [1, 2, 3, 4],
    ),
    # Not in order, edited, deleted, twice
    Case(
        "edited after it ran",
        ["x = 1", "y = x"],
        STALE,
        notebook=["x = 2", "y = x"],
        blames="deleted",
    ),
    Case("deleted", ["x = 1", "y = x"], STALE, notebook=["y = x"], blames="deleted"),
    Case("moved below", ["x = 1", "y = x"], STALE, notebook=["y = x", "x = 1"], blames="moved"),
    Case(
        "two swapped",
        ["a = 1", "b = a", "y = b"],
        STALE,
        notebook=["b = a", "a = 1", "y = b"],
        blames="moved",
    ),
    Case(
        "ran out of order",
        ["x = 1", "x = x + 1", "y = x"],
        STALE,
        notebook=["x = x + 1", "x = 1", "y = x"],
        blames="moved",
    ),
    Case(
        "an older run of an edited cell",
        ["x = 1", "x = 2", "y = x"],
        CLEAN,
        [2, 3],
        notebook=["x = 2", "y = x"],
    ),
    Case(
        "twice, and it adds up",
        ["x = 0", "x += 1", "x += 1", "y = x"],
        STALE,
        [1, 2, 3, 4],
        notebook=["x = 0", "x += 1", "y = x"],
        blames="repeated",
    ),
    Case(
        "twice by x = x + 1",
        ["x = 0", "x = x + 1", "x = x + 1", "y = x"],
        STALE,
        notebook=["x = 0", "x = x + 1", "y = x"],
        blames="repeated",
    ),
    Case(
        "appended twice",
        ["l = []", "l.append(1)", "l.append(1)", "n = len(l)"],
        STALE,
        [1, 2, 3, 4],
        notebook=["l = []", "l.append(1)", "n = len(l)"],
        blames="repeated",
    ),
    Case(
        "twice, and it is made anew",
        ["x = 1", "x = 1", "y = x"],
        CLEAN,
        [2, 3],
        notebook=["x = 1", "y = x"],
    ),
    Case(
        "appended, then made anew",
        ["l = []", "l.append(1)", "l = []", "l.append(1)", "n = len(l)"],
        CLEAN,
        [3, 4, 5],
        notebook=["l = []", "l.append(1)", "n = len(l)"],
    ),
    Case(
        "the tracked cell twice",
        ["x = 1", "y = x", "y = x"],
        CLEAN,
        [1, 3],
        notebook=["x = 1", "y = x"],
    ),
    Case(
        "a new cell in between",
        ["x = 1", "y = x"],
        STALE,
        notebook=["x = 1", "x = 5", "y = x"],
        blames="order",
    ),
    Case(
        "a new cell that does not matter",
        ["x = 1", "y = x"],
        CLEAN,
        notebook=["x = 1", "z = 5", "y = x"],
    ),
    Case("a new cell below", ["x = 1", "y = x"], CLEAN, notebook=["x = 1", "y = x", "x = 7"]),
    Case("not saved yet", ["x = 1", "y = x"], PENDING, notebook=[]),
    # Changes in place
    Case("through a method", ["l = [3, 1]", "l.sort()", "y = l[0]"], CLEAN, [1, 2, 3]),
    Case("through a subscript", ["d = {}", "d['a'] = 1", "y = d['a']"], CLEAN, [1, 2, 3]),
    Case(
        "through an attribute",
        ["class A: pass", "a = A()", "a.n = 3", "y = a.n"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case("augmented", ["x = 1", "x *= 2", "y = x"], CLEAN, [1, 2, 3]),
    Case("through an alias", ["a = []", "b = a", "b.append(1)", "n = len(a)"], CLEAN, [1, 2, 3, 4]),
    Case(
        "through an alias of a part",
        ["d = {'l': []}", "l = d['l']", "l.append(1)", "n = len(d['l'])"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a column of a frame",
        [
            "import pandas as pd",
            "df = pd.DataFrame({'a': [1]})",
            "df['b'] = df['a'] * 2",
            "y = df['b'].sum()",
        ],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "through an unknown function",
        ["from helpers import clean", "l = [1]", "clean(l)", "n = len(l)"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "through a function of the session",
        ["def add(l):\n    l.append(1)", "l = []", "add(l)", "n = len(l)"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "not through one that only reads",
        ["def size(l):\n    return len(l)", "l = []", "size(l)", "n = len(l)"],
        CLEAN,
        [2, 4],
    ),
    Case(
        "shuffled",
        ["import random", "l = [1, 2]", "random.shuffle(l)", "y = l[0]"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a fitted model",
        [
            "from sklearn.svm import SVC",
            "X, y = [[0], [1]], [0, 1]",
            "m = SVC()",
            "m.fit(X, y)",
            "s = m.score(X, y)",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    # Deleted names, branches, loops
    Case("del, and made anew", ["x = 1", "del x", "x = 2", "y = x"], CLEAN, [3, 4]),
    Case("a branch does not replace", ["x = 1", "if False:\n    x = 2", "y = x"], CLEAN, [1, 2, 3]),
    Case(
        "both branches do", ["x = 1", "if 1:\n    x = 2\nelse:\n    x = 3", "y = x"], CLEAN, [2, 3]
    ),
    Case("a loop's variable", ["for i in range(3):\n    pass", "y = i"], CLEAN, [1, 2]),
    Case(
        "a loop that fills",
        ["l = []", "for i in range(3):\n    l.append(i)", "n = len(l)"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "with … as", ["import io", "with io.StringIO() as f:\n    t = 1", "y = t"], CLEAN, [1, 2, 3]
    ),
    Case(
        "try and except",
        ["try:\n    import fast as m\nexcept ImportError:\n    import math as m", "y = m.pi"],
        CLEAN,
        [1, 2],
    ),
    Case(
        "match",
        ["v = [1, 2]", "match v:\n    case [a, b]:\n        pass", "y = a"],
        CLEAN,
        [1, 2, 3],
    ),
    # Functions and classes
    Case(
        "what a function reads",
        ["lr = 0.1", "def f():\n    return lr", "y = f()"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "at the moment of the call",
        ["def f():\n    return lr", "lr = 0.1", "y = f()"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "not an older value",
        ["lr = 1", "def f():\n    return lr", "lr = 2", "y = f()"],
        CLEAN,
        [2, 3, 4],
    ),
    Case(
        "through two functions",
        ["k = 1", "def g():\n    return k", "def f():\n    return g()", "y = f()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "what a class reads",
        [
            "n = 3",
            "class Net:\n    def run(self):\n        return n",
            "net = Net()",
            "y = net.run()",
        ],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a closure",
        [
            "k = 2",
            "def outer():\n    def inner():\n        return k\n    return inner",
            "f = outer()",
            "y = f()",
        ],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "global",
        ["n = 0", "def bump():\n    global n\n    n += 1", "bump()", "y = n"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "global, twice",
        ["n = 0", "def bump():\n    global n\n    n += 1", "bump()", "bump()", "y = n"],
        STALE,
        notebook=["n = 0", "def bump():\n    global n\n    n += 1", "bump()", "y = n"],
        blames="repeated",
    ),
    Case("a lambda", ["k = 2", "f = lambda v: v * k", "y = f(3)"], CLEAN, [1, 2, 3]),
    Case(
        "a default is read at once",
        ["k = 2", "def f(v=k):\n    return v", "k = 9", "y = f()"],
        CLEAN,
        [1, 2, 4],
    ),
    Case(
        "a decorator",
        ["def twice(f):\n    return lambda: f() * 2", "@twice\ndef g():\n    return 1", "y = g()"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "a redefined function",
        ["def f():\n    return 1", "def f():\n    return 2", "y = f()"],
        CLEAN,
        [2, 3],
    ),
    Case(
        "a partial",
        [
            "from functools import partial",
            "k = 1",
            "def f(v):\n    return v + k",
            "g = partial(f, 2)",
            "y = g()",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    # Expressions that bind
    Case(
        "a comprehension keeps its names",
        ["i = 7", "l = [i for i in range(3)]", "y = i"],
        CLEAN,
        [1, 3],
    ),
    Case(
        "a comprehension reads",
        ["k = 2", "l = [v * k for v in range(3)]", "y = sum(l)"],
        CLEAN,
        [1, 2, 3],
    ),
    Case("a walrus", ["if (n := 3) > 2:\n    pass", "y = n"], CLEAN, [1, 2]),
    Case(
        "await at top level",
        ["async def f():\n    return 1", "v = await f()", "y = v"],
        CLEAN,
        [1, 2, 3],
    ),
    Case("unpacking", ["a, (b, *c) = 1, (2, 3)", "y = c"], CLEAN, [1, 2]),
    # Random numbers
    Case(
        "seeds belong to draws",
        [NUMPY, "np.random.seed(1)", "x = np.random.rand(3)", "y = x.sum()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "draws in between count",
        [NUMPY, "np.random.seed(1)", "z = np.random.rand()", "y = np.random.rand()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a seed that ran twice is the last",
        [
            NUMPY,
            "np.random.seed(1)",
            "z = np.random.rand()",
            "np.random.seed(2)",
            "y = np.random.rand()",
        ],
        CLEAN,
        [1, 4, 5],
    ),
    Case(
        "a draw that ran twice",
        [
            NUMPY,
            "np.random.seed(1)",
            "z = np.random.rand()",
            "z = np.random.rand()",
            "y = np.random.rand()",
        ],
        STALE,
        notebook=[NUMPY, "np.random.seed(1)", "z = np.random.rand()", "y = np.random.rand()"],
        blames="repeated",
    ),
    # From outside
    Case("there before the first cell", ["y = x"], LOST, blames="x"),
    Case("input()", ["n = input()", "y = n"], LOST, blames="input"),
    Case(
        "getpass()",
        ["from getpass import getpass", "k = getpass()", "y = len(k)"],
        LOST,
        blames="getpass",
    ),
    Case("!ls assigned", ["files = !ls", "y = len(files)"], LOST, blames="outside"),
    Case("a shell in the slice", ["!touch data.txt\nx = 1", "y = x"], LOST, blames="outside"),
    Case("a shell beside it", ["!ls", "x = 1", "y = x"], CLEAN, [2, 3]),
    Case(
        "installing is harmless",
        ["!pip install numpy\nimport numpy as np", "y = np.pi"],
        CLEAN,
        [1, 2],
    ),
    Case("%pip", ["%pip install numpy\nx = 1", "y = x"], CLEAN, [1, 2]),
    Case(
        "%%bash that gives a name", ["%%bash --out text\nls", "y = len(text)"], LOST, blames="text"
    ),
    Case("%%bash beside it", ["%%bash\nls", "x = 1", "y = x"], CLEAN, [2, 3]),
    Case("an unknown magic that gives a name", ["x = %mymagic 3", "y = x"], LOST, blames="unsure"),
    Case("%run", ["%run other.py", "y = x"], LOST, blames="unsure"),
    Case("%store", ["%store -r x", "y = x"], LOST, blames="unsure"),
    Case("%time", ["%time x = 1", "y = x"], CLEAN, [1, 2]),
    Case("%%time", ["%%time\nx = 1", "y = x"], CLEAN, [1, 2]),
    Case("%%capture", ["%%capture out\nx = 1", "y = x"], CLEAN, [1, 2]),
    Case("%matplotlib", ["%matplotlib inline\nimport math", "y = math.pi"], CLEAN, [1, 2]),
    Case("exec", ["exec('x = 1')", "y = x"], LOST, blames="unsure"),
    Case("globals()", ["globals()['x'] = 1", "y = x"], LOST, blames="unsure"),
    Case("user_ns", ["get_ipython().user_ns['x'] = 1", "y = x"], LOST, blames="unsure"),
    Case(
        "user_ns may change what is there",
        ["x = 1", "get_ipython().user_ns['x'] = 2", "y = x"],
        LOST,
        blames="unsure",
    ),
    Case("_", ["3 + 4", "y = _"], LOST, blames="_"),
    Case("Out[3]", ["3 + 4", "y = Out[1]"], LOST, blames="Out"),
    Case("_1", ["3 + 4", "y = _1"], LOST, blames="_1"),
    Case("_ as a loop's variable", ["for _ in range(3):\n    pass\nx = 1", "y = x"], CLEAN, [1, 2]),
    Case("a star import", ["from math import *", "y = pi"], CLEAN, [1, 2]),
    Case("a star import may replace", ["pi = 3", "from math import *", "y = pi"], CLEAN, [1, 2, 3]),
    # Modules
    Case("a patched module", ["import math", "math.pi = 3", "y = math.pi"], CLEAN, [1, 2, 3]),
    Case(
        "a patched module, not in the notebook",
        ["import math", "math.pi = 3", "y = math.pi"],
        STALE,
        notebook=["import math", "y = math.pi"],
        blames="deleted",
    ),
    Case(
        "a setting of a library",
        ["import pandas as pd", "pd.options.mode.copy_on_write = True", "y = pd.DataFrame()"],
        CLEAN,
        [1, 2, 3],
    ),
    # What calls do to what they are given
    Case(
        "a method of the session changes its argument",
        [
            "class Clean:\n    def run(self, rows):\n        rows.append(1)",
            "clean = Clean()",
            "rows = []",
            "clean.run(rows)",
            "n = len(rows)",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "a method of a base class",
        [
            "class A:\n    def run(self, rows):\n        rows.append(1)",
            "class B(A):\n    pass",
            "b = B()",
            "rows = []",
            "b.run(rows)",
            "n = len(rows)",
        ],
        CLEAN,
        [1, 2, 3, 4, 5, 6],
    ),
    Case(
        "a local module changes what it is given",
        ["import helper", "df = []", "helper.clean(df)", "n = len(df)"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "an object of a local module, too",
        ["import helper", "t = helper.Trainer()", "df = []", "t.run(df)", "n = len(df)"],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "a trainer fits the model that it is given",
        [
            "import lightning as L",
            "import torch",
            "net = torch.nn.Linear(2, 2)",
            "trainer = L.Trainer()",
            "trainer.fit(net)",
            "w = net.weight.sum()",
        ],
        CLEAN,
        [1, 2, 3, 4, 5, 6],
    ),
    Case(
        "an estimator leaves its data as it is",
        [
            "from sklearn.svm import SVC",
            "X, y = [[0], [1]], [0, 1]",
            "a = SVC()\na.fit(X, y)\ns = a.score(X, y)",
            "a.set_params(C=2).fit(X, y)",
            "b = SVC()\nb.fit(X, y)\ns = b.score(X, y)",
        ],
        CLEAN,
        [1, 2, 5],
    ),
    Case(
        "but what changes the data changes a lazy estimator",
        [
            "from sklearn.neighbors import KNeighborsClassifier",
            "X = [[0], [1]]",
            "k = KNeighborsClassifier().fit(X, [0, 1])",
            "X[0][0] = 5",
            "s = k.score(X, [0, 1])",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "nobody knows whose estimator it is, and it leaves its data as it is",
        [
            "from sklearn.svm import SVC",
            "X, y = [[0], [1]], [0, 1]",
            "SVC()",
            "m = _\nm.fit(X, y)",
            "b = SVC().fit(X, y)",
        ],
        CLEAN,
        [1, 2, 5],
    ),
    Case(
        "a function of the session that fits what it is given",
        [
            "from sklearn.svm import SVC",
            "X, y = [[0], [1]], [0, 1]",
            "def evaluate(model, X, y):\n    model.fit(X, y)\n    return model.score(X, y)",
            "a = evaluate(SVC(), X, y)",
            "b = evaluate(SVC(C=2), X, y)",
        ],
        CLEAN,
        [1, 2, 3, 5],
    ),
    Case(
        "in place",
        ["import pandas as pd", "df = pd.DataFrame()", "df.drop(1, inplace=True)", "n = len(df)"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "out=",
        [NUMPY, "a = np.ones(3)", "np.add(a, 1, out=a)", "y = a.sum()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a name that ends in _",
        ["import torch", "w = torch.ones(2)", "torch.nn.init.zeros_(w)", "y = w.sum()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a function that is mapped",
        ["def f(v):\n    v.append(1)", "l = [[]]", "list(map(f, l))", "n = len(l[0])"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case(
        "a list within a list",
        ["a = []", "b = []", "a.append(b)", "a[0].append(1)", "n = len(b)"],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "a decorator that remembers",
        [
            "seen = {}",
            "def keep(f):\n    def g(x):\n        seen[x] = 1\n        return f(x)\n    return g",
            "@keep\ndef h(x):\n    return x",
            "h(1)",
            "n = len(seen)",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    Case(
        "a property that counts",
        [
            "log = []",
            "class A:\n    @property\n    def p(self):\n        log.append(1)\n        return 1",
            "a = A()",
            "a.p",
            "n = len(log)",
        ],
        CLEAN,
        [1, 2, 3, 4, 5],
    ),
    # Iterators are used up
    Case("next()", ["it = iter([1, 2])", "next(it)", "y = next(it)"], CLEAN, [1, 2, 3]),
    Case("list() of an iterator", ["it = iter([1])", "list(it)", "y = list(it)"], CLEAN, [1, 2, 3]),
    Case(
        "a loop over a generator",
        ["it = (i for i in [1, 2])", "for i in it: break", "y = list(it)"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "a generator of the session",
        ["def g():\n    yield 1\n    yield 2", "it = g()", "list(zip(it, [1]))", "y = list(it)"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case("a list is not", ["l = [1]", "list(l)", "y = sum(l)"], CLEAN, [1, 3]),
    # Settings and files
    Case(
        "a patched module, imported anew",
        ["import math", "math.pi = 3", "import math\ny = math.pi"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "a call that sets something",
        ["import pandas as pd", "pd.set_option('mode.chained', None)", "y = pd.DataFrame()"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "a setting that is made twice",
        [
            "import torch",
            "torch.set_num_threads(1)",
            "torch.set_num_threads(1)",
            "y = torch.ones(2)",
        ],
        CLEAN,
        [1, 3, 4],
        notebook=["import torch", "torch.set_num_threads(1)", "y = torch.ones(2)"],
    ),
    Case(
        "a variable of the process",
        ["import os\nos.environ['OMP_NUM_THREADS'] = '1'", "x = 1", "y = x"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "sys.path",
        ["import sys\nsys.path.append('lib')", "import helper", "y = helper.x"],
        CLEAN,
        [1, 2, 3],
    ),
    Case("%cd", ["%cd sub", "y = open('a.txt').read()"], CLEAN, [1, 2]),
    Case(
        "a file that a cell wrote",
        [
            "import pandas as pd",
            "df = pd.DataFrame()",
            "df.to_csv('a.csv')",
            "df.to_csv('b.csv')",
            "y = pd.read_csv('a.csv')",
        ],
        CLEAN,
        [1, 2, 3, 5],
    ),
    Case(
        "a module that a cell wrote",
        ["%%writefile helper.py\nx = 1", "import helper\ny = helper.x"],
        CLEAN,
        [1, 2],
    ),
    Case(
        "a query names a frame",
        ["import duckdb", "df = [1]", "other = 2", "y = duckdb.sql('SELECT * FROM df').fetchall()"],
        CLEAN,
        [1, 2, 4],
    ),
    # Chance, clocks, networks
    Case(
        "a generator without a seed",
        [NUMPY, "rng = np.random.default_rng()", "y = rng.normal()"],
        LOST,
        blames="default_rng",
    ),
    Case(
        "a generator with a seed",
        [NUMPY, "rng = np.random.default_rng(0)", "y = rng.normal()"],
        CLEAN,
        [1, 2, 3],
    ),
    Case(
        "a draw from a generator in between",
        [NUMPY, "rng = np.random.default_rng(0)", "rng.normal()", "y = rng.normal()"],
        CLEAN,
        [1, 2, 3, 4],
    ),
    Case("seeded by chance", ["import random\nrandom.seed()", "y = random.random()"], LOST),
    Case("hash() of a text", ["y = hash('a')"], LOST, blames="hash"),
    Case("uuid4", ["import uuid", "y = uuid.uuid4()"], LOST, blames="uuid4"),
    Case(
        "the time as a seed",
        ["import random, time", "random.seed(int(time.time()))", "y = random.random()"],
        LOST,
        blames="time.time",
    ),
    Case(
        "a moment used as a number",
        ["import time", "t = time.time()", "y = t % 10"],
        LOST,
        blames="t",
    ),
    Case(
        "a duration",
        ["import time", "t = time.time()", "x = 1\nprint(time.time() - t)", "y = x"],
        CLEAN,
    ),
    Case(
        "the order of a set",
        ["words = ['a', 'b']", "index = {w: i for i, w in enumerate(set(words))}", "y = index"],
        STALE,
        blames="unstable",
    ),
    Case(
        "a sorted set",
        ["words = ['a', 'b']", "index = sorted(set(words))", "y = index"],
        CLEAN,
        [1, 2, 3],
    ),
    Case("the network", ["import requests", "y = requests.get('http://a.b').json()"], LOST),
    Case(
        "an address is no network",
        ["import urllib.parse", "y = urllib.parse.urljoin('http://a.b', 'c')"],
        CLEAN,
    ),
    Case("a database", ["import sqlite3", "db = sqlite3.connect('a.db')", "y = db"], LOST),
    Case(
        "a database in memory",
        ["import sqlite3", "db = sqlite3.connect(':memory:')", "y = db"],
        CLEAN,
    ),
    Case("a variable from outside", ["import os", "y = os.environ['HOME']"], LOST, blames="HOME"),
    Case("subprocess", ["import subprocess", "y = subprocess.run(['ls'])"], LOST),
    # Failures
    Case(
        "a cell that failed",
        ["l = []", "l.append(1); 1/0", "n = len(l)"],
        STALE,
        blames="failed",
        failed=(2,),
    ),
    Case(
        "a failed cell that does not matter", ["x = 1", "1/0", "y = x"], CLEAN, [1, 3], failed=(2,)
    ),
]


def _judged(case):
    cells = [
        SessionCell(number, text, failed=number in case.failed)
        for number, text in enumerate(case.ran, start=1)
    ]
    made_by = slice_back(cells, len(cells), given=case.given)
    texts = case.ran if case.notebook is None else case.notebook
    notebook = [NotebookCell("", text) for text in texts] if texts else None
    return made_by, judge(cells, made_by, notebook, given=case.given)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_verdict_is_right(case):
    made_by, verdict = _judged(case)
    assert verdict.status == case.status, verdict.blames
    if case.slice is not None:
        assert list(made_by.numbers) == case.slice
    if case.status == CLEAN:
        assert verdict.blames == ()
    if case.blames:
        told = {blame.kind for blame in verdict.blames} | {blame.name for blame in verdict.blames}
        assert case.blames in told


def test_there_are_enough_cases():
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_a_cell_is_found_by_its_id_and_then_an_edit_is_told_as_one():
    cells = [SessionCell(1, "x = 1", "a"), SessionCell(2, "y = x", "b")]
    notebook = [NotebookCell("a", "x = 2"), NotebookCell("b", "y = x")]
    verdict = judge(cells, slice_back(cells, 2), notebook)
    assert [(blame.kind, blame.number) for blame in verdict.blames] == [("edited", 1)]
    assert "[1]" in verdict.blames[0].reason


def test_sampled_data_is_never_clean():
    cells = [SessionCell(1, "x = 1"), SessionCell(2, "y = x")]
    notebook = [NotebookCell("", cell.text) for cell in cells]
    verdict = judge(cells, slice_back(cells, 2), notebook, sampled=["x"])
    assert verdict.status == "stale"
    assert [blame.kind for blame in verdict.blames] == ["sampled"]
