"""Asks a running service whether it is healthy, as a container's HEALTHCHECK does.

That happens every few seconds for ever, so this module imports nothing of the service, whose
compiled kernels alone take longer to import than the whole question does; it reads the two settings
it needs by itself. It speaks HTTP straight to the port: no proxy of the environment stands between.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import yaml

#: Below the image's HEALTHCHECK timeout, so that the reason is printed rather than cut off.
TIMEOUT_SECONDS: Final = 4.0
STANDARD_OUTPUT: Final = 1

#: What daemon.config.ServerSection has, too.
DEFAULT_HOST: Final = "0.0.0.0"  # noqa: S104 - compared, not listened on
DEFAULT_PORT: Final = 9464

_LOOPBACK: Final = {DEFAULT_HOST: "127.0.0.1", "": "127.0.0.1", "::": "::1"}


class UnhealthyError(Exception):
    """The service does not answer, or answers that it is not well."""


def where(config: Path | None, environ: Mapping[str, str]) -> tuple[str, int]:
    """Find out where the service with this configuration listens.

    Parameters
    ----------
    config : Path or None
        The YAML file of the service; None when it runs without one.
    environ : mapping of str to str
        Its environment, which wins over the file.

    Returns
    -------
    host : str
        Address to ask; loopback where the service listens on every address.
    port : int
        Port to ask.

    Raises
    ------
    UnhealthyError
        When the file cannot be read or the port is not a number: such a service does not run.
    """
    try:
        loaded: Any = None if config is None else yaml.safe_load(config.read_bytes())
        section = (loaded or {}).get("server") or {}
        host = environ.get("HEBBSTREAM__SERVER__HOST", section.get("host", DEFAULT_HOST))
        port = int(environ.get("HEBBSTREAM__SERVER__PORT", section.get("port", DEFAULT_PORT)))
    except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        msg = f"the configuration does not say where the service listens: {error}"
        raise UnhealthyError(msg) from error
    return _LOOPBACK.get(host, host), port


def ask(
    host: str, port: int, path: str = "/healthz", timeout_seconds: float = TIMEOUT_SECONDS
) -> str:
    """Ask the service how it is.

    Parameters
    ----------
    host, port : str, int
        Where it listens.
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
    connection = HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        msg = f"no answer from {host}:{port}{path}: {str(error) or type(error).__name__}"
        raise UnhealthyError(msg) from error
    finally:
        connection.close()
    if response.status != 200:
        msg = f"{host}:{port}{path} answers {response.status}: {body}"
        raise UnhealthyError(msg)
    return body


def check(config: Path | None, path: str = "/healthz") -> int:
    """Ask, and say the answer.

    Parameters
    ----------
    config : Path or None
        The YAML file of the service.
    path : str
        /healthz or /readyz.

    Returns
    -------
    int
        Exit code: 0 when all is well, else 1.
    """
    try:
        body = ask(*where(config, os.environ), path)
    except UnhealthyError as error:
        sys.stderr.write(f"hebbstream: {error}\n")
        return 1
    with suppress(OSError):  # full, closed or gone: the exit code is the answer
        os.write(STANDARD_OUTPUT, f"{body}\n".encode())
    return 0


def main() -> int:
    """Check the service that runs with the environment's configuration; returns the exit code."""
    config = os.environ.get("HEBBSTREAM_CONFIG")
    return check(Path(config) if config else None)
