"""What is generated is fresh, and what the documents name exists."""

from __future__ import annotations

import ast
import re

from daemon import reference
from daemon.metrics import METRICS, PREFIX, Type
from sources import ROOT, sources


def test_generated_files_are_fresh() -> None:
    """The reference, the schema and the list of metrics say what the code says."""
    assert reference.drifted(ROOT) == []


def test_every_metric_that_is_named_exists() -> None:
    """A document, rule or dashboard cannot name a metric that is never scraped."""
    scraped = set()
    for spec in METRICS:
        scraped.add(spec.full_name)
        if spec.type is Type.HISTOGRAM:
            scraped |= {f"{spec.full_name}{end}" for end in ("_bucket", "_sum", "_count")}
    files = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*.*")]

    unknown = {
        f"{path.name}: {name}"
        for path in files
        for name in re.findall(rf"\b{PREFIX}[a-z_]+\b", path.read_text(encoding="utf-8"))
        if name not in scraped
    }
    assert unknown == set()


def test_every_document_that_is_linked_exists() -> None:
    """No link between our own documents is dead."""
    dead = set()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in link and not (path.parent / link).exists():
                dead.add(f"{path.name}: {link}")

    assert dead == set()


def test_every_warning_and_error_line_is_explained() -> None:
    """Whoever reads a log line finds in docs/operations.md what to do about it."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    unexplained = {
        f"{source.path}: {call.args[0].value}"
        for source in sources("daemon")
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"warning", "error", "exception", "critical"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and f"`{call.args[0].value}`" not in page
    }
    assert unexplained == set()
