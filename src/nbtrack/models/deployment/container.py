"""A container's context: a Dockerfile, pinned requirements, the model, and nothing else.

The image serves on port 8080 as SageMaker's containers do: it is started with the
argument ``serve``, and answers ``/ping`` and ``/invocations``.
"""

from __future__ import annotations

import platform
import re
import shutil
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from nbtrack.errors import InvalidValue
from nbtrack.models.bundle import Bundle, inside
from nbtrack.models.environment import REQUIREMENTS, read_requirements

PORT = 8080
_HOME = "/opt/nbtrack"
_PYTHON = re.compile(r"3\.\d+(\.\d+)?")
# Ways in which an index or an address brings a password along.
_SECRET = re.compile(r"//[^/@\s]+:[^/@\s]*@|[?&](?:token|key|sig|password)=", re.IGNORECASE)


def write_context(
    bundle: Bundle,
    target: Path,
    *,
    trusted: bool = False,
    nbtrack: str | None = None,
    base_image: str | None = None,
) -> Path:
    """Write the context to the new folder ``target``: ``docker build TARGET`` makes the image.

    Parameters
    ----------
    trusted : whether the image may run code that the model brings.
    nbtrack : what pip installs for nbtrack, or the path of a wheel of it, which is copied;
        default, this version.
    base_image : default, the slim Python of the version that saved the model.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidValue(f"{target} is there already; a context is written to a new folder.")
    lines = read_requirements(bundle.path)
    wheel = None if nbtrack is None or not nbtrack.endswith(".whl") else Path(nbtrack)
    if wheel is not None and not wheel.is_file():
        raise InvalidValue(f"There is no wheel {str(wheel)!r}.")
    if wheel is not None:
        server = f"nbtrack[serve] @ file://{_HOME}/{wheel.name}"
    else:
        server = nbtrack or f"nbtrack[serve]=={metadata.version('nbtrack')}"
    for line in (*lines, server):
        if _SECRET.search(line):
            name = urlsplit(line.partition("@")[2].strip() or line).hostname or line.split()[0]
            raise InvalidValue(
                f"A requirement holds a password or token (of {name}), and an image shows it to "
                "whoever has it; give pip its credentials when you build, as a build secret."
            )
    target.mkdir(parents=True, exist_ok=True)
    # Each file is asked whether it is one of the bundle's own: a link brings in no other.
    for file in sorted(bundle.path.iterdir()):
        inside(bundle.path, file.name)
    shutil.copytree(bundle.path, target / "model", ignore=shutil.ignore_patterns("__pycache__"))
    if wheel is not None:
        shutil.copyfile(wheel, target / wheel.name)
    (target / REQUIREMENTS).write_text("".join(f"{line}\n" for line in (*lines, server)), "utf-8")
    (target / "Dockerfile").write_text(
        _dockerfile(base_image or f"python:{_python(bundle)}-slim", wheel, trusted), "utf-8"
    )
    (target / ".dockerignore").write_text("*\n!Dockerfile\n!model\n!requirements.txt\n!*.whl\n")
    return target


def _dockerfile(base_image: str, wheel: Path | None, trusted: bool) -> str:
    if any(each.isspace() for each in base_image):
        raise InvalidValue(f"A base image's name has no spaces, got {base_image!r}.")
    wheel_line = "" if wheel is None else f"COPY {wheel.name} {_HOME}/{wheel.name}\n"
    return f"""\
FROM {base_image}
RUN useradd --system --uid 10001 --create-home nbtrack
COPY {REQUIREMENTS} {_HOME}/{REQUIREMENTS}
{wheel_line}\
RUN pip install --no-cache-dir -r {_HOME}/{REQUIREMENTS}
COPY model {_HOME}/model
ENV PYTHONUNBUFFERED=1 \\
    NBTRACK_SERVE_MODEL_URI={_HOME}/model \\
    NBTRACK_SERVE_HOST=0.0.0.0 \\
    NBTRACK_SERVE_PORT={PORT} \\
    NBTRACK_SERVE_TRUSTED={int(trusted)}
USER 10001
EXPOSE {PORT}
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true
ENTRYPOINT ["nbtrack", "models"]
CMD ["serve"]
"""


def _python(bundle: Bundle) -> str:
    told = bundle.flavors.get("python_function", {}).get("python_version")
    if isinstance(told, str) and _PYTHON.fullmatch(told):
        return told
    return platform.python_version()
