"""Logs: one JSON object a line on standard output, ours and kafka-python's alike.

A line has `ts` (RFC 3339, UTC), `level`, `logger`, `msg` (a constant text) and fields. Payloads are
never logged, and fields whose name says secret are masked. docs/operations.md lists every error.

Whoever logs is not troubled by a stream that takes nothing, as on a full disk or a pipe that nobody
reads: the line is lost and counted. A pipe that is full is waited for, but not for every line.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from daemon.config import LoggingSection
from daemon.errors import OutputError
from daemon.outlet import write_some

#: kafka-python tells of every fetch and rebalance at info; that is debugging to our readers.
FOREIGN_LOGGER = "kafka"

#: How long whoever logs waits for a full pipe to be read; until it was, nobody waits again.
PATIENCE_SECONDS: Final = 1.0

_SECRET_WORDS: Final = ("password", "secret", "token", "credential")
_MASK: Final = "**********"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger for a module; `name` is its dotted path."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class Lines(logging.Handler):
    """Writes lines to a stream, each at once and past its buffer, where it stands on a file.

    What a buffer could not write it keeps, and fails with again when the process ends.

    Parameters
    ----------
    stream : TextIO
        Where lines go.
    patience_seconds : float, optional
        How long a line waits for room in a full pipe.

    Attributes
    ----------
    lost : int
        Lines that could not be written.
    """

    def __init__(self, stream: TextIO, patience_seconds: float = PATIENCE_SECONDS) -> None:
        super().__init__()
        self._patience_seconds = patience_seconds
        self._stream = stream
        self._number = _file_number(stream)
        self._untold = 0
        self._torn = False
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, or count it as lost; said once until lines are written again."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - a bug of whoever logs, as logging has it
            self.handleError(record)
            return
        try:
            self._write(f"{text}\n")
        except (OSError, OutputError, ValueError) as error:  # ValueError: the stream is closed
            self._lose(error)
            return
        lines, self._untold = self._untold, 0
        if lines:
            get_logger(__name__).warning("log lines were lost", lines=lines)

    def _write(self, text: str) -> None:
        self._stream.flush()
        if self._number is None:
            self._stream.write(text)
            self._stream.flush()
            return
        data = (self._torn * "\n" + text).encode(errors="backslashreplace")
        while data:
            patience = 0.0 if self._untold else self._patience_seconds
            data = data[write_some(self._number, data, patience) :]
            self._torn = bool(data)

    def _lose(self, error: Exception) -> None:
        self.lost += 1
        self._untold += 1
        if self._untold == 1:
            with suppress(OSError, ValueError, AttributeError):
                text = f"hebbstream: log lines cannot be written: {error}\n"
                write_some(sys.stderr.fileno(), text.encode(), 0.0)


def _file_number(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def lost_lines() -> int:
    """Count the lines that this process could not write."""
    return sum(each.lost for each in logging.getLogger().handlers if isinstance(each, Lines))


def configure(section: LoggingSection, stream: TextIO | None = None) -> None:
    """Send all logging of the process to one stream, replacing what was set up before.

    Parameters
    ----------
    section : LoggingSection
        Level and format.
    stream : TextIO or None
        Where lines go; None means standard output.
    """
    target = sys.stdout if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _mask_secrets,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = Lines(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderer(section, colors=target.isatty()),
            ],
        )
    )
    level = logging.getLevelNamesMapping()[section.level.upper()]
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    foreign = level if level <= logging.DEBUG else max(level, logging.WARNING)
    logging.getLogger(FOREIGN_LOGGER).setLevel(foreign)
    logging.captureWarnings(capture=True)


def _renderer(section: LoggingSection, *, colors: bool) -> list[Processor]:
    if section.format == "console":
        return [
            structlog.processors.EventRenamer("event"),
            # A plain traceback: the rich one prints local variables, and with them secrets.
            structlog.dev.ConsoleRenderer(
                colors=colors,
                timestamp_key="ts",
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("msg"),
        _lead_with_the_fixed_fields,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def _lead_with_the_fixed_fields(
    _logger: WrappedLogger, _method: str, fields: EventDict
) -> EventDict:
    """Put what every line has first, so that lines can be read in a column."""
    fixed = {name: fields.pop(name) for name in ("ts", "level", "logger", "msg") if name in fields}
    return {**fixed, **fields}


def _mask_secrets(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    for name in fields:
        if any(word in name.lower() for word in _SECRET_WORDS) and not name.endswith("_file"):
            fields[name] = _MASK
    return fields
