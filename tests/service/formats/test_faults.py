"""Decoding errors are sorted into the fixed set of reasons."""

from __future__ import annotations

import msgspec
import pytest

from daemon.formats.faults import JSON_ERRORS, DecodeFault, json_fault


class Node(msgspec.Struct):
    """A part of the test; members it does not know are skipped."""

    text: str = ""


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", DecodeFault.NOT_JSON),
        (b'{"x":' * 100_000, DecodeFault.NOT_JSON),
        (b'{"text":"\xff"}', DecodeFault.NOT_UTF8),
        (b"[]", DecodeFault.WRONG_TYPE),
    ],
    ids=lambda p: repr(p)[:20],
)
def test_sorting(payload: bytes, reason: DecodeFault) -> None:
    """Each error has one reason and a sentence."""
    with pytest.raises(JSON_ERRORS) as caught:
        msgspec.json.decode(payload, type=Node)

    fault = json_fault(caught.value)

    assert fault.reason is reason
    assert fault.detail
