"""The configurations that the services of the demo run with."""

from __future__ import annotations

from pathlib import Path

from daemon import settings
from daemon.demo.streams import machine_stream, shop_stream


def test_the_written_file_is_a_valid_configuration(tmp_path: Path) -> None:
    """The service reads what was meant, and finds no fault with it."""
    for stream in (shop_stream("a:1,b:2", ""), machine_stream("a:1,b:2", "")):
        loaded = settings.load(stream.write(tmp_path), {})

        assert loaded == stream.validated()
        assert loaded.kafka.bootstrap_servers == ["a:1", "b:2"]
        assert loaded.kafka.topics == [stream.topic]
        assert loaded.server.host == "127.0.0.1"


def test_the_detector_is_as_it_comes() -> None:
    """Nothing in the detector is tuned to the demo."""
    for stream in (shop_stream("a:1", ""), machine_stream("a:1", "")):
        assert "detector" not in stream.config


def test_streams_and_runs_keep_apart() -> None:
    """On a shared broker no two runs and no two streams meet in a topic."""
    streams = [make("a:1", run) for run in ("-x", "-y") for make in (shop_stream, machine_stream)]

    topics = [topic for stream in streams for topic in stream.topics]

    assert len(set(topics)) == len(topics)
    assert all(stream.events_topic in stream.topics for stream in streams)
