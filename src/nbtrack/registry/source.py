"""What a version is made of: a folder that a run keeps, and the digest of what is in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.registry.finding import find_uri

if TYPE_CHECKING:
    from nbtrack.store import Store

_SCHEME = "runs:/"


@dataclass(frozen=True, slots=True)
class Source:
    """``digest`` is BLAKE2b-256 over the paths and digests of the files below ``path``."""

    run_id: str
    path: str
    digest: str


def source_of(store: Store, model_uri: object) -> Source:
    """What ``model_uri`` names: ``runs:/<run>/<path>``, or what is registered already.

    The run may be named as people name it. An object with a ``model_uri`` will do. Raises
    `InvalidValue` where there is nothing of the kind, `RunNotFound` or `ModelNotFound`.
    """
    from nbtrack.store import find_run, run_artifacts

    uri = str(getattr(model_uri, "model_uri", None) or getattr(model_uri, "uri", model_uri))
    if uri.startswith("models:"):
        registered = find_uri(store, uri)
        return Source(registered.run_id, registered.path, registered.digest)
    run, _, path = uri.removeprefix(_SCHEME).lstrip("/").partition("/")
    path = path.strip("/")
    if not uri.startswith(_SCHEME) or not run or not path:
        raise InvalidValue(
            f"A version is what a run keeps: runs:/<run>/<path>, or a folder with a model in it; "
            f"{uri!r} is neither. Log a model with nbtrack.log_model, and register what that gives."
        )
    run_id = find_run(store, run, lifecycle="all")
    kept = {artifact.path: artifact.digest for artifact in run_artifacts(store, run_id)}
    files = {each: digest for each, digest in kept.items() if f"{each}/".startswith(f"{path}/")}
    if not files:
        folders = sorted({each.partition("/")[0] for each in kept})[:5]
        listed = ", ".join(folders) or "nothing"
        raise InvalidValue(f"Run {run!r} keeps nothing under {path!r} (it keeps: {listed}).")
    return Source(run_id, path, _manifest_digest(path, files))


def _manifest_digest(path: str, files: dict[str, str]) -> str:
    hasher = hashlib.blake2b(digest_size=32)
    for each, digest in sorted(files.items()):
        hasher.update(f"{each.removeprefix(path)}\0{digest}\n".encode())
    return hasher.hexdigest()
