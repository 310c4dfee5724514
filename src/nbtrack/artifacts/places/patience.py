"""Trying again what a network refused for a moment: a dropped connection, a server that is busy."""

from __future__ import annotations

import errno
import random
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

# Half a second, then twice as long each time: some fifteen seconds until one gives up.
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)

_PASSING_STATUS = frozenset((408, 425, 429, 500, 502, 503, 504))
# What s3fs makes of InternalError, SlowDown, ServiceUnavailable and OperationAborted.
_PASSING_ERRNO = frozenset((errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EIO)))
# Whoever reports a lost connection in a class of its own: botocore, aiohttp, azure-core.
_LOST_CONNECTION = frozenset(
    (
        *("HTTPClientError", "ClientConnectionError", "ClientPayloadError", "HTTPException"),
        *("EndpointConnectionError", "ServiceRequestError"),
        *("ServiceResponseError", "IncompleteReadError", "FSTimeoutError"),
    )
)


def patiently(operation: Callable[[], T]) -> T:
    """What ``operation`` returns; it is tried again as long as what it raises may pass."""
    for pause_s in PAUSES_S:
        try:
            return operation()
        except Exception as error:
            if not may_pass(error):
                raise
        # Not all that were refused together come back together.
        time.sleep(pause_s * random.uniform(0.5, 1.0))
    return operation()


def may_pass(error: BaseException) -> bool:
    """Whether the same call may succeed a moment later."""
    for cause in _causes(error):
        status = status_of(cause)
        if status is not None:
            return status in _PASSING_STATUS
        if isinstance(cause, (ConnectionError, TimeoutError)):
            return True
        if isinstance(cause, OSError) and cause.errno in _PASSING_ERRNO:
            return True
        if _LOST_CONNECTION.intersection(kind.__name__ for kind in type(cause).__mro__):
            return True
    return False


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an exception of botocore, aiohttp, azure-core or gcsfs carries."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = getattr(error, "status_code", None) or getattr(error, "status", None)
    return found if isinstance(found, int) else None


def reason_of(error: BaseException) -> str:
    """The first line of what an exception says, without the token that an address may carry."""
    for cause in _causes(error):
        line = next(iter(str(cause).strip().splitlines()), "")
        if line:
            return re.sub(r"\?\S*", "?…", line).rstrip(".")[:200]
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__
