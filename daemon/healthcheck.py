"""Asks a running service whether it is healthy, as a container's HEALTHCHECK does.

It speaks HTTP straight to the configured port: no proxy of the environment stands between.
"""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import Final

from daemon.config import ServerSection
from daemon.errors import DaemonError

#: Below the image's HEALTHCHECK timeout, so that the reason is printed rather than cut off.
TIMEOUT_SECONDS: Final = 4.0

_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - a key


class UnhealthyError(DaemonError):
    """The service does not answer, or answers that it is not well."""


def ask(
    section: ServerSection, path: str = "/healthz", timeout_seconds: float = TIMEOUT_SECONDS
) -> str:
    """Ask the service at the configured port of this machine how it is.

    Parameters
    ----------
    section : ServerSection
        Address and port the service listens on; a wildcard address is asked on loopback.
    path : str
        /healthz, or /readyz for the stricter question.
    timeout_seconds : float
        How long to wait for the connection, and for each read.

    Returns
    -------
    str
        The body of the answer, when its status is 200.

    Raises
    ------
    UnhealthyError
        When nobody answers in time, or with another status.
    """
    host = _LOOPBACK.get(section.host, section.host)
    connection = HTTPConnection(host, section.port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        msg = f"no answer from {host}:{section.port}{path}: {str(error) or type(error).__name__}"
        raise UnhealthyError(msg) from error
    finally:
        connection.close()
    if response.status != 200:
        msg = f"{host}:{section.port}{path} answers {response.status}: {body}"
        raise UnhealthyError(msg)
    return body
