"""The OpenAPI document as text, for the repository and for those who generate clients."""

from __future__ import annotations

import json

from daemon.clock import SystemClock
from daemon.http.application import make_application
from daemon.http.context import Context
from daemon.http.health import HealthState
from daemon.http.stream import EventHub
from daemon.readmodel import About, ReadModel
from daemon.telemetry import Telemetry


def openapi_text() -> str:
    """Write the document that a running service gives at /openapi.json, indented."""
    clock = SystemClock()
    context = Context(
        ReadModel(About(), clock), Telemetry(clock, ""), HealthState(clock), EventHub(0, boot="")
    )
    return json.dumps(make_application(context).openapi(), indent=2, ensure_ascii=False) + "\n"
