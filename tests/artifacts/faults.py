"""The network between a client and a real server, with what networks do: a proxy that fails."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyNetwork:
    """Passes requests on to the server at ``port``, but for those that a fault takes.

    A fault is a function of (method, path with query); what it returns happens to the
    request: ``"drop"`` (half of the body is read, then the connection is gone), ``"busy"``
    (503), ``"cut"`` (half of the answer comes), or ``None``. ``seen`` lists all requests.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self.fault: Callable[[str, str], str | None] = lambda method, path: None
        self.seen: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                outer.seen.append((self.command, self.path))
                outer._answer(self, outer.fault(self.command, self.path))

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, kind: str, when: Callable[[str, str], bool], times: int = 1) -> None:
        """Let the next ``times`` requests of which ``when`` is true fail as ``kind``."""
        left, lock = [times], threading.Lock()

        def fault(method: str, path: str) -> str | None:
            with lock:
                if left[0] and when(method, path):
                    left[0] -= 1
                    return kind
            return None

        self.fault = fault

    def heal(self) -> None:
        self.fault = lambda method, path: None
        self.seen.clear()

    def _answer(self, request: BaseHTTPRequestHandler, fault: str | None) -> None:
        size = int(request.headers.get("Content-Length", 0))
        if fault == "drop":
            request.rfile.read(size // 2)
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self._body(request, size)
        if fault == "busy":
            request.send_response(503)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream)
        upstream.request(request.command, request.path, body, dict(request.headers))
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        request.send_response_only(answer.status)
        dropped = ("transfer-encoding", "connection", "content-length")
        for name, value in answer.getheaders():
            if name.lower() not in dropped:
                request.send_header(name, value)
        told = answer.getheader("Content-Length") if request.command == "HEAD" else len(data)
        request.send_header("Content-Length", str(told or 0))
        request.end_headers()
        if fault == "cut":
            request.wfile.write(data[: len(data) // 2])
            request.close_connection = True
            return
        request.wfile.write(data)

    @staticmethod
    def _body(request: BaseHTTPRequestHandler, size: int) -> bytes:
        if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return request.rfile.read(size)
        pieces = []
        while length := int(request.rfile.readline().split(b";")[0], 16):
            pieces.append(request.rfile.read(length))
            request.rfile.readline()
        request.rfile.readline()
        del request.headers["Transfer-Encoding"]
        request.headers["Content-Length"] = str(sum(map(len, pieces)))
        return b"".join(pieces)
