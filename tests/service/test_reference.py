"""The generated files: `daemon.reference`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from daemon import knobs, reference
from daemon.config import Config
from daemon.metrics import METRICS


def test_every_key_is_in_the_page_and_in_the_example() -> None:
    """No knob is left out of what people read."""
    page, example = reference.configuration_page(), reference.reference_yaml()

    for path, _ in knobs.leaves(Config):
        assert f"| `{path[-1]}` |" in page
        assert f"{path[-1]}:" in example


def test_every_metric_is_in_its_page() -> None:
    """No metric is left out of what people read."""
    page = reference.metrics_page()

    for spec in METRICS:
        assert f"`{spec.full_name}`" in page


def test_the_schema_accepts_the_presets_and_refuses_slips() -> None:
    """Editors and the service agree on what is a configuration."""
    validator = jsonschema.Draft202012Validator(json.loads(reference.schema()))
    configs = reference.ROOT / "configs"

    for name in ("quickstart.yaml", "kafka-json.yaml", "reference.yaml"):
        validator.validate(yaml.safe_load((configs / name).read_text()))
    assert not validator.is_valid({"kafka": {"topicz": ["a"]}})
    assert not validator.is_valid({"framing": {"interval": "soon"}})


def test_check_names_what_has_drifted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale file fails the check until it is written anew."""
    first = reference.main(["--check"], root=tmp_path)
    reference.main([], root=tmp_path)
    second = reference.main(["--check"], root=tmp_path)
    (tmp_path / "docs/metrics.md").write_text("old")
    capsys.readouterr()

    third = reference.main(["--check"], root=tmp_path)

    assert (first, second, third) == (1, 0, 1)
    assert capsys.readouterr().err == "not fresh, run `make generate`: docs/metrics.md\n"
