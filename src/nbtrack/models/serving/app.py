"""The scoring server: ``/invocations``, ``/ping``, ``/health``, ``/version``."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib import metadata
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidInput, MissingExtra
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.serving.protocol import JSON, UnsupportedType, score

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_log = logging.getLogger(__name__)


def scoring_app(model: PyFuncModel, *, timeout_s: float = 60.0) -> Starlette:
    """An ASGI app that scores with ``model``; raises `MissingExtra` without starlette."""
    try:
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, Response
        from starlette.routing import Route
    except ImportError as error:
        raise _missing() from error

    def refusal(status: int, code: str, message: str) -> Response:
        told = json.dumps({"error_code": code, "message": message})
        return Response(told, status, media_type=JSON)

    async def invocations(request: Request) -> Response:
        body = await request.body()
        content_type = request.headers.get("content-type", "")
        try:
            # In a thread: a model that computes must not keep the server from its pings.
            answer = await asyncio.wait_for(
                asyncio.to_thread(score, model, body, content_type), timeout_s
            )
        except UnsupportedType as error:
            return PlainTextResponse(str(error), 415)
        except InvalidInput as error:
            return refusal(400, "BAD_REQUEST", str(error))
        except TimeoutError:
            return refusal(504, "TIMEOUT", f"The model took longer than {timeout_s:g} s.")
        except Exception as error:  # noqa: BLE001 - the model's own, of whatever library
            # The trace is for whoever runs the server, not for whoever asks it.
            _log.exception("The model failed.")
            return refusal(400, "BAD_REQUEST", f"The model failed: {type(error).__name__}: {error}")
        return Response(answer, media_type=JSON)

    async def ping(_: Request) -> Response:
        return Response("\n", media_type=JSON)

    async def version(_: Request) -> Response:
        return PlainTextResponse(metadata.version("nbtrack"))

    return Starlette(
        routes=[
            Route("/invocations", invocations, methods=["POST"]),
            Route("/ping", ping),
            Route("/health", ping),
            Route("/version", version),
        ]
    )


def serve(model: PyFuncModel, *, host: str, port: int, timeout_s: float = 60.0) -> None:
    """Serve the model until the process is told to stop."""
    app = scoring_app(model, timeout_s=timeout_s)
    try:
        import uvicorn
    except ImportError as error:
        raise _missing() from error
    uvicorn.run(app, host=host, port=port, log_level="info", access_log=False)


def _missing() -> MissingExtra:
    return MissingExtra("Serving needs starlette and uvicorn: pip install 'nbtrack[serve]'.")
