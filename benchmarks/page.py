"""docs/benchmarks.md: parts between markers are written by the benchmarks, the rest by hand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "plots" / "benchmarks"


def show(name: str, text: str) -> str:
    """Write what shows a plot in the page."""
    return f"![{text}](plots/benchmarks/{name}.svg)"


def write_part(part: str, text: str) -> None:
    """Put a text between the markers of a part."""
    page = PAGE.read_text(encoding="utf-8")
    marked = rf"(<!-- begin {part} -->\n).*?(\n<!-- end {part} -->)"
    new, count = re.subn(marked, lambda m: m[1] + text.rstrip() + m[2], page, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{PAGE} has no place for {part}.")
    PAGE.write_text(new, encoding="utf-8")
