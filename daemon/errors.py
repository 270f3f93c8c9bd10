"""The daemon's error tree. `retriable` tells the engine whether waiting can help."""

from __future__ import annotations

from typing import ClassVar

from hebbstream.errors import HebbstreamError


class DaemonError(HebbstreamError):
    """Anything the service refuses or fails to do."""

    retriable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1


class ConfigError(DaemonError):
    """The configuration cannot be used; `faults` holds every fault found, one line each."""

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class InputFileError(DaemonError):
    """A file given on the command line cannot be read as asked."""

    exit_code: ClassVar[int] = 2


class SourceError(DaemonError):
    """The input cannot be read and waiting will not mend it."""

    exit_code: ClassVar[int] = 3


class SinkError(DaemonError):
    """A message could not be published."""

    retriable: ClassVar[bool] = True
    exit_code: ClassVar[int] = 3


class OutputFolderError(SinkError):
    """A folder given on the command line cannot be written to."""

    retriable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 2


class OutputError(DaemonError):
    """Standard output cannot be written."""

    exit_code: ClassVar[int] = 2


class OutputClosedError(OutputError):
    """Standard output is a pipe that nobody reads any more; as if SIGPIPE had ended it."""

    exit_code: ClassVar[int] = 141


class UnreachableError(DaemonError):
    """The broker did not answer before the deadline a person set."""

    retriable: ClassVar[bool] = True
    exit_code: ClassVar[int] = 3


class CheckpointError(DaemonError):
    """Stored state cannot be used, and going on without it would lose what was learnt."""

    exit_code: ClassVar[int] = 4


class StateStoreError(DaemonError):
    """A checkpoint could not be written or read just now."""

    retriable: ClassVar[bool] = True
    exit_code: ClassVar[int] = 4
