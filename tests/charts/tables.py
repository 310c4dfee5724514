"""Tables of runs to draw, as the store's run_frame gives them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

HOSTILE = '\\"</script><script>attacked=1</script>\n'


def sweep(runs: int, *, seed: int = 0) -> pa.Table:
    """A sweep in which loss depends on lr (curved, strongly) and depth, and on nothing else."""
    random = np.random.default_rng(seed)
    lr = 10 ** random.uniform(-5, -1, runs)
    depth = random.integers(2, 12, runs)
    loss = 0.2 + 0.1 * (np.log10(lr) + 2) ** 2 + 0.01 * depth + random.normal(0, 0.01, runs)
    return pa.table(
        {
            "run_id": [f"{number:032x}" for number in range(runs)],
            "run_name": [f"run-{number}" for number in range(runs)],
            "status": ["finished"] * runs,
            "start_time": pa.array(1_700_000_000_000_000 + np.arange(runs), pa.timestamp("us")),
            "metrics.loss": loss,
            "metrics.accuracy": 1 - loss / 2,
            "params.lr": lr,
            "params.depth": depth,
            "params.optimizer": random.choice(["adam", "sgd", "rmsprop"], runs),
            "params.augment": random.random(runs) < 0.5,
            **{f"params.noise{number}": random.normal(size=runs) for number in range(6)},
        }
    )


def table(**columns: object) -> pa.Table:
    """Runs with these columns alone: ``lr`` is ``params.lr``, ``metrics_loss`` a metric."""
    named = {
        name.replace("metrics_", "metrics.")
        if name.startswith("metrics_")
        else f"params.{name}": values
        for name, values in columns.items()
    }
    runs = len(next(iter(columns.values())))
    ids = {"run_id": pa.array([f"{number:032x}" for number in range(runs)], pa.string())}
    return pa.table({**ids, "run_name": [f"run-{number}" for number in range(runs)], **named})
