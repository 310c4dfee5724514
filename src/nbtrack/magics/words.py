"""The words that ``%track`` takes in place of a cell, with what each does."""

from __future__ import annotations

from typing import Final

SUBCOMMANDS: Final = {
    "status": "what runs here, and what was left by a kernel that died",
    "on": "track every cell that trains or measures something",
    "off": "track only the cells that ask for it",
    "log": "NAME… log these variables as metrics of this kernel's last run",
    "note": "TEXT set the note of this kernel's last run",
    "undo": "delete this kernel's last run",
    "replay": "RUN make a run again in a fresh kernel, and compare (last run where none is named)",
    "diff": "A B what changed from one run to the other, the most likely causes first",
    "why": "A B which of these changes moved a metric, each tried alone by a replay",
    "parallel": "[FILTER] parallel coordinates of the runs: --axes A,B --color C",
    "curves": "[METRIC…] how metrics went: --x step|time|relative --smoothing S --runs FILTER",
    "scatter": "[X Y] runs as dots: --color C --runs FILTER --log-x --log-y",
    "contour": "[X Y METRIC] a metric over two parameters: --runs FILTER --log-x --log-y",
    "importance": "[METRIC] which parameters matter for it: --runs FILTER",
    "compare": "[A B…] runs side by side: those named, those selected, or this kernel's last two",
    "board": "[NAME] a saved board, or a new one: --runs FILTER --widgets A,B --columns N",
    "registry": "[MODEL] registered models: versions by stage, gates, promotions, history",
    "artifacts": "[RUN] the files of a run, and what is in them (last run where none is named)",
    "sql": "SELECT … ask the store: views runs, params, metrics, latest_metrics, tags",
}
