"""Services ranked by their best series, with the labels, roles and times of their own."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.config import IncidentsSection
from daemon.events import Role
from daemon.evidence import Standing
from daemon.records import Series
from daemon.suspects import describe_services, service_of
from verdicts import MINUTE

LABELS = ["service", "app"]


def series(name: str, **labels: str) -> Series:
    """Make a series with labels."""
    return Series(name, tuple(sorted(labels.items())), name, "shop", -1)


MEMBERS = (
    series("a", service="cart"),
    series("b", service="cart"),
    series("c", app="db"),
    series("d", service="web"),
    series("e", host="h"),
)


def test_the_first_label_a_series_has_names_its_service() -> None:
    """Labels are asked in the order of the configuration; an empty value is none."""
    assert service_of(series("x", app="b", service="a"), LABELS) == "a"
    assert service_of(series("x", app="b", service=""), LABELS) == "b"
    assert service_of(series("x", host="h"), LABELS) is None
    assert service_of(series("x", service="a"), []) is None


@pytest.mark.parametrize("called", ["destination_workload", "peer.service", "dst_service"])
def test_a_call_tells_of_the_service_that_is_called(called: str) -> None:
    """By default, whoever measured how long it took."""
    labels = IncidentsSection().service_labels
    call = series("call_seconds", **{"service": "web", "job": "web", called: "cart"})

    assert service_of(call, labels) == "cart"
    assert service_of(series("cpu", service="web", job="node"), labels) == "web"


def test_services_rank_by_their_best_series() -> None:
    """Two series of 0.3 do not outrank one of 0.4; who contributes nothing is not named."""
    shares = np.array([0.3, 0.3, 0.4, 0.0, 0.0])

    ranked = describe_services(MEMBERS, shares, LABELS, 10)

    assert [(each.name, each.contribution, each.series) for each in ranked] == [
        ("db", 0.4, "c"),
        ("cart", 0.3, "a"),
    ]


def test_ties_stand_in_order_of_name_and_the_list_is_cut() -> None:
    """Equal shares repeat their bytes."""
    shares = np.array([0.25, 0.0, 0.25, 0.25, 0.25])

    ranked = describe_services(MEMBERS, shares, LABELS, 2)

    assert [each.name for each in ranked] == ["cart", "db"]


def test_a_service_is_what_its_worst_series_is() -> None:
    """A culprit makes it one, and the earliest of its series tells since when."""
    shares = np.full(5, 0.2)
    standing = Standing(
        roles={"a": Role.VICTIM, "b": Role.CULPRIT, "c": Role.VICTIM},
        since={"a": 9 * MINUTE, "b": 7 * MINUTE},
    )

    cart, db, web = describe_services(MEMBERS, shares, LABELS, 10, standing)

    assert (cart.role, cart.since) == (Role.CULPRIT, "1970-01-01T00:07:00Z")
    assert (db.role, db.since) == (Role.VICTIM, None)
    assert web.role is None
