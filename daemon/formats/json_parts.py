"""The parts of a JSON record: one value, an array of them, or one a line."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from daemon.formats.faults import JSON_ERRORS, DecodeFault, Fault, json_fault

P = TypeVar("P")

_BLANK = b" \t\r\n"


class PartReader(Generic[P]):
    """Reads a record as parts of one type, keeping the good ones when others are faulty.

    Parameters
    ----------
    part : type
        A msgspec Struct.
    """

    def __init__(self, part: type[P]) -> None:
        self.one = msgspec.json.Decoder(part)
        self._many = msgspec.json.Decoder(list[part])  # type: ignore[valid-type]
        self._raw = msgspec.json.Decoder(list[msgspec.Raw])

    def read(self, payload: bytes) -> list[P | Fault]:
        """Split a record.

        Parameters
        ----------
        payload : bytes
            The record's value.

        Returns
        -------
        list
            Its parts in order, faults in place of those that cannot be read; one fault when the
            record as a whole is none of the shapes.
        """
        if not payload.strip(_BLANK):
            return [Fault(DecodeFault.EMPTY, "the record's value is blank")]
        if payload.lstrip(_BLANK).startswith(b"["):
            return self._array(payload)
        whole = self._part(payload)
        if not isinstance(whole, Fault):
            return [whole]
        lines = [line for line in payload.split(b"\n") if line.strip(_BLANK)]
        if len(lines) < 2:
            return [whole]
        parts = [self._part(line) for line in lines]
        # One faulty object printed over many lines is one fault, not many.
        return [whole] if all(isinstance(part, Fault) for part in parts) else parts

    def _part(self, payload: bytes | msgspec.Raw) -> P | Fault:
        try:
            return self.one.decode(payload)
        except JSON_ERRORS as error:
            return json_fault(error)

    def _array(self, payload: bytes) -> list[P | Fault]:
        try:
            return list(self._many.decode(payload))
        except JSON_ERRORS:
            pass
        try:
            return [self._part(raw) for raw in self._raw.decode(payload)]
        except JSON_ERRORS as error:
            return [json_fault(error)]
