"""What each stage of a tick costs, over the plain subspace, in one run on one core.

Run: python -m benchmarks.stages (`make bench-stages`); rewrites its table in docs/benchmarks.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.page import write_part
from benchmarks.quality.worlds import MINUTE, factors
from hebbstream import Detector
from hebbstream._jit import kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import break_evidence, learn_spread
from hebbstream.kernels.clock import clock_basis, clock_course, learn_clock
from hebbstream.kernels.evidence import learn_usual, mean_squares, worst_series
from hebbstream.kernels.innovation import innovate, learn_innovations
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.moments import learn_moments, standardise
from hebbstream.kernels.neighbourhood import learn_stands, shift_together
from hebbstream.kernels.score import explain
from hebbstream.kernels.subspace import learn_residual, learn_subspace, surprise, unexplained
from hebbstream.kernels.verdict import calibrate, calibrate_new

#: Series, ticks to warm up on, ticks that are timed.
SIZES = ((38, 4_000, 6_000), (1_000, 1_000, 500), (10_000, 1_000, 60))
ROUNDS = 7
PLAIN = "components: judge and learn, the plain subspace"
Stage = Callable[[F64, Model, Work, F64], None]


@kernel
def clock(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Face and learn the daily course of every frame.

    Parameters
    ----------
    frames : float64[T, n], in
        Frames.
    model, work, settings : in/out
        Of a detector that has learnt.
    """
    course, harmonic = work.double[at.COURSE], work.double[at.HARMONIC]
    rate, day = settings[at.S_CLOCK_RATE], settings[at.S_DAY_TICKS]
    for t in range(frames.shape[0]):
        clock_basis(60.0 * t, work.basis)
        clock_course(
            work.basis, model.coefficients, model.clock, harmonic, course, day,
            settings[at.S_CLOCK_RATIO],
        )  # fmt: skip
        learn_clock(
            frames[t], work.basis, model.coefficients, model.clock, harmonic,
            work.double[at.BREAK_COUNT], rate, 1.0, day,
        )  # fmt: skip


@kernel
def moments(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Standardise and learn location and scale; parameters are those of `clock`.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    n = frames.shape[1]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    course, scale, floor = work.double[at.COURSE], work.double[at.SCALE], settings[at.S_RANGE_FLOOR]
    for t in range(frames.shape[0]):
        standardise(frames[t], course, model.moments, z, scale, present, floor)
        learn_moments(
            frames[t], course, model.moments, settings[at.S_RATE], 1.0, settings[at.S_LEARN_CLIP],
            floor, settings[at.S_RANGE_RATE],
        )  # fmt: skip


@kernel
def components(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Judge and learn by the components alone.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    single, rate, clip = work.single, settings[at.S_RATE], settings[at.S_SUBSPACE_CLIP]
    z, present = single[at.Z], single[at.PRESENT]
    for _ in range(frames.shape[0]):
        k = int(model.totals[at.COMPONENTS])
        unexplained(model.weights, k, z, settings[at.S_CAP], single[at.REST], single[at.HAT])
        learn_subspace(
            model.weights, model.components, model.totals, z, present, single[at.LESSON], rate, 1.0,
            clip,
        )  # fmt: skip


@kernel
def residuals(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Express residuals in their own sigmas, ask what is new in them, and learn both.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    n, rate, cap = frames.shape[1], settings[at.S_RATE], settings[at.S_CAP]
    rest, present, u = (
        work.single[at.REST][:n],
        work.single[at.PRESENT][:n],
        work.double[at.SURPRISE],
    )
    seen, warm = model.moments[at.SEEN], settings[at.S_WARMUP]
    heights = work.double[at.BREAK_COUNT]
    for _ in range(frames.shape[0]):
        surprise(rest, model.residual, present, u)
        # What nobody reads would not be worked out.
        said = innovate(u, present, seen, model.innovations, cap, warm, heights)
        work.exponents[0], work.exponents[1] = said
        learn_residual(rest, model.residual, present, rate, 1.0, cap, warm)
        learn_innovations(present, model.innovations, rate, 1.0)


@kernel
def edges(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Judge the relations that are there and where their ends stand, and learn what is usual.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    n, rate = frames.shape[1], settings[at.S_RATE]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    node, count = work.double[at.BREAK], work.double[at.BREAK_COUNT]
    seen, together = model.moments[at.SEEN], work.double[at.TOGETHER]
    for _ in range(frames.shape[0]):
        work.exponents[0] = break_evidence(
            z, present, model.ends, model.values, model.activity, node, count, work.pairs,
            work.single[at.LESSON][:n], work.apart, settings[at.S_BREAK_RATE],
        )  # fmt: skip
        learn_spread(work.apart, model.values, rate, 1.0)
        work.exponents[1] = shift_together(
            z, present, seen, model.ends, model.values, model.activity, model.lean,
            model.habits, settings[at.S_WARMUP], work.double[at.STANCE], together, count,
        )  # fmt: skip
        learn_stands(together, seen, model.habits, rate, 1.0)


@kernel
def evidence(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Fuse the deviations, and compare each series with what is usual for it.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    n, cap, warm = frames.shape[1], settings[at.S_CAP], settings[at.S_WARMUP]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    u, seen = work.double[at.SURPRISE], model.moments[at.SEEN]
    heights = work.double[at.BREAK_COUNT]
    for _ in range(frames.shape[0]):
        # What nobody reads would not be worked out.
        work.exponents[0] = mean_squares(z, u, present, seen, cap, warm)
        work.exponents[1] = worst_series(
            z, u, present, seen, model.habits, cap, warm, settings, heights
        )
        learn_usual(present, seen, model.habits, warm, settings[at.S_RATE], 1.0)


@kernel
def calibration(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Turn what the channels say into exponents, and learn their tails.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    """
    for t in range(frames.shape[0]):
        calibrate(model, settings, work.exponents, 2.0 + 0.5 * (t % 5), 1.0, 0.6, t)
        calibrate_new(model, settings, work.exponents, 2.0 + 0.5 * (t % 5), 1.0, 1.0)


@kernel
def explain_each(frames: F64, model: Model, work: Work, settings: F64, out: Output) -> None:
    """Write the evidence of each series, and what history and peers expect of it.

    Parameters
    ----------
    frames, model, work, settings : in/out
        As for `clock`.
    out : Output, out
        Of one tick.
    """
    for _ in range(frames.shape[0]):
        explain(model, work, settings[at.S_WARMUP], settings[at.S_CAP], out, 0)


def explanation(frames: F64, model: Model, work: Work, settings: F64) -> None:
    """Run `explain_each`, with a place for what it writes."""
    out = Output(
        np.zeros((at.VERDICT_ROWS, 1)),
        np.zeros((at.DETAIL_ROWS, 1, frames.shape[1])),
        np.zeros((1, 3), np.int64),
        np.zeros(at.REPORT_ROWS, np.int64),
    )
    explain_each(frames, model, work, settings, out)


STAGES: dict[str, Stage] = {
    PLAIN: components,
    "clock": clock,
    "location and scale": moments,
    "residuals and what is new in them": residuals,
    "relations that are there": edges,
    "evidence": evidence,
    "calibration and gate": calibration,
    "explanation": explanation,
}
REST = (
    "the rest: traces of pairs, growth, quarantine, and what does not fit the first cache together"
)
FULL = "the full tick"


def fastest(call: Callable[[], object], ticks: int) -> float:
    """Time a call, once to compile and some times over; microseconds a tick, the least."""
    call()
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took) / ticks * 1e6


def measure(n: int, warm: int, timed: int) -> tuple[str, dict[str, float]]:
    """Time every stage on the state of one detector, and whole ticks; microseconds."""
    drawn = factors(np.random.default_rng(n), warm + (ROUNDS + 1) * timed, n)
    frames = np.ascontiguousarray(100.0 + drawn)  # as kernels get them from a detector
    detector = Detector([f"s{j}" for j in range(n)], interval_seconds=MINUTE)
    result = detector.run(frames[:warm])
    blocks = iter(np.split(frames[warm:], ROUNDS + 1))
    costs = {FULL: fastest(lambda: detector.run(next(blocks)), timed)}
    # The stages move a copy's state, each as if it were the only one.
    copy = Detector.load(detector.dump())
    copy.run(frames[-1:])
    parts: Any = (frames[warm : warm + timed], copy._model, copy._work, copy._settings)  # noqa: SLF001
    for name, stage in STAGES.items():
        costs[name] = fastest(lambda stage=stage: stage(*parts), timed)  # type: ignore[misc]
    costs[REST] = costs[FULL] - sum(costs[name] for name in STAGES)
    k, m = int(result.components[-1]), int(result.edges[-1])
    return f"n = {n:,}, k = {k}, {m:,} relations", costs


def main() -> None:
    """Measure, and write the table."""
    found = dict(measure(*size) for size in SIZES)
    lines = [f"| stage | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    for name in (*STAGES, REST, FULL):
        cells = (f"{c[name]:,.3g} us, {c[name] / c[PLAIN]:.2g}" for c in found.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    text = "\n".join(lines)
    write_part("stages", text)
    print(text)


if __name__ == "__main__":
    main()
