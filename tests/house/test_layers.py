"""Imports point down: what is pure stays pure, and a newcomer can read bottom up."""

from __future__ import annotations

import pytest

from sources import Source, sources, within

#: From the bottom up; a module may import from its own layer and from those below it.
LIBRARY = (
    ("durations", "errors", "arrays", "results", "_jit", "base_params"),
    ("kernels", "params", "association_params", "homeostasis_params", "single_params"),
    (
        "calibration", "evidence", "feedback", "frames", "graph", "group", "guided", "listing",
        "pairs", "plasticity", "regime", "revision", "scaler", "settings", "significance", "single",
        "snapshot", "state", "subspace", "copies", "upgrades", "wider",
    ),
    ("blocks",),
    ("detector",),
    ("footprint",),
    ("river", "warmup", "__init__"),
)  # fmt: skip
SERVICE = (
    ("__init__", "errors", "kernels", "records", "ports", "series_key", "spans"),
    ("config",),
    # Pure: no clock, no I/O, no logging.
    (
        "admission", "announcer", "closing", "counters", "cut", "event_clock", "events",
        "evidence", "finding", "footprint", "formats", "framer_state", "framing", "incidents",
        "learnt", "membership", "merging", "moments", "pipeline_sections", "presence", "published",
        "relabel", "repeats", "roster", "scan", "scatter", "series", "shop", "silence", "silences",
        "slots", "snapshots", "suspects", "times", "told", "waiting", "watchdog", "windows",
        "winners",
    ),
    ("pipeline",),
    ("newest_state",),
    # Settings and their words.
    ("environment", "faults", "histogram", "knobs", "metrics", "settings", "wording", "yamltree"),
    # The world: each speaks to one thing outside.
    (
        "clock", "files", "healthcheck", "http", "interpreter", "kafka", "lifecycle", "log",
        "mailbox", "outlet", "overheard", "readmodel", "said", "telemetry",
    ),
    ("copying", "keeper", "rekey", "reports", "restored", "state_check", "warmup", "webhook"),
    ("checkpoints", "preparing"),
    ("assigned", "relearn", "stores"),
    ("engine", "seeds"),
    ("app", "demo", "reference"),
    ("commands",),
    ("cli",),
    ("__main__",),
)  # fmt: skip

#: What the library and the pure middle must do without.
IMPURE = (
    "asyncio", "io", "logging", "os", "pathlib", "random", "socket", "subprocess", "sys",
    "threading", "time", "structlog", "kafka", "prometheus_client", "rich", "typer",
)  # fmt: skip
#: `_jit` reads where the compiler keeps its cache.
IMPURE_EXCUSED = {"hebbstream._jit"}
PURE_LAYERS_OF_THE_SERVICE = 4


def height(module: str, layers: tuple[tuple[str, ...], ...]) -> int | None:
    """Return the number of the layer a module stands in; None for one that has no place."""
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else "__init__"
    return next((number for number, layer in enumerate(layers) if name in layer), None)


@pytest.mark.parametrize(("package", "layers"), [("hebbstream", LIBRARY), ("daemon", SERVICE)])
def test_imports_point_down(package: str, layers: tuple[tuple[str, ...], ...]) -> None:
    """No module imports from a layer above its own, and every module has a layer."""
    modules = {source.module for source in sources(package)}
    upward = []
    for source in sources(package):
        own = height(source.module, layers)
        assert own is not None, f"{source.path} has no place in tests/house/test_layers.py"
        for name in source.imports() & modules - {package}:
            other = height(name, layers)
            if other is None or other > own:
                upward.append(f"{source.path} imports {name}")

    assert upward == []


def test_the_library_knows_nothing_of_the_service() -> None:
    """`hebbstream` is usable alone."""
    guilty = [
        s.path for s in sources("hebbstream") if any(within(n, "daemon") for n in s.imports())
    ]

    assert guilty == []


def pure() -> list[Source]:
    """List what has no clock, no I/O, no logging and no environment."""
    middle = [
        source
        for source in sources("daemon")
        if (height(source.module, SERVICE) or 0) < PURE_LAYERS_OF_THE_SERVICE
    ]
    return [*sources("hebbstream"), *middle]


def test_the_pure_parts_touch_nothing_outside() -> None:
    """A decision about a frame can depend on its samples only."""
    guilty = [
        f"{source.path} imports {name}"
        for source in pure()
        if source.module not in IMPURE_EXCUSED
        for name in source.imports()
        if any(within(name, banned) for banned in IMPURE)
    ]

    assert guilty == []
