"""The HTTP port: /metrics, /healthz and /readyz, answered in a thread of its own.

Problems are `application/problem+json` (RFC 9457). The kernels release the interpreter's lock, so
this thread answers while the engine computes.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from daemon.config import ServerSection
from daemon.errors import ConfigError
from daemon.http.health import HealthState
from daemon.log import get_logger
from daemon.telemetry import Telemetry

log = get_logger(__name__)
_JSON = "application/json"
_PROBLEM = "application/problem+json"

#: A client that sends nothing for this long is dropped.
_CLIENT_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Response:
    """What a route answers."""

    status: HTTPStatus
    content_type: str
    body: bytes


class HttpServer:
    """Serves until closed; a context manager.

    Parameters
    ----------
    section : ServerSection
        Address and port; port 0 takes a free one.
    telemetry : Telemetry
        What /metrics shows.
    health : HealthState
        What /healthz and /readyz show.
    """

    def __init__(self, section: ServerSection, telemetry: Telemetry, health: HealthState) -> None:
        self._section = section
        self._telemetry = telemetry
        self._health = health
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._routes: dict[str, Callable[[str], Response]] = {
            "/metrics": self._metrics,
            "/healthz": self._healthz,
            "/readyz": self._readyz,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port that is listened on; the configured one before `start`."""
        return self._section.port if self._server is None else int(self._server.server_address[1])

    def start(self) -> None:
        """Listen and answer from now on.

        Raises
        ------
        ConfigError
            When the address cannot be listened on.
        """
        where = (self._section.host, self._section.port)
        try:
            self._server = _Server(where, self.respond)
        except OSError as error:
            reason = f"cannot listen on {where[0]}:{where[1]}: {error.strerror or error}"
            raise ConfigError([f"server.port: {reason}"]) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="http",
            daemon=True,
        )
        self._thread.start()
        log.info("http listens", host=self._section.host, port=self.port)

    def close(self) -> None:
        """Stop answering and free the port; may be called twice."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def respond(self, path: str, accept: str) -> Response:
        """Answer a GET of `path`; any path gives a response."""
        route = self._routes.get(path)
        if route is None:
            known = ", ".join(self._routes)
            return _problem(HTTPStatus.NOT_FOUND, f"there is no {path}; there are {known}")
        return route(accept)

    def _metrics(self, accept: str) -> Response:
        body, content_type = self._telemetry.exposition(accept)
        return Response(HTTPStatus.OK, content_type, body)

    def _healthz(self, _accept: str) -> Response:
        check = self._health.alive()
        status = HTTPStatus.OK if check.ok else HTTPStatus.SERVICE_UNAVAILABLE
        return Response(status, _JSON, _json({"alive": check.ok, "reason": check.reason}))

    def _readyz(self, _accept: str) -> Response:
        checks = self._health.readiness()
        ready = all(check.ok for check in checks)
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"ready": ready, "checks": [asdict(check) for check in checks]}
        return Response(status, _JSON, _json(body))


class _Server(ThreadingTCPServer):
    """Carries the answering function to the handlers; a slow client never delays the close.

    Not the HTTPServer of the standard library: that one looks its own name up when it binds.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, where: tuple[str, int], respond: Callable[[str, str], Response]) -> None:
        self.respond = respond
        if ":" in where[0]:
            self.address_family = socket.AF_INET6
        super().__init__(where, _Handler)

    def handle_error(self, _request: object, client_address: object) -> None:
        """Log a request that failed; a client that went away is nobody's concern."""
        error = sys.exception()
        if isinstance(error, OSError):
            log.debug("http client went away", client=str(client_address), error=str(error))
        else:
            log.error("http request failed", client=str(client_address), exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    """One connection: GET and HEAD, everything else is refused as a problem."""

    server: _Server
    server_version = "hebbstream"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _CLIENT_SECONDS_MAX

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what cannot be served, unknown methods among it, as a problem."""
        status = HTTPStatus(code)
        self.close_connection = True
        self._send(_problem(status, message or explain or status.phrase), with_body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep requests out of the log but at debug."""
        log.debug("http request", line=format % args)

    def _answer(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        self._send(self.server.respond(path, self.headers.get("Accept", "")), with_body=with_body)

    def _send(self, response: Response, *, with_body: bool) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(response.body)


def _problem(status: HTTPStatus, detail: str) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Response(status, _PROBLEM, _json(body))


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
