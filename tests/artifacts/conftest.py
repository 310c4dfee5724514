"""Real places for artifacts, each behind a network that can fail."""

from __future__ import annotations

import uuid
import warnings
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from nbtrack.artifacts.places import open_place, patience
from nbtrack.artifacts.places import parts as parts_module
from nbtrack.artifacts.places.folder import ArtifactFolder
from nbtrack.artifacts.places.place import ArtifactPlace
from tests.artifacts import azurite
from tests.artifacts.faults import FaultyNetwork

MB = 1 << 20


@dataclass
class Stand:
    """A place to try, the network before it, and how to reach behind it."""

    place: ArtifactPlace
    network: FaultyNetwork | None = None
    # What a request looks like that carries one part of a large file.
    is_part: object = None
    _raw: object = field(default=None, repr=False)

    def damage(self, digest: str, data: bytes) -> None:
        """Put other bytes where an artifact stands."""
        if isinstance(self.place, ArtifactFolder):
            self.place.path_of(digest).write_bytes(data)
        else:
            self.place.fs.pipe_file(self.place.path_of(digest), data)

    def visible(self) -> list[str]:
        """Every name that somebody who lists the place would see, but for owners."""
        if isinstance(self.place, ArtifactFolder):
            found = [
                str(p.relative_to(self.place.path))
                for p in self.place.path.rglob("*")
                if p.is_file()
            ]
        else:
            found = [
                path.removeprefix(f"{self.place.root}/")
                for path, _, _ in self.place._listed(self.place.root)
            ]
        return sorted(name for name in found if not name.startswith("owners/"))


@pytest.fixture(scope="session")
def s3_server():
    """The S3 API of moto, and a faulty network before it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        _refuse_parts_of_no_upload()
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    network = FaultyNetwork(server.get_host_and_port()[1])
    yield network
    network.close()
    server.stop()


def _refuse_parts_of_no_upload() -> None:
    """Answer as S3 does to a part of an upload that was completed meanwhile; moto breaks."""
    from moto.s3.exceptions import NoSuchUpload
    from moto.s3.models import S3Backend

    upload_part = S3Backend.upload_part

    def as_s3_does(self, bucket_name, multipart_id, part_id, value):
        try:
            return upload_part(self, bucket_name, multipart_id, part_id, value)
        except KeyError:
            raise NoSuchUpload(upload_id=multipart_id) from None

    S3Backend.upload_part = as_s3_does


@pytest.fixture(scope="session")
def azure_server():
    """Azurite, and a faulty network before it."""
    with azurite.running() as port:
        network = FaultyNetwork(port)
        yield network
        network.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Pauses pass at once, and parts are small, so that a file of some MB is a large one."""
    monkeypatch.setattr(patience, "PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(parts_module, "PART_BYTES", 5 * MB)


@pytest.fixture
def s3(s3_server, monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3_server.port}",
    }.items():
        monkeypatch.setenv(name, value)
    s3_server.heal()
    bucket = f"bucket-{uuid.uuid4().hex}"
    place = open_place(f"s3://{bucket}/team/files")
    place.fs.mkdir(bucket)
    yield Stand(place, s3_server, lambda method, path: "partNumber" in path and method == "PUT")
    s3_server.heal()


@pytest.fixture
def azure(azure_server, monkeypatch):
    azure_server.heal()
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string(azure_server.port)
    )
    container = f"container-{uuid.uuid4().hex}"
    place = open_place(f"abfs://{container}/team/files")
    place.fs.mkdir(container)
    yield Stand(place, azure_server, lambda method, path: "comp=block&" in f"{path}&")
    azure_server.heal()


@pytest.fixture
def folder(tmp_path):
    return Stand(ArtifactFolder(tmp_path / "artifacts"))


@pytest.fixture
def memory():
    place = open_place(f"memory://{uuid.uuid4().hex}/files")
    yield Stand(place)
    with suppress(FileNotFoundError):
        place.fs.rm(place.root.rpartition("/")[0], recursive=True)


PLACES = ("folder", "memory", "s3", "azure")
NETWORKS = ("s3", "azure")


@pytest.fixture(params=PLACES)
def stand(request):
    """Each place in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=NETWORKS)
def far(request):
    """Each place behind a network in turn."""
    return request.getfixturevalue(request.param)
