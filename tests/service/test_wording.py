"""Knobs in words: `daemon.wording`."""

from __future__ import annotations

import pytest
from pydantic.fields import FieldInfo

from daemon import knobs
from daemon.config import Config
from daemon.wording import default_of, duration_text, range_of, sentence_of, type_of


def field(path: str) -> FieldInfo:
    """Look a key up."""
    info = knobs.find(Config, path.split("."))
    assert info is not None
    return info


@pytest.mark.parametrize(
    ("path", "words", "default", "span"),
    [
        ("kafka.topics", "list of text", '["metrics"]', "at least 1 of them"),
        ("kafka.group_id", "text, or null", "null", ""),
        ("kafka.sasl_password", "secret text, or null", "null", ""),
        ("kafka.session_timeout", "duration", "45s", "at least 1s, at most 1h"),
        ("kafka.heartbeat_interval", "duration", "3s", "above 0s, at most 10m"),
        ("framing.idle_timeout", "duration, or null", "5m", "at least 1s, at most 1d"),
        ("kafka.start_from", "one of `earliest`, `latest`", "earliest", ""),
        ("logging.format", "one of `json`, `console`", "json", ""),
        ("output.edges", "true or false", "true", ""),
        ("server.port", "whole number", "9464", "at least 0, at most 65535"),
        ("input.value_abs_max", "number", "1.0e+100", "above 0, at most 1e+100"),
        ("series.rename", "mapping of text to text", "{}", ""),
        ("metrics", "list of sections", "[]", ""),
        ("server.host", "text", '"0.0.0.0"', ""),
        ("application_id", "text", "hebbstream", "matches `^[A-Za-z0-9._-]{1,100}$`"),
    ],
)
def test_a_key_in_words(path: str, words: str, default: str, span: str) -> None:
    """Type, default and range read as people would say them."""
    info = field(path)

    assert (type_of(info), default_of(info), range_of(info)) == (words, default, span)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.5, "0.5s"), (90, "90s"), (120, "2m"), (5400, "90m"), (86_400, "1d")],
)
def test_durations_take_the_largest_whole_unit(seconds: float, text: str) -> None:
    """90 seconds stay seconds, 120 become 2 minutes."""
    assert duration_text(seconds) == text


def test_a_sentence_is_the_description() -> None:
    """What a key means is said where it is declared."""
    assert sentence_of(field("kafka.sasl_username")) == "SASL user."
