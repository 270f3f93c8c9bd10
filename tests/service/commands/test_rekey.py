"""`rekey` as a command: what it refuses. Its work is tested on a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import main


def test_it_does_not_read_what_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or records would go round for ever."""
    path = tmp_path / "hebbstream.yaml"
    path.write_text("application_id: shop\nkafka: {topics: [shop.repartition]}")

    code = main(["rekey", "--config", str(path)])

    assert code == 2
    assert "kafka.topics must not name shop.repartition" in capsys.readouterr().err
