"""The API keeps to its own description: generated requests against the OpenAPI document.

HEBBSTREAM_API_EXAMPLES sets how many requests are made up per operation beside the systematic
ones; `make test-api` asks for thousands.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
from schemathesis.specs.openapi.checks import positive_data_acceptance

from daemon.config import ServerSection
from daemon.http.headers import ENDLESS
from daemon.http.health import CHECKS
from daemon.http.openapi import openapi_text
from daemon.http.server import HttpServer
from daemon.mailbox import Mailbox
from daemon.readmodel.views import group_id
from shown import HOSTILE, PARTITION, World, broken_world, hearing

TOKEN = "only we know it"
EXAMPLES = int(os.environ.get("HEBBSTREAM_API_EXAMPLES", "10"))


def description() -> dict[str, Any]:
    """Read the description; group ids are those of the world that is served, and a wrong one."""
    document: dict[str, Any] = json.loads(openapi_text())
    ids = [group_id(PARTITION, name) for name in ("svc%20a", "svc%20b", "nowhere")]
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", ()):
            if (parameter["in"], parameter["name"]) == ("path", "group_id"):
                parameter["schema"]["enum"] = ids
    return document


@pytest.fixture(scope="module")
def world() -> World:
    """Return groups with hostile names beside two plain ones; every check of health holds."""
    world = broken_world(("svc a", "svc b", *HOSTILE))
    world.health.beat()
    for name in CHECKS:
        world.health.report(name, ok=True, reason="fine")
    return world


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[HttpServer]:
    """Serve that world on a free loopback port; what is said of it is heard."""
    mailbox = Mailbox()
    section = ServerSection(host="127.0.0.1", port=0, token=SecretStr(TOKEN))
    with (
        hearing(mailbox, world.pipeline),
        HttpServer(section, world.telemetry, world.health, world.model, mailbox) as running,
    ):
        yield running


schema = schemathesis.openapi.from_dict(description()).exclude(path=ENDLESS)


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_the_api_is_as_described(case: schemathesis.Case[Any], server: HttpServer) -> None:
    """What fits is answered as described, what does not fit is refused as described."""
    # Which fields of what is said need each other is told in words only.
    excused: list[Any] = [positive_data_acceptance] if case.method == "POST" else []
    base_url = f"http://127.0.0.1:{server.port}"
    login = {"Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(base_url=base_url, headers=login, excluded_checks=excused)


def test_an_incident_is_as_described(world: World, server: HttpServer) -> None:
    """The answer with the fullest explanation has exactly the fields it is said to have."""
    operation = schema["/api/v1/incidents/{incident_id}"]["GET"]

    for incident_id in world.model.view.incidents:
        case = operation.Case(path_parameters={"incident_id": incident_id})
        answer = case.call_and_validate(base_url=f"http://127.0.0.1:{server.port}")
        assert answer.status_code == 200
