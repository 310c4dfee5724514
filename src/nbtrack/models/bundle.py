"""A bundle: the folder that a model is kept in, described by its file ``MLmodel``.

The layout is MLflow's. Every path that the description names is a path inside of
the folder; one that leads out of it, by ``..``, by being absolute or by a link,
is refused before anything is opened.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel
from nbtrack.models.signature import ModelSignature

MLMODEL = "MLmodel"
PYFUNC = "python_function"
# A description is a few kilobytes; a signature of 100,000 columns is six megabytes.
_MLMODEL_MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Bundle:
    """What ``MLmodel`` says. ``fields`` is all of it, as it stands there."""

    path: Path
    flavors: Mapping[str, Mapping[str, Any]]
    signature: ModelSignature | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Bundle:
        """The bundle in the folder ``path``. Raises `InvalidModel`."""
        folder = Path(path)
        file = folder / MLMODEL
        try:
            if file.stat().st_size > _MLMODEL_MAX_BYTES:
                raise InvalidModel(f"{file} is too large to be a model's description.")
            text = file.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise InvalidModel(
                f"{folder} holds no model: it has no file {MLMODEL}. Save one with "
                "nbtrack.save_model(model, path)."
            ) from None
        except UnicodeDecodeError as error:
            raise InvalidModel(f"{file} is not text in UTF-8.") from error
        return cls.parse(text, folder)

    @classmethod
    def parse(cls, text: str, folder: Path) -> Bundle:
        """The bundle in ``folder`` that ``text`` describes."""
        import yaml

        file = folder / MLMODEL
        try:
            told = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (yaml.YAMLError, RecursionError) as error:
            problem = str(error).splitlines()[-1].strip()
            raise InvalidModel(f"{file} is not YAML that can be read: {problem}.") from error
        flavors = told.get("flavors") if isinstance(told, dict) else None
        if not isinstance(flavors, dict) or not all(
            isinstance(each, dict) for each in flavors.values()
        ):
            raise InvalidModel(f"{file} names no flavors, so nothing can load it.")
        signature = told.get("signature")
        if signature is not None and not isinstance(signature, dict):
            raise InvalidModel(f"{file} has a signature that does not read.")
        return cls(
            folder, flavors, ModelSignature.from_dict(signature) if signature else None, told
        )

    def file(self, relative: object) -> Path:
        """A file or folder of the bundle by its path in it, which must not lead out of it."""
        return inside(self.path, relative)

    @property
    def code_folder(self) -> Path | None:
        """The folder of the modules that the model brings, if it does."""
        code = self.flavors.get(PYFUNC, {}).get("code")
        return None if code is None else self.file(code)

    @property
    def run_id(self) -> str | None:
        """The run that logged it."""
        run = self.fields.get("run_id")
        return None if run is None else str(run)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the user kept with it."""
        kept = self.fields.get("metadata")
        return kept if isinstance(kept, dict) else {}


def inside(root: Path, relative: object) -> Path:
    """``root / relative``, which must exist and lie under ``root``, links followed."""
    text = str(relative)
    plain = posixpath.normpath(text)
    if (
        not isinstance(relative, str)
        or not text
        or "\\" in text
        or "\0" in text
        or ":" in text.split("/")[0]
        or posixpath.isabs(plain)
        or plain.split("/")[0] == ".."
    ):
        raise InvalidModel(
            f"The model names the path {text!r}, which is none inside of its folder."
        )
    path = root / plain
    home = root.resolve()
    if not path.resolve().is_relative_to(home):
        raise InvalidModel(f"The model's {text!r} is a link that leads out of its folder.")
    if not path.exists():
        raise InvalidModel(f"The model in {root} lacks its file {text!r}; was it copied whole?")
    if path.is_dir():
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                entry = Path(folder, name)
                if entry.is_symlink() and not entry.resolve().is_relative_to(home):
                    led = entry.relative_to(root).as_posix()
                    raise InvalidModel(f"The model's {led!r} is a link that leads out of it.")
    return path


def write_mlmodel(folder: Path, fields: Mapping[str, Any]) -> None:
    """Write the description of the bundle in ``folder``."""
    import yaml

    text = yaml.safe_dump(dict(fields), default_flow_style=False, allow_unicode=True, width=100)
    (folder / MLMODEL).write_text(text, encoding="utf-8")
