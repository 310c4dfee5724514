"""How W&B's scripts begin and end a run, and which one is the current."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.events import new_run_id
from nbtrack.integrations.gathered import warn_once
from nbtrack.integrations.importing.wandb.naming import RUN_ID, tags_of
from nbtrack.integrations.wandb.logged_run import Run
from nbtrack.integrations.wandb.mappings import config_of
from nbtrack.settings import told_wandb
from nbtrack.tracking import active
from nbtrack.tracking import run as tracking
from nbtrack.tracking.silent import SilentStore

_MODES = ("online", "offline", "shared", "disabled", "dryrun")
_RESUMES = ("allow", "must", "never", "auto", True, False, None)

_current: Run | None = None
_open: list[Run] = []


class Settings:
    """Settings of W&B's own program, of which nbtrack needs none."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)


def current_run() -> Run | None:
    """The run that `init` began, while it is open."""
    return _current if _current is not None and _is_open(_current) else None


def init(
    *,
    project: str | None = None,
    name: str | None = None,
    config: Any = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    entity: str | None = None,
    id: str | None = None,
    resume: bool | str | None = None,
    reinit: bool | str | None = None,
    mode: str | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    sync_tensorboard: bool | None = None,
    tensorboard: bool | None = None,
    dir: Any = None,  # noqa: ARG001 - where W&B keeps its files, and the like
    force: bool | None = None,  # noqa: ARG001
    save_code: bool | None = None,  # noqa: ARG001
    monitor_gym: bool | None = None,  # noqa: ARG001
    anonymous: Any = None,  # noqa: ARG001
    settings: Any = None,  # noqa: ARG001
) -> Run:
    """Begin a run, or resume one; it is the current one, here and for `nbtrack.log`.

    Parameters
    ----------
    project : the experiment; the current one where there is none.
    name : a memorable name is given where there is neither this nor ``id``.
    config : parameters, as `Config.update` takes them.
    tags, group, job_type : tags; ``group`` as ``wandb.group``, ``job_type`` as ``wandb.job_type``.
    notes : the note.
    id, resume : a run of that id in the project is resumed with ``allow``, ``must`` or ``auto``.
    reinit : what an open run means: it is returned, or ended with ``finish_previous``, or left
        open beside with ``create_new``.
    mode : ``disabled`` records nothing; all others are one.
    entity, dir, force, save_code, monitor_gym, anonymous, settings : change nothing.

    WANDB_PROJECT, _NAME, _NOTES, _TAGS, _RUN_GROUP, _JOB_TYPE, _RUN_ID, _RESUME and _MODE say
    what is not said here.
    """
    global _current
    if resume_from or fork_from:
        raise InvalidValue("nbtrack does not rewind or fork runs; begin a new one with init().")
    if sync_tensorboard or tensorboard:
        warn_once(
            "nbtrack does not follow TensorBoard's writers; import SummaryWriter from "
            "nbtrack.integrations.tensorboard, or files with nbtrack.import_tensorboard."
        )
    before = current_run()
    if before is not None and reinit != "create_new":
        if reinit is not True and reinit != "finish_previous":
            return before
        before.finish()
    mode = mode or told_wandb("MODE") or "online"
    resume = told_wandb("RESUME") if resume is None else resume
    for what, value, known in (("mode", mode, _MODES), ("resume", resume, _RESUMES)):
        if value not in known:
            words = ", ".join(repr(word) for word in known)
            raise InvalidValue(f"wandb.init takes a {what} of {words}, got {value!r}.")
    told_tags = told_wandb("TAGS")
    if isinstance(tags, str):
        tags = [tags]
    chosen_tags = list(tags if tags is not None else (told_tags.split(",") if told_tags else ()))
    group = group or told_wandb("RUN_GROUP")
    job_type = job_type or told_wandb("JOB_TYPE")
    notes = notes or told_wandb("NOTES")
    wanted = id or told_wandb("RUN_ID")
    tracked, last_step = _begin(
        project or told_wandb("PROJECT"),
        name or told_wandb("NAME"),
        wanted,
        resume,
        is_recorded=mode != "disabled",
        is_beside=before is not None and reinit == "create_new",
    )
    run = Run(
        tracked,
        run_id=wanted or tracked.short_id,
        entity=entity or told_wandb("ENTITY"),
        group=group,
        job_type=job_type,
        tags=chosen_tags,
        notes=notes,
        may_change=bool(allow_val_change),
        resumed_at=last_step,
    )
    if last_step is None:
        tracked.observe({RUN_ID: run.id})
    else:
        run.config.load(_params_of(tracked))
    if found_tags := tags_of(chosen_tags, group, job_type):
        tracked.set_tags(found_tags)
    if notes:
        tracked.set_note(notes)
    given = config_of(config) if config is not None else {}
    if config_include_keys:
        given = {key: value for key, value in given.items() if key in config_include_keys}
    run.config.update({k: v for k, v in given.items() if k not in (config_exclude_keys or ())})
    _settle_at_exit()
    _open[:] = [each for each in _open if _is_open(each)] + [run]
    if current_run() is None:
        _current = run
    return run


def needed_run(what: str) -> Run:
    """The current run. Raises `InvalidValue` if there is none."""
    run = current_run()
    if run is None:
        raise InvalidValue(f"wandb.{what} needs a run: call wandb.init() before.")
    return run


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the current run, if there is one; see `Run.finish`."""
    run = current_run()
    if run is not None:
        run.finish(exit_code, quiet)


def login(*args: Any, **options: Any) -> bool:  # noqa: ARG001
    """True: nbtrack has no accounts."""
    return True


def _begin(
    project: str | None,
    name: str | None,
    run_id: str | None,
    resume: bool | str | None,
    *,
    is_recorded: bool,
    is_beside: bool,
) -> tuple[tracking.Run, int | None]:
    """The run that is logged to; and at which step it goes on, if it is resumed."""
    if not is_recorded:
        store = cast("Any", SilentStore(active.current_store().path))
        silent = tracking.Run(store, new_run_id(), name=name or "disabled", experiment="")
        return silent, None
    experiment = project or active.current_experiment()
    if resume in ("must", "never") and run_id is None:
        raise InvalidValue(f"wandb.init(resume={resume!r}) needs the id of a run.")
    there = _find(experiment, run_id) if run_id is not None and resume else None
    if resume == "must" and there is None:
        raise RunNotFound(f"No run of experiment {experiment!r} has the id {run_id!r}.")
    if resume == "never" and there is not None:
        raise InvalidValue(f"A run of experiment {experiment!r} has the id {run_id!r} already.")
    if there is not None:
        uuid, last_step = there
        start = active.start_apart if is_beside else _resume
        return start(uuid), last_step + 1
    if is_beside:
        return active.start_apart(run_name=name or run_id, experiment=experiment), None
    return active.run(name or run_id, experiment=experiment), None


def _resume(run_id: str) -> tracking.Run:
    return active.start_run(run_id, nested=True)


def _find(experiment: str, run_id: str) -> tuple[str, int] | None:
    """The newest run of an experiment with an id of W&B's, and its last step."""
    found = (
        active.current_store()
        .query(
            "SELECT replace(f.run_id::VARCHAR, '-', '') AS id, "
            "(SELECT coalesce(max(step), -1) FROM metrics m WHERE m.run_id = f.run_id) AS step "
            "FROM facts f JOIN runs r USING (run_id) "
            "WHERE f.key = $key AND f.value = $id AND r.experiment = $experiment "
            "ORDER BY f.run_id DESC LIMIT 1",
            {"key": RUN_ID, "id": run_id, "experiment": experiment},
        )
        .to_pylist()
    )
    return (found[0]["id"], found[0]["step"]) if found else None


def _params_of(run: tracking.Run) -> Mapping[str, object]:
    from nbtrack.tracking.stored import StoredRun

    return StoredRun(run.store, run.id).params


def _is_open(run: Run) -> bool:
    return run.tracked.status == "running"


@cache
def _settle_at_exit() -> None:
    # After a run was begun, so that this comes before runs are ended at exit.
    atexit.register(_settle_all)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_open.clear)


def _settle_all() -> None:
    for run in _open:
        run.settle()
