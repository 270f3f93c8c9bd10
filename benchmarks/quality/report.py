"""docs/quality.md: tables between markers, so that what a run did not measure stays as it was.

The words around the tables stand in page.md beside this file, and in docs/quality_notes.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "quality.md"
NOTES = ROOT / "docs" / "quality_notes.md"
TEMPLATE = Path(__file__).with_name("page.md")
MARK = re.compile(r"<!-- begin (\S+) -->\n(.*?)<!-- end \1 -->\n", re.DOTALL)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def number(value: float, digits: int = 3) -> str:
    """Write a figure; a dash when there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def figure(name: str, text: str) -> str:
    """Show a plot."""
    return f"![{text}](plots/quality/{name}.svg)\n"


class Page:
    """The page as it stands, of which some sections are written anew.

    Parameters
    ----------
    text : str
        The page as it is; may be empty.
    """

    #: Sections in the order of the page, and their titles.
    TITLES = {  # noqa: RUF012 - never changed
        "ranking": "Ranking",
        "alerts": "Alerts",
        "kept": "Is the budget kept where nothing is wrong?",
        "causes": "Which series is named",
        "breaks": "Relations that break",
        "recovery": "After a change",
        "nab": "Single series",
        "cost": "Cost",
    }

    def __init__(self, text: str = "") -> None:
        self._parts: dict[str, str] = dict(MARK.findall(text))

    def write(self, part: str, text: str) -> None:
        """Replace one part; its name is `section` or `section:data set`."""
        if part.split(":")[0] not in self.TITLES:
            msg = f"no section {part}"
            raise ValueError(msg)
        self._parts[part] = text if text.endswith("\n") else text + "\n"

    def render(self, template: str, notes: str) -> str:
        """Put the page together, notes included."""
        pieces = []
        for section, title in self.TITLES.items():
            names = [part for part in self._parts if part.split(":")[0] == section]
            if not names:
                continue
            pieces.append(f"## {title}\n")
            pieces += [
                f"<!-- begin {name} -->\n{self._parts[name]}<!-- end {name} -->\n" for name in names
            ]
        return template.replace("{{sections}}\n", "\n".join(pieces)).replace("{{notes}}\n", notes)
