"""YAML with lines: `daemon.yamltree`."""

from __future__ import annotations

import pytest

from daemon.yamltree import NODES_MAX, dotted, parse


def test_keeps_values_and_the_line_of_every_key() -> None:
    """Keys and list items are found again at the line they stand on."""
    tree = parse("a: 1\nb:\n  - x: 2\n  - 3\n")

    assert tree.values == {"a": 1, "b": [{"x": 2}, 3]}
    assert tree.lines[("a",)] == 1
    assert tree.lines[("b", 0, "x")] == 3
    assert tree.lines[("b", 1)] == 4
    assert tree.faults == []


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "null\n", "{}"])
def test_nothing_is_no_keys(text: str) -> None:
    """An empty document is a configuration of defaults."""
    tree = parse(text)

    assert tree.values == {}
    assert tree.faults == []


def test_a_key_given_twice_is_a_fault_with_both_lines() -> None:
    """PyYAML would silently keep the second one."""
    tree = parse("a:\n  b: 1\n  c: 2\n  b: 3\n")

    assert tree.faults == [(4, "a.b: given twice, first on line 2")]


def test_a_merged_key_may_be_overridden() -> None:
    """An anchor's keys are defaults, so giving one again is no duplicate."""
    tree = parse("base: &base {x: 1, y: 2}\nmine:\n  <<: *base\n  x: 3\n")

    assert tree.values["mine"] == {"x": 3, "y": 2}
    assert tree.faults == []


def test_times_stay_text() -> None:
    """A section that wants a time reads the text itself."""
    tree = parse("start: 2026-01-01T22:00:00Z\n")

    assert tree.values == {"start": "2026-01-01T22:00:00Z"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: 'open\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("- 1\n- 2\n", 1, "must hold sections"),
        ("just text\n", 1, "must hold sections"),
        ("a: !!python/object:os.system x\n", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: *missing\n", 1, "not YAML"),
        ("a: \x07\n", 1, "not YAML"),
        ("? [1, 2]\n: 3\n", 1, "a key must be text"),
        ("a: &a [*a]\n", 1, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_one_fault(text: str, line: int, words: str) -> None:
    """Broken text gives a fault with its line and never an exception."""
    tree = parse(text)

    assert len(tree.faults) == 1
    assert tree.faults[0][0] == line
    assert words in tree.faults[0][1]


@pytest.mark.parametrize(
    "value",
    ["*geheim12", "!geheim12", "!!geheim12 x", "!geheim12!x y", "&geheim12 1\nb: &geheim12 2",
     "!!int geheim12", "!!float geheim12"],
)  # fmt: skip
def test_a_fault_repeats_no_word_of_the_document(value: str) -> None:
    """A password without quotes may be an alias, an anchor or a tag to YAML: it is not shown."""
    tree = parse(f"password: {value}\n")

    assert "geheim" not in str(tree.faults)
    assert tree.faults or tree.values == {"password": 1, "b": 2}


def test_a_value_that_needs_quotes_is_told_so() -> None:
    """Who meant no alias learns what to do."""
    assert parse("a:\n  b: *geheim12\n").faults == [
        (2, "not YAML: found undefined alias; put a value that begins with *, & or ! in quotes")
    ]


def test_aliases_cannot_fill_the_memory() -> None:
    """Nine aliases of nine aliases of ... are refused, not expanded."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]

    tree = parse("\n".join(lines))

    assert tree.faults == [(1, f"nested too deeply, or more than {NODES_MAX} values")]


def test_dotted_writes_a_place_as_people_do() -> None:
    """Keys are parted by dots, indices stand in brackets."""
    assert dotted(("metrics", 0, "match")) == "metrics[0].match"
    assert dotted(()) == ""
