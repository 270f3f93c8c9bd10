"""Figures as SVG that are the same each time they are drawn from the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pyplot() -> Any:  # noqa: ANN401 - matplotlib's types are of no use here
    """Return matplotlib's pyplot, set up to write text as text and ids that do not change."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "hebbstream"
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["font.size"] = 9
    from matplotlib import pyplot as plt

    return plt


def save(plt: Any, figure: Any, path: Path) -> Path:  # noqa: ANN401
    """Write a figure and let go of it; returns where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", "utf-8")
    return path
