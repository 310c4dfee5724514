"""Artifacts in Azure Blob Storage: ``abfs://container/folder``, ``az://…`` or ``abfss://…``.

A large file is a list of blocks, which appears as a blob when the list is confirmed.
A block is named by what it holds, so that those of an interrupted upload are found again.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from nbtrack.artifacts.digest import Told, digest_of
from nbtrack.artifacts.places.anywhere import FsspecPlace, sync_with
from nbtrack.artifacts.places.parts import send_parts
from nbtrack.artifacts.places.patience import patiently

# The patience of the SDK begins with fifteen seconds, and stands on top of ours.
_ONCE = {"retry_total": 0}


class AzurePlace(FsspecPlace):
    """A container, or a folder in one, as a place. adlfs finds the account and the credentials."""

    def _blob(self, path: str) -> Any:
        container, _, name = path.partition("/")
        return self.fs.service_client.get_blob_client(container, name)

    def _call(self, path: str, method: str, *args: Any, **options: Any) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        async def call() -> Any:
            async with self._blob(path) as blob:
                return await getattr(blob, method)(*args, **options, **_ONCE)

        try:
            return sync_with(self.fs, call)
        except ResourceNotFoundError as error:
            raise FileNotFoundError(str(error)) from error

    def _write(self, path: str, data: bytes) -> None:
        self._call(path, "upload_blob", io.BytesIO(data), length=len(data), overwrite=True)

    def _size(self, path: str) -> int | None:
        try:
            return int(patiently(lambda: self._call(path, "get_blob_properties")).size)
        except FileNotFoundError:
            return None

    def _range(self, path: str, start: int, end: int) -> bytes:
        from azure.core.exceptions import ResourceNotFoundError

        async def read() -> bytes:
            async with self._blob(path) as blob:
                stream = await blob.download_blob(offset=start, length=end - start, **_ONCE)
                return bytes(await stream.readall())

        try:
            return bytes(sync_with(self.fs, read))
        except ResourceNotFoundError as error:
            raise FileNotFoundError(str(error)) from error

    def _upload(self, path: str, source: Path, size: int, digest: str, told: Told) -> None:
        from azure.storage.blob import BlobBlock

        known = patiently(lambda: self._blocks_of(path))

        def send(index: int, part: bytes) -> str:
            # All ids of a blob must have one length.
            block = base64.b64encode(f"{index:06}-{digest_of(part)[:32]}".encode()).decode()
            if block not in known:
                self._call(path, "stage_block", block, io.BytesIO(part), length=len(part))
            return block

        blocks = send_parts(source, size, digest, send, told)
        listed = [BlobBlock(block_id=block) for block in blocks]
        try:
            patiently(lambda: self._call(path, "commit_block_list", listed))
        except Exception:
            # Another who sent the same was first, and with that the blocks were gone.
            if self._size(path) != size:
                raise

    def _blocks_of(self, path: str) -> set[str]:
        """The blocks that have arrived and are no blob yet. Azure drops them after a week."""
        try:
            _, waiting = self._call(path, "get_block_list", "all")
        except FileNotFoundError:
            return set()
        return {str(block.id) for block in waiting}

    def _remove(self, path: str) -> None:
        self._call(path, "delete_blob")

    def sweep(self, before: float, *, dry_run: bool = False) -> int:  # noqa: ARG002
        """Nothing: blocks that became no blob go by themselves, after a week."""
        return 0
