"""Options about a file, from the command line to `FileOptions`."""

from __future__ import annotations

from daemon.commands.arguments import file_options
from daemon.config import Config
from daemon.files.options import FileOptions


def test_options_become_file_options() -> None:
    """Every option arrives; the topic falls back to the first one configured."""
    config = Config.model_validate({"kafka": {"topics": ["mine", "other"]}})

    options = file_options(
        config,
        topic=None,
        time_column="when",
        seconds_per_unit=60.0,
        start=5.0,
        labels=["service=cart", "env=a=b"],
        label_columns=["host"],
        drop=["label"],
        key="cart",
    )

    assert options == FileOptions(
        time_column="when",
        seconds_per_unit=60.0,
        start=5.0,
        labels={"service": "cart", "env": "a=b"},
        label_columns=("host",),
        drop=("label",),
        key=b"cart",
        topic="mine",
    )
