"""Why a record, or a part of it, could not be decoded."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class DecodeFault(StrEnum):
    """Reason codes of dead letters: a metric label and a header, so a fixed set."""

    TOMBSTONE = "tombstone"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    COLUMN_COUNT = "column_count"
    BAD_LINE = "bad_line"


class Fault(NamedTuple):
    """A reason code, and a sentence for people."""

    reason: DecodeFault
    detail: str


#: What decoding JSON raises on bytes that are none, or are not what was asked for.
JSON_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def json_fault(error: Exception) -> Fault:
    """Sort one of JSON_ERRORS into a fault."""
    if isinstance(error, UnicodeDecodeError):
        return Fault(DecodeFault.NOT_UTF8, str(error))
    if isinstance(error, msgspec.ValidationError):
        return Fault(DecodeFault.WRONG_TYPE, str(error))
    return Fault(DecodeFault.NOT_JSON, str(error))
