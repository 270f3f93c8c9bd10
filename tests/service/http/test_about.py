"""Routes about the service: `daemon.http.about`."""

from __future__ import annotations

from dataclasses import replace

import httpx
from msgspec import structs

from daemon.records import InputPartition
from shown import World


def test_the_configuration_is_shown_without_secrets(client: httpx.Client, world: World) -> None:
    """Everything in effect, the password as asterisks."""
    answer = client.get("/api/v1/config")

    assert "a-very-secret-word" not in answer.text
    assert answer.json()["config"]["kafka"]["sasl_password"] == "**********"
    assert answer.json()["config"]["framing"]["interval"] == world.config.framing.interval


def test_the_build_says_which_program_and_settings(client: httpx.Client, world: World) -> None:
    """Enough to compare two processes."""
    build = client.get("/api/v1/build").json()

    assert build["application_id"] == world.config.application_id
    assert build["config_hash"] == world.model.about.config_hash
    assert build["interval_s"] == 1.0


def test_the_status_counts_and_says_how_far_it_is(client: httpx.Client, world: World) -> None:
    """Figures of the whole process and of each partition."""
    status = client.get("/api/v1/status").json()

    assert (status["alive"], status["ready"]) == (True, True)
    assert status["groups"] == len(world.services)
    assert status["series"] == 4 * len(world.services)
    assert status["incidents_open"] == 1
    assert status["partitions"][0]["topic"] == "metrics"
    assert status["partitions"][0]["next_offset"] == world.pipeline.next_offset


def test_the_status_names_groups_that_are_scattered(client: httpx.Client, world: World) -> None:
    """With the partitions they arrive in; none as long as each is whole."""
    before = client.get("/api/v1/status").json()["scattered"]
    view = world.model.view
    known = next(iter(view.groups.values()))
    elsewhere = structs.replace(known.identity, partition=InputPartition("metrics", 9))
    twin = structs.replace(known, identity=elsewhere)

    world.model.view = replace(view, groups={**view.groups, "twin": twin})
    after = client.get("/api/v1/status").json()["scattered"]

    assert before == []
    assert after == [
        {
            "group": known.identity.name,
            "partitions": [
                {"topic": "metrics", "partition": known.identity.partition.partition},
                {"topic": "metrics", "partition": 9},
            ],
        }
    ]
