"""Keys that bring every group of a file to one partition."""

from __future__ import annotations

import pytest

from daemon.config import Config
from daemon.files.keys import GroupKeys
from streams import record_batch

WIDE = b'{"timestamp":1750000000,"labels":{"service":"a","host":"h"},"values":{"cpu":1,"mem":2}}'
FLAT = b'{"name":"up","labels":{"service":"b"},"timestamp":1750000000,"value":1}'


def keys(values: list[bytes], **sections: object) -> list[bytes | None]:
    """Key records under a configuration that groups by service, with changes to its sections."""
    base = {"grouping": {"group_by": ["service"]}}
    return GroupKeys(Config.model_validate(base | sections)).keys(record_batch(values))


def test_a_record_is_keyed_by_its_group() -> None:
    """Wide maps and flat samples alike, and one that lacks the label."""
    assert keys([WIDE, FLAT, b'{"name":"up","value":1}', WIDE]) == [b"a", b"b", b"(none)", b"a"]


def test_several_labels_make_a_key_in_configured_order() -> None:
    """The key is the very name of the group, percent-escapes and all."""
    grouping = {"group_by": ["host", "service"]}

    found = keys([WIDE, WIDE.replace(b'"h"', b'"h,1"')], grouping=grouping)

    assert found == [b"h,a", b"h%2C1,a"]


def test_without_labels_to_group_by_all_records_share_a_key() -> None:
    """One group is one partition."""
    assert keys([WIDE, FLAT], grouping={"group_by": []}) == [b"all", b"all"]


def test_series_rules_are_applied_first() -> None:
    """A group that comes from a relabelled label is the one the service finds."""
    rule = {"source_labels": ["host"], "target_label": "service", "replacement": r"on-\1"}

    assert keys([WIDE], series={"relabel": [rule]}) == [b"on-h"]


@pytest.mark.parametrize(
    "value",
    [
        b"[" + WIDE + b"," + FLAT + b"]",
        b"neither",
        b'{"labels":{"service":"a"},"values":{}}',
        b'{"name":"up","labels":{"service":"a"},"value":null}',
    ],
)
def test_what_has_no_one_group_has_no_key(value: bytes) -> None:
    """Several groups in one record, what cannot be read, and what holds no value."""
    assert keys([WIDE, value]) == [b"a", None]


def test_an_array_of_one_group_has_its_key() -> None:
    """What counts is the group, not the shape."""
    assert keys([b"[" + WIDE + b"," + WIDE + b"]"]) == [b"a"]
