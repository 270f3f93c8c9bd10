"""The page of figures: what is measured is replaced, what is not stays, notes are as kept."""

from __future__ import annotations

import pytest

from benchmarks.quality import report
from benchmarks.quality.report import Page

TEMPLATE, NOTES = "HEAD\n\n{{sections}}\n\nMETRICS\n{{notes}}\n", "NOTES\n"


def test_parts_stand_in_the_order_of_the_sections() -> None:
    """Whatever comes first is written where it belongs."""
    page = Page()
    page.write("cost", "dear")
    page.write("ranking:b", "high")
    page.write("ranking:a", "low")

    text = page.render(TEMPLATE, NOTES)

    places = [text.index(w) for w in ("HEAD", "high", "low", "dear", "METRICS", "NOTES")]
    assert places == sorted(places)


def test_what_was_not_measured_stays() -> None:
    """A page that is read and written again is the same but for what is new."""
    page = Page()
    page.write("ranking:a", "| old |\n")
    page.write("cost", "dear")
    before = page.render(TEMPLATE, NOTES)

    again = Page(before)
    assert again.render(TEMPLATE, NOTES) == before
    again.write("cost", "cheap")

    assert again.render(TEMPLATE, NOTES) == before.replace("dear", "cheap")


def test_a_part_belongs_to_a_section() -> None:
    """A name that no section has is refused."""
    with pytest.raises(ValueError, match="no section guesses"):
        Page().write("guesses", "")


def test_a_table_is_markdown() -> None:
    """Header, rule, rows; a figure that is missing is a dash."""
    text = report.table(("a", "b"), [("1", report.number(float("nan"))), ("2", report.number(0.5))])

    assert text == "| a | b |\n|---|---|\n| 1 | - |\n| 2 | 0.500 |\n"


def test_the_page_holds_the_notes_as_they_are() -> None:
    """docs/quality.md was written after the last change of its notes (`ARGS='--only notes'`)."""
    text = report.PAGE.read_text(encoding="utf-8")
    template, notes = (p.read_text(encoding="utf-8") for p in (report.TEMPLATE, report.NOTES))

    assert Page(text).render(template, notes) == text


def test_every_figure_of_the_page_is_there() -> None:
    """The figures that are drawn are those that are shown."""
    text = report.PAGE.read_text(encoding="utf-8")
    drawn = {path.name for path in (report.ROOT / "docs/plots/quality").glob("*.svg")}

    assert drawn == {name for name in drawn if f"plots/quality/{name}" in text} != set()
