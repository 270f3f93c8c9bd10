"""What the demo reads off the service: its port and its metrics."""

from __future__ import annotations

from daemon.demo.service import port_in, totals


def test_the_port_is_in_the_log() -> None:
    """Nobody knows it before the service says so."""
    line = '{"ts": "x", "level": "info", "msg": "http listens", "host": "h", "port": 4711}'

    assert port_in('{"msg": "starting"}\n') is None
    assert port_in(f'{{"msg": "starting"}}\n{line}\n') == 4711


def test_metrics_are_summed_over_their_labels() -> None:
    """Comments are passed over, labels may hold anything but a brace's end."""
    text = '# HELP a b\n# TYPE a counter\na{x="1 2"} 2.0\na{x="3"} 3.0\nb 1.5e+03\n'

    assert totals(text) == {"a": 5.0, "b": 1500.0}
