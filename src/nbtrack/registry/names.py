"""What models, versions, stages and aliases may be called."""

from __future__ import annotations

import difflib
import re

from nbtrack.errors import InvalidValue
from nbtrack.tracking.values import check_key

STAGES = ("None", "Staging", "Production", "Archived")
PRODUCTION = "Production"
_ALIAS = re.compile(r"[\w-]{1,255}")
_TAKEN = re.compile(r"latest|v?\d+")


def check_model_name(name: object) -> str:
    """``name``, if a model can bear it: what stands in a ``models:/`` URI."""
    checked = check_key(name, "registered model")
    if checked != checked.strip() or set(checked) & set("/:@"):
        raise InvalidValue(
            f"The name of a registered model has no '/', ':' or '@' and no space at its ends, "
            f"got {name!r}."
        )
    return checked


def check_stage(stage: object) -> str:
    """A stage as it is written, however the user wrote it; ``None`` is one."""
    text = str(stage)
    for known in STAGES:
        if text.lower() == known.lower():
            return known
    near = difflib.get_close_matches(text.capitalize(), STAGES, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise InvalidValue(f"A stage is one of {', '.join(STAGES)}, got {stage!r}{hint}.")


def check_version(version: object) -> int:
    """The number of a version: MLflow's clients pass it as text."""
    text = str(getattr(version, "version", version))
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise InvalidValue(f"A version is a number from 1, got {version!r}.")
    return int(text)


def check_alias(alias: object) -> str:
    """``alias``, if it cannot be taken for a version or for the latest one."""
    text = str(alias)
    if (
        not _ALIAS.fullmatch(text)
        or text.lower() == "latest"
        or re.fullmatch(r"v?\d+", text.lower())
    ):
        raise InvalidValue(
            "An alias has letters, digits, '_' and '-', and is neither 'latest' nor a version "
            f"such as 'v3', got {alias!r}."
        )
    return text
