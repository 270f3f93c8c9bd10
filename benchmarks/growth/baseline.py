"""The committed ratios, and how much worse each may be before it counts as slower.

A tolerance is chosen by hand in the file, from how far apart runs of the same code were, and is
kept when the ratios are written anew.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

BASELINE = Path(__file__).resolve().parents[1] / "growth_baseline.json"
#: Of a ratio that is new.
TOLERANCE = 1.5


@dataclass(frozen=True, slots=True)
class Limit:
    """A ratio as it was committed, and the factor on it that is still no fault."""

    ratio: float
    tolerance: float = TOLERANCE


def load(path: Path = BASELINE) -> dict[str, Limit]:
    """Read the committed ratios."""
    return {name: Limit(**each) for name, each in json.loads(path.read_text("utf-8")).items()}


def renewed(measured: dict[str, list[float]], then: dict[str, Limit]) -> dict[str, Limit]:
    """Return the medians with the tolerances they had."""
    return {
        name: Limit(
            round(statistics.median(each), 4),
            then[name].tolerance if name in then else TOLERANCE,
        )
        for name, each in measured.items()
    }


def save(limits: dict[str, Limit], path: Path = BASELINE) -> None:
    """Write the ratios to be committed, one a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(asdict(each))}" for name, each in limits.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def slower(measured: dict[str, list[float]], then: dict[str, Limit]) -> list[str]:
    """Say which ratios are worse than the committed ones in every round, or are missing.

    Parameters
    ----------
    measured : dict
        Ratios of every round by name.
    then : dict
        What was committed.

    Returns
    -------
    list of str
        A line for each fault.
    """
    faults = [f"{name}: not measured" for name in then if name not in measured]
    faults += [f"{name}: not in the baseline" for name in measured if name not in then]
    return faults + [
        f"{name}: {statistics.median(each):.3g}, was {then[name].ratio:.3g}, and may be "
        f"{then[name].tolerance:g} times that"
        for name, each in measured.items()
        if name in then and min(each) > then[name].tolerance * then[name].ratio
    ]
