"""Twins of the kernels that read records by their shape, in plain Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import naive_json as naive

CUT = re.compile(rb'"(?:[^"\\]|\\[\s\S])*(?:"|\\?\Z)|([-0-9][-+.0-9eE]*|null)')
NUMBER_OR_NULL = rb"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|null)"

Cuts = list[tuple[int, int]]
Sample = tuple[int, int, float, int]


class Shape(NamedTuple):
    """Text between the numbers; what each number is (`None`, a series, a part's time in a string).

    `parts` has samples and whether there is a time, for each.
    """

    gaps: tuple[bytes, ...]
    kinds: tuple[int | str | None, ...]
    parts: tuple[tuple[int, bool], ...]


def is_null(buffer: bytes, position: int, stop: int) -> bool:
    """Compare."""
    return buffer[position:stop][:4] == b"null"


def find_numbers(buffer: bytes, start: int, stop: int) -> Cuts:
    """Step over strings and collect the rest."""
    found = CUT.finditer(buffer[start:stop])
    return [(m.start(1) + start, m.end(1) + start) for m in found if m.group(1)]


def gaps_of(text: bytes) -> tuple[bytes, ...]:
    """Cut the numbers out."""
    edges = [0, *(edge for cut in find_numbers(text, 0, len(text)) for edge in cut), len(text)]
    return tuple(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))


def shape_key(gaps: Sequence[bytes], seed: int) -> int:
    """Take each text's hash as the seed of the next one's."""
    for gap in gaps:
        seed = naive.hash_bytes(gap, 0, len(gap), seed)
    return seed - 2**64 if seed >= 2**63 else seed


def place_shapes(slots: Sequence[int], keys: Sequence[int], first: int) -> Sequence[int]:
    """Each goes to the first free slot from the one its hash names."""
    return naive.place_entries(slots, [[key] for key in keys], first)


def match_shape(text: bytes, shape: Shape) -> tuple[list[tuple[int, float]], list[int]] | None:
    """Series and value of each sample and the times as written, if the text has the shape."""
    pattern = NUMBER_OR_NULL.join(re.escape(gap) for gap in shape.gaps)
    found = re.fullmatch(pattern, text)
    if found is None:
        return None
    samples, times = [], []
    for number, kind in zip(found.groups(), shape.kinds, strict=True):
        if isinstance(kind, str):
            if naive.read_number(number, 0, len(number))[2] < 0:
                return None
            times.append(int(number))
        elif kind is not None:
            samples.append((kind, float("nan") if number == b"null" else float(number)))
    return samples, times


def find_shape(text: bytes, shapes: Sequence[Shape]) -> int:
    """Look for the text without its numbers."""
    return next((at for at, shape in enumerate(shapes) if shape.gaps == gaps_of(text)), -1)


def finish_record(
    parts: Sequence[tuple[int, bool]], times: Sequence[int], own: int, scale: int
) -> list[int]:
    """Time of each sample."""
    given = iter(times)
    each = [naive.whole_time(next(given), scale) if timed else own for _, timed in parts]
    return [time for time, (count, _) in zip(each, parts, strict=True) for _ in range(count)]


def read_shapes(
    records: Mapping[int, bytes | None],
    own: Sequence[int],
    shapes: Sequence[Shape],
    scale: int,
    bytes_max: int,
) -> dict[int, list[Sample]]:
    """Collect the samples of each row that is read."""
    read: dict[int, list[Sample]] = {}
    for row, text in records.items():
        if not text or len(text) > bytes_max:
            continue
        at = find_shape(text, shapes)
        found = match_shape(text, shapes[at]) if at >= 0 else None
        if found is None:
            continue
        times = finish_record(shapes[at].parts, found[1], own[row], scale)
        pairs = zip(found[0], times, strict=True)
        read[row] = [(series, time, value, row) for (series, value), time in pairs]
    return read
