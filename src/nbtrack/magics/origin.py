"""What made one tracked run: recorded beside its cell, so that it can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.capture.program import running_program
from nbtrack.capture.secrets import redact
from nbtrack.capture.session import Verdict, slice_back
from nbtrack.magics.evidence import Evidence
from nbtrack.magics.session import Session
from nbtrack.magics.verdicts import JudgedRun
from nbtrack.tracking.inputs import input_event
from nbtrack.tracking.run import Run

if TYPE_CHECKING:
    from nbtrack.store import Store

# An exiting kernel waits so long for data to be read.
_DATA_S = 30.0
_MAX_NOTEBOOK_BYTES = 16 << 20


def record_origin(
    session: Session,
    run: Run,
    store: Store,
    *,
    number: int,
    given: Mapping[str, object],
    evidence: Evidence,
    on_verdict: Callable[[Verdict], None],
) -> None:
    """Record the session, the slice that made the run, its data and the notebook; then judge it.

    ``number`` is that of the tracked cell, ``given`` what its magic line sets. It takes
    milliseconds to seconds, beside the cells that follow.
    """
    session.log.write(store, number)
    cells = session.log.cells(number)
    made_by = slice_back(cells, number, given=given)
    run.observe(
        {
            "session.id": session.log.id,
            "session.number": str(number),
            "session.slice": json.dumps(made_by.numbers),
        }
    )
    drawn = {f"random:{each}": session.log.drew(each) for each in made_by.numbers if each != number}
    run.keep_texts({role: state for role, state in drawn.items() if state})
    found = (
        evidence.inputs.found(_DATA_S, changed=made_by.changes)
        if evidence.inputs is not None
        else {}
    )
    if found:
        run.keep_inputs(input_event(name, seen) for name, seen in found.items())
    notebook = running_program().path
    if notebook is not None and notebook.suffix == ".ipynb":
        if (snapshot := notebook_snapshot(notebook)) is not None:
            run.keep_text("notebook", redact(snapshot))
    else:
        notebook = None
    unsure = [name for name, seen in found.items() if seen.is_sampled or not seen.digest]
    told = on_verdict if notebook is not None else _unless_pending(on_verdict)
    texts = [cell.text for cell in cells if cell.number in made_by.numbers]
    edited = evidence.edited_modules(texts)
    judged = JudgedRun(run, cells, made_by, unsure, edited, tuple(given), told)
    session.verdicts.add(judged, notebook)


def _unless_pending(on_verdict: Callable[[Verdict], None]) -> Callable[[Verdict], None]:
    """Where nobody tells which notebook it is, it would be pending for ever: that is not told."""

    def told(verdict: Verdict) -> None:
        if verdict.status != "pending":
            on_verdict(verdict)

    return told


def notebook_snapshot(file: Path) -> str | None:
    """The notebook as it was saved, without outputs and execution counts: equal cells, equal text.

    ``None`` where it cannot be read, or is no notebook just now.
    """
    try:
        if file.stat().st_size > _MAX_NOTEBOOK_BYTES:
            return None
        document = json.loads(file.read_bytes())
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        return json.dumps(document, indent=1, ensure_ascii=False)
    except (OSError, ValueError, LookupError, TypeError):
        return None
