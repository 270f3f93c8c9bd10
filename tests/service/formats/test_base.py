"""The configured format decides the codec."""

from __future__ import annotations

import pytest

from codecs_under_test import codec_of
from daemon.config import InputFormat, InputSection
from daemon.formats.influx import InfluxCodec
from daemon.formats.json_samples import JsonCodec
from daemon.formats.wide_array import WideArrayCodec


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        (InputSection(), JsonCodec),
        (InputSection(format=InputFormat.WIDE_ARRAY, columns=["a"]), WideArrayCodec),
        (InputSection(format=InputFormat.INFLUX), InfluxCodec),
    ],
    ids=[each.value for each in InputFormat],
)
def test_every_format_has_its_codec(section: InputSection, kind: type) -> None:
    """Each format is decoded by its own codec."""
    assert isinstance(codec_of(section)[0], kind)
