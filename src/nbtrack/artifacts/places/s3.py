"""Artifacts in S3, or whatever speaks its language: MinIO, Ceph, R2 (``AWS_ENDPOINT_URL``).

A large file is an upload in parts, which S3 publishes when it is completed. One that
was interrupted is found again by its key, since the key is the hash of the content.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbtrack.artifacts.digest import Told
from nbtrack.artifacts.places.anywhere import FsspecPlace
from nbtrack.artifacts.places.parts import send_parts
from nbtrack.artifacts.places.patience import patiently
from nbtrack.errors import InvalidValue


class S3Place(FsspecPlace):
    """``s3://bucket/folder`` as a place."""

    # Patience is here, once, and not in three libraries on top of each other.
    options = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}  # noqa: RUF012

    @property
    def fs(self) -> Any:
        """The fsspec file system of S3."""
        opened = super().fs
        opened.retries = 1
        return opened

    def _write(self, path: str, data: bytes) -> None:
        self.fs.pipe_file(path, data)

    def _upload(self, path: str, source: Path, size: int, digest: str, told: Told) -> None:
        try:
            self._upload_parts(path, source, size, digest, told)
        except FileNotFoundError as error:
            # Another who sent the same has completed the upload that both had joined.
            if error.filename is not None or self._size(path) != size:
                raise

    def _upload_parts(self, path: str, source: Path, size: int, digest: str, told: Told) -> None:
        bucket, _, key = path.partition("/")
        of_object = {"Bucket": bucket, "Key": key}
        upload = {**of_object, "UploadId": self._upload_of(bucket, key)}
        known = patiently(lambda: self._parts_of(upload))

        def send(index: int, part: bytes) -> dict[str, Any]:
            number = index + 1
            if known.get(number) == hashlib.md5(part, usedforsecurity=False).hexdigest():
                return {"PartNumber": number, "ETag": f'"{known[number]}"'}
            sent = self.fs.call_s3("upload_part", **upload, PartNumber=number, Body=part)
            return {"PartNumber": number, "ETag": sent["ETag"]}

        try:
            parts = send_parts(source, size, digest, send, told)
        except InvalidValue:
            self.fs.call_s3("abort_multipart_upload", **upload)
            raise
        finished = {"MultipartUpload": {"Parts": parts}}
        patiently(lambda: self.fs.call_s3("complete_multipart_upload", **upload, **finished))

    def _upload_of(self, bucket: str, key: str) -> str:
        """The upload of that key which was interrupted, or is under way elsewhere; else a new."""
        for upload in patiently(lambda: list(self._uploads(bucket, key))):
            if upload["Key"] == key:
                return str(upload["UploadId"])
        made = patiently(lambda: self.fs.call_s3("create_multipart_upload", Bucket=bucket, Key=key))
        return str(made["UploadId"])

    def _uploads(self, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
        markers: dict[str, str] = {}
        while True:
            page = self.fs.call_s3(
                "list_multipart_uploads", Bucket=bucket, Prefix=prefix, **markers
            )
            yield from page.get("Uploads", ())
            if not page.get("IsTruncated"):
                return
            markers = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _parts_of(self, upload: dict[str, str]) -> dict[int, str]:
        """The parts that have arrived; their MD5, where the bucket's encryption leaves it so."""
        found: dict[int, str] = {}
        marker: dict[str, int] = {}
        while True:
            page = self.fs.call_s3("list_parts", **upload, **marker)
            for part in page.get("Parts", ()):
                found[part["PartNumber"]] = part["ETag"].strip('"')
            if not page.get("IsTruncated"):
                return found
            marker = {"PartNumberMarker": page["NextPartNumberMarker"]}

    def sweep(self, before: float, *, dry_run: bool = False) -> int:
        """Abort the uploads that nobody finished and that began before ``before``; bytes freed."""
        bucket, _, prefix = self.root.partition("/")
        freed = 0
        with self._refusals():
            for found in patiently(lambda: list(self._uploads(bucket, f"{prefix}/".lstrip("/")))):
                if found["Initiated"].timestamp() >= min(before, time.time()):
                    continue
                upload = {"Bucket": bucket, "Key": found["Key"], "UploadId": found["UploadId"]}
                page = self.fs.call_s3("list_parts", **upload)
                freed += sum(part["Size"] for part in page.get("Parts", ()))
                if not dry_run:
                    self.fs.call_s3("abort_multipart_upload", **upload)
        return freed
