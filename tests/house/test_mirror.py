"""The tests mirror the modules: whoever changes x.py finds its tests at once."""

from __future__ import annotations

from pathlib import PurePath

from sources import ROOT, sources

#: Where a module's tests stand.
PLACES = {
    "hebbstream/kernels": "tests/kernels",
    "hebbstream": "tests/library",
    "daemon": "tests/service",
}

#: Tests about no single module.
THEMES = {
    "tests/library/test_properties.py",
    "tests/library/test_bad_graph.py",
    "tests/library/test_bad_input.py",
    "tests/library/test_bad_series.py",
    "tests/service/test_bad_input.py",
    "tests/service/test_never_wedged.py",
    "tests/service/test_simulation.py",
}

#: Modules whose tests stand elsewhere, and why.
EXCUSED = {
    "hebbstream/arrays.py": "type names only",
    "hebbstream/results.py": "plain records, filled and checked by the detector's tests",
    "hebbstream/kernels/layout.py": "positions only",
    "hebbstream/kernels/model.py": "type names only",
    "daemon/__main__.py": "one call; run as a process by tests/integration",
    "daemon/commands/arguments.py": "type names only",
    "daemon/demo/display.py": "plain records and a contract, used by session and screen",
    "daemon/ports.py": "the contract, run over fake and real by tests/service/test_ports.py",
    "daemon/records.py": "plain records, filled and checked by every other test",
}


def home_of_tests(module: str) -> str:
    """Return where the tests of a module's file stand."""
    path = PurePath(module)
    folder = next(place for place in PLACES if path.is_relative_to(place))
    below = path.relative_to(folder)
    if below.parts[:1] == ("config",):
        return "tests/service/test_config.py"
    return str(PurePath(PLACES[folder], below.parent, f"test_{below.name.lstrip('_')}"))


def modules() -> list[str]:
    """List the files that hold code of their own."""
    return [
        source.path
        for folder in ("hebbstream", "daemon")
        for source in sources(folder)
        if not source.path.endswith("__init__.py") or source.functions()
    ]


def test_every_module_has_its_tests() -> None:
    """A module without tests is excused by name, with the reason, or not at all."""
    bare = [
        module
        for module in modules()
        if module not in EXCUSED and not (ROOT / home_of_tests(module)).is_file()
    ]

    assert bare == []


def test_every_test_file_has_its_module() -> None:
    """Tests that outlived their module, or were misnamed, are found."""
    expected = {home_of_tests(module) for module in modules()} | THEMES

    astray = [
        source.path
        for place in PLACES.values()
        for source in sources(place)
        if source.path not in expected and not source.path.endswith("/conftest.py")
    ]
    assert astray == []
