"""The compose file and the Prometheus configuration: valid, hardened, and of one mind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon import settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PORT = settings.load(None, {}).server.port


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Read the compose file."""
    parsed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return parsed


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """Read the Dockerfile."""
    return (ROOT / "Dockerfile").read_text()


def schema_faults(compose_file: Path) -> str:
    """Judge a compose file by the schema of the Compose Specification; empty when all is well."""
    verdict = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(compose_file)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if verdict.returncode == 0 else verdict.stdout + verdict.stderr


@pytest.mark.slow
def test_compose_file_follows_the_specification() -> None:
    """The JSON schema of the Compose Specification finds no fault."""
    faults = schema_faults(DEPLOY / "compose.yaml")

    assert faults == ""


@pytest.mark.slow
def test_schema_refuses_a_typo(compose: dict[str, Any], tmp_path: Path) -> None:
    """The check above bites: a misspelt key is a fault."""
    compose = compose | {"services": {"kafka": compose["services"]["kafka"] | {"readonly": True}}}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(compose))

    faults = schema_faults(tmp_path / "compose.yaml")

    assert "readonly" in faults


def test_hebbstream_is_confined(compose: dict[str, Any], dockerfile: str) -> None:
    """Read-only root, the image's own unprivileged user, no capabilities, no way to regain them."""
    service = compose["services"]["hebbstream"]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert f"\nUSER {service['user']}\n" in dockerfile


def test_compose_environment_is_a_valid_configuration(compose: dict[str, Any]) -> None:
    """The variables set for the daemon load, and point at a listener Kafka advertises."""
    services = compose["services"]

    config = settings.load(None, services["hebbstream"]["environment"])

    advertised = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert all(f"//{server}" in advertised for server in config.kafka.bootstrap_servers)


def test_waits_for_a_healthy_kafka(compose: dict[str, Any]) -> None:
    """The daemon starts after a broker that has a health check and passes it."""
    services = compose["services"]

    assert services["hebbstream"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert "test" in services["kafka"]["healthcheck"]


def test_image_and_compose_check_health_alike(compose: dict[str, Any], dockerfile: str) -> None:
    """Both run the same command, in exec form."""
    found = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", dockerfile, re.MULTILINE)

    assert found is not None
    assert ["CMD", *json.loads(found[1])] == compose["services"]["hebbstream"]["healthcheck"][
        "test"
    ]


def test_every_port_is_the_default_one(compose: dict[str, Any], dockerfile: str) -> None:
    """Image, compose file and scrape configuration name the port the daemon listens on."""
    scraping = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in scraping["scrape_configs"]
    }

    assert f"\nEXPOSE {PORT}\n" in dockerfile
    assert compose["services"]["hebbstream"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert targets["hebbstream"] == [f"hebbstream:{PORT}"]


def test_version_label_is_the_version(dockerfile: str) -> None:
    """An image built without arguments says the version it holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert f"\nARG VERSION={project['version']}\n" in dockerfile


def test_promtool_accepts_the_scrape_configuration() -> None:
    """`promtool check config` finds no fault."""
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed: make setup-system"

    verdict = subprocess.run(
        [promtool, "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
