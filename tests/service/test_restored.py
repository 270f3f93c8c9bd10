"""What is told of a partition that goes on: `daemon.restored`."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from daemon.pipeline import PartitionPipeline
from daemon.restored import tell_restored
from daemon.snapshots import Origin
from streams import PARTITION, sections


@pytest.mark.parametrize(
    ("build", "old_knobs", "expected"),
    [
        ({"numba": "1"}, 0, ["state restored"]),
        ({"numba": "2"}, 0, ["state restored", "state was written by another build"]),
        ({"numba": "1"}, 3, ["state restored", "detectors keep the knobs"]),
    ],
)
def test_what_is_not_as_it_was_is_warned_of(
    build: dict[str, str], old_knobs: int, expected: list[str]
) -> None:
    """The place and the groups always; another build and knobs that need other sizes as well."""
    pipeline = PartitionPipeline(PARTITION, sections())
    pipeline.next_offset, pipeline.old_knobs = 40, old_knobs

    with capture_logs() as logged:
        tell_restored(pipeline, Origin(build={"numba": "1"}), build, ahead=2)

    told = [line["event"] for line in logged]
    assert len(told) == len(expected)
    assert all(map(str.startswith, told, expected))
    assert (logged[0]["next_offset"], logged[0]["groups"], logged[0]["events_ahead"]) == (40, 0, 2)
