"""What every codec does, and the choice of one by configuration."""

from __future__ import annotations

from typing import Protocol

from daemon.config import InputFormat, InputSection
from daemon.formats.influx import InfluxCodec
from daemon.formats.json_samples import JsonCodec
from daemon.formats.wide_array import WideArrayCodec
from daemon.records import RecordBatch, SampleBatch
from daemon.series import SeriesTable


class Codec(Protocol):
    """What every format does."""

    def decode(self, batch: RecordBatch) -> SampleBatch:
        """Turn records into samples, in record order; never raises, whatever the bytes.

        Every sample that could be told apart is either in the batch or counted in `dropped`;
        what could not is in `dead_letters`, one for each record.
        """
        ...


def make_codec(section: InputSection, table: SeriesTable) -> Codec:
    """Build the codec of the configured format.

    Parameters
    ----------
    section : InputSection
        Format settings.
    table : SeriesTable
        The series of one partition. The codec caches its indices, so samples must be framed
        before the next batch is decoded.

    Returns
    -------
    Codec
        A codec for one partition.

    Raises
    ------
    ConfigError
        When the declared columns cannot be read.
    """
    codecs: dict[InputFormat, type[JsonCodec | WideArrayCodec | InfluxCodec]] = {
        InputFormat.JSON: JsonCodec,
        InputFormat.WIDE_ARRAY: WideArrayCodec,
        InputFormat.INFLUX: InfluxCodec,
    }
    return codecs[section.format](section, table)
