"""Talking to a tracking server: who asks, how long is waited, what a refusal means."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from nbtrack.errors import InvalidValue, SourceUnavailable
from nbtrack.settings import told_mlflow

# MLflow's own variables, which whoever has a server has set.
_TIMEOUT = "HTTP_REQUEST_TIMEOUT"
_RETRIES = "HTTP_REQUEST_MAX_RETRIES"
PAGE = 1_000
# Not these answers, but what is in front of the server, or its load.
_PASSING = (408, 429, 500, 502, 503, 504)


class Server:
    """A server at ``uri``, asked as MLFLOW_TRACKING_TOKEN, or as _USERNAME with _PASSWORD, says.

    Raises `SourceUnavailable` where it refuses, or does not answer after several tries.
    """

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._headers = {
            "Accept": "application/json",
            **_identified(parts.username, parts.password),
        }
        host = parts.netloc.rpartition("@")[2]
        self.uri = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._timeout_s = _number(_TIMEOUT, 30)
        self._tries = 1 + int(_number(_RETRIES, 4))
        self._context: ssl.SSLContext | None = None
        if parts.scheme == "https" and told_mlflow("TRACKING_INSECURE_TLS") == "true":
            self._context = ssl.create_default_context()
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def ask(
        self, method: str, what: str, body: Mapping[str, Any], *, is_optional: bool = False
    ) -> dict[str, Any]:
        """A question of the REST API. With ``is_optional`` one that is unknown answers nothing."""
        where = f"/api/2.0/mlflow/{what}"
        if method == "GET":
            return self.get(f"{where}?{urlencode(body, doseq=True)}", is_optional=is_optional)
        return self._json(where, json.dumps(body).encode(), method, is_optional=is_optional)

    def get(self, where: str, *, is_optional: bool = False) -> dict[str, Any]:
        """What ``where`` answers, as JSON."""
        return self._json(where, None, "GET", is_optional=is_optional)

    def read(self, where: str) -> bytes:
        """The bytes at ``where``."""
        return self.send("GET", where)

    def _json(
        self, where: str, data: bytes | None, method: str, *, is_optional: bool
    ) -> dict[str, Any]:
        text = self.send(method, where, data, is_optional=is_optional)
        try:
            found = json.loads(text or b"{}")
        except ValueError as error:
            raise SourceUnavailable(
                f"{self.uri} does not answer as a tracking server of MLflow does; is it the "
                "address of one?"
            ) from error
        return found if isinstance(found, dict) else {}

    def send_json(self, method: str, what: str, **body: Any) -> None:
        """Tell the REST API something by another method."""
        self.send(method, f"/api/2.0/mlflow/{what}", json.dumps(body).encode())

    def all(
        self,
        what: str,
        key: str,
        *,
        method: str = "POST",
        page: int | None = PAGE,
        is_optional: bool = False,
        **asked: Any,
    ) -> Iterator[dict[str, Any]]:
        """All that a paged question answers; nothing where an old server does not know it."""
        token = ""
        while True:
            body = {
                **asked,
                **({"max_results": page} if page else {}),
                **({"page_token": token} if token else {}),
            }
            found = self.ask(method, what, body, is_optional=is_optional)
            yield from found.get(key, ())
            token = found.get("next_page_token", "")
            if not token:
                return

    def send(
        self,
        method: str,
        where: str,
        data: bytes | None = None,
        *,
        kind: str = "application/json",
        is_optional: bool = False,
    ) -> bytes:
        """Send a request until there is an answer; its body. ``kind`` is that of the data."""
        # Without one urllib would say that it is a form.
        told = {"Content-Type": kind or "application/octet-stream"} if data is not None else {}
        headers = {**self._headers, **told}
        request = urllib.request.Request(self.uri + where, data, headers, method=method)
        reason = ""
        for attempt in range(self._tries):
            if attempt:
                time.sleep(min(0.2 * 2**attempt, 5.0))
            try:
                with urllib.request.urlopen(
                    request, timeout=self._timeout_s, context=self._context
                ) as answer:
                    body: bytes = answer.read()
                    return body
            except urllib.error.HTTPError as error:
                with error:
                    reason = _told(error)
                if is_optional and error.code in (400, 404, 405, 501):
                    return b""
                if error.code in (401, 403):
                    raise SourceUnavailable(
                        f"{self.uri} refuses ({error.code}); set MLFLOW_TRACKING_TOKEN, or "
                        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
                    ) from error
                if error.code not in _PASSING:
                    raise SourceUnavailable(f"{self.uri} answers {error.code}: {reason}") from error
                reason = f"answers {error.code}: {reason}"
            except (OSError, http.client.HTTPException) as error:
                reason = f"does not answer ({getattr(error, 'reason', None) or error})"
        raise SourceUnavailable(
            f"{self.uri} {reason}, after {self._tries} tries. What came before that is kept: the "
            "same call goes on when it answers again."
        )


def _number(name: str, otherwise: float) -> float:
    text = told_mlflow(name)
    try:
        number = otherwise if text is None else float(text)
    except ValueError:
        number = -1
    if not 0 <= number < 100_000:
        raise InvalidValue(f"MLFLOW_{name} is a number, got {text!r}.")
    return number


def _identified(user: str | None, password: str | None) -> dict[str, str]:
    token = told_mlflow("TRACKING_TOKEN")
    user = user or told_mlflow("TRACKING_USERNAME")
    password = password or told_mlflow("TRACKING_PASSWORD")
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _told(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read(10_000).decode(errors="replace")
        found = json.loads(text)
        return str(found.get("message", found))[:300]
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return str(error.reason)
