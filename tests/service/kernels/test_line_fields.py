"""Fields in the order of their names, against twins made of Python's own order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_lines as naive
from daemon.kernels import line_fields as kernels
from hebbstream.arrays import I64, U8


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


def fields_of(text: bytes, fields: list[naive.Field]) -> I64:
    """Make the array of fields whose names stand in a text, one after the other."""
    rows, at = [], 0
    for number, field in enumerate(fields):
        rows.append((at, len(field.name), number, number))
        at += len(field.name)
    assert at == len(text)
    return np.array(rows, dtype=np.int64).reshape(-1, kernels.FIELD_WIDTH)


@given(a=st.binary(max_size=4), b=st.binary(max_size=4))
def test_order_of_names_equals_the_twins(a: bytes, b: bytes) -> None:
    """As of their bytes, which is that of their characters."""
    found = kernels.compare_names(as_array(a + b), (0, len(a)), (len(a), len(b)))

    assert np.sign(found) == naive.compare_names(a, b)


@settings(max_examples=200)
@given(names=st.lists(st.binary(min_size=1, max_size=3), max_size=12))
def test_fields_are_ordered_as_by_the_twin(names: list[bytes]) -> None:
    """By name, unless two have one."""
    given_fields = [naive.Field(name, float(at)) for at, name in enumerate(names)]
    text = b"".join(names)
    fields = fields_of(text, given_fields)

    ordered = kernels.order_fields(as_array(text), fields, len(fields))

    expected = naive.order_fields(given_fields, kernels.UNSORTED_MAX)
    assert ordered == (expected is not None)
    if expected is not None:
        assert fields[:, kernels.FIELD_BITS].tolist() == [field.value for field in expected]


def test_much_work_is_left_as_by_the_twin() -> None:
    """Many fields are taken in their order only."""
    for count in (kernels.UNSORTED_MAX, kernels.UNSORTED_MAX + 1):
        names = [b"%04d" % at for at in range(count)]
        for order in (names, names[1:] + names[:1]):
            given_fields = [naive.Field(name, None) for name in order]
            text = b"".join(order)
            expected = naive.order_fields(given_fields, kernels.UNSORTED_MAX)
            ordered = kernels.order_fields(as_array(text), fields_of(text, given_fields), count)
            assert ordered == (expected is not None)
