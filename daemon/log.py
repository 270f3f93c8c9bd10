"""Logs: one JSON object a line on standard output, ours and kafka-python's alike.

A line has `ts` (RFC 3339, UTC), `level`, `logger`, `msg` (a constant text) and fields. Payloads are
never logged, and fields whose name says secret are masked. docs/operations.md lists every error.
"""

from __future__ import annotations

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from daemon.config import LoggingSection

#: kafka-python tells of every fetch and rebalance at info; that is debugging to our readers.
FOREIGN_LOGGER = "kafka"

_SECRET_WORDS: Final = ("password", "secret", "token", "credential")
_MASK: Final = "**********"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger for a module; `name` is its dotted path."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


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
    handler = logging.StreamHandler(target)
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
