"""The documents' Python examples are run: what a reader copies works and prints what it says."""

from __future__ import annotations

import doctest
import re

import pytest

from sources import ROOT

DOCUMENTS = ["README.md", "docs/library.md", "docs/model.md"]
FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(document: str) -> doctest.DocTest:
    """Gather the fenced Python blocks of a document as one session, at their own lines."""
    text = (ROOT / document).read_text(encoding="utf-8")
    kept, end = [], 0
    for block in FENCED.finditer(text):
        kept += [re.sub(r"[^\n]", "", text[end : block.start(1)]), block[1]]
        end = block.end(1)
    return doctest.DocTestParser().get_doctest("".join(kept), {}, document, document, 0)


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_of_a_document_run(document: str) -> None:
    """Every prompt of a document prints what stands below it, in one session from top to end."""
    session = examples(document)
    complaints: list[str] = []

    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    outcome = runner.run(session, out=complaints.append)

    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(complaints)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_python_block_has_prompts(document: str) -> None:
    """A block without a prompt would never be run."""
    text = (ROOT / document).read_text(encoding="utf-8")

    blocks = [block[1] for block in FENCED.finditer(text)]

    assert [block for block in blocks if not block.startswith(">>> ")] == []
    assert text.count("```python") == len(blocks)
