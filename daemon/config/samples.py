"""What a record's value looks like."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from daemon.config.section import Section
from daemon.series_key import parse_series_key, series_key


class InputFormat(StrEnum):
    """How a record's value is encoded."""

    JSON = "json"
    WIDE_ARRAY = "wide_array"
    INFLUX = "influx"


class TimestampUnit(StrEnum):
    """Unit of numeric timestamps; text is always read as RFC 3339."""

    AUTO = "auto"
    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"


def _series(text: str) -> str:
    parse_series_key(text)
    return text


class InputSection(Section):
    """What a record's value looks like."""

    format: InputFormat = Field(
        default=InputFormat.JSON,
        description=(
            "json (one sample, an array, newline-separated, or a wide map: told apart record by "
            "record), wide_array (needs columns), or influx (line protocol)."
        ),
    )
    timestamp_unit: TimestampUnit = Field(
        default=TimestampUnit.AUTO,
        description=(
            "Unit of numeric timestamps. auto tells s, ms, us and ns apart by magnitude, for times "
            "from 1973 to 2286 (influx: ns)."
        ),
    )
    columns: list[Annotated[str, AfterValidator(_series)]] = Field(
        default=[],
        description=(
            "wide_array only: the series names of the value array, in order; "
            '`name` or `name{label="value"}`.'
        ),
    )
    record_bytes_max: int = Field(
        default=4 * 2**20,
        ge=64,
        le=2**30,
        description="Larger record values are dead-lettered unread.",
    )
    labels_max: int = Field(
        default=64, ge=1, le=1024, description="Samples with more labels are dropped and counted."
    )
    name_bytes_max: int = Field(
        default=1024,
        ge=16,
        le=65_536,
        description=(
            "Bytes of a series' name and labels together; longer ones are dropped and counted."
        ),
    )
    value_abs_max: float = Field(
        default=1e100,
        gt=0,
        le=1e100,
        description=(
            "Values beyond this magnitude are dropped and counted (their square must stay finite)."
        ),
    )

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        if (self.format is InputFormat.WIDE_ARRAY) != bool(self.columns):
            msg = "columns must be given with format wide_array, and only then"
            raise ValueError(msg)
        read = (parse_series_key(text) for text in self.columns)
        if len({series_key(name, labels.items()) for name, labels in read}) != len(self.columns):
            msg = "columns names a series twice"
            raise ValueError(msg)
        return self
