"""Pieces of JSON text, against twins made of regular expressions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_json as naive
from daemon.kernels import json_text

SIGNS = '{}[]":,\\ntelabs0159.-e+ \t\x01é'
texts = st.text(SIGNS, max_size=24).map(str.encode)


@settings(deadline=None)
@given(text=texts, start=st.integers(0, 24))
def test_pieces_equal_the_twins(text: bytes, start: int) -> None:
    """White space, strings and label sets end where the twins say, from anywhere in any text."""
    start, buffer = min(start, len(text)), np.frombuffer(text, dtype=np.uint8)
    for kernel, twin in (
        (json_text.skip_blank, naive.skip_blank),
        (json_text.skip_string, naive.skip_string),
        (json_text.skip_labels, naive.skip_labels),
    ):
        assert kernel(buffer, start, len(text)) == twin(text, start, len(text))
