"""Draw how the weights of every learning rule move on drifting data: the figures of docs/rules.md.

Run as `make rules-plots`; needs the extra `docs`. The data are seeded: the same figures each time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from PIL import Image

from hebbstream.arrays import F32, F64
from hebbstream.kernels import layers, rules

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "plots"
TICKS, TURN_START, TURN_END = 6000, 2000, 4000
BURST = slice(5000, 5150)
SPREAD = np.sqrt([4.0, 2.0, 0.6, 0.3])
N = len(SPREAD)
POWER = float((SPREAD**2).sum())
RATE = 0.05
EVERY = 10

Learn = Callable[[F32, int], F64]


class World:
    """Four series whose principal directions turn by a right angle between two ticks.

    Attributes
    ----------
    frames : float32[T, N]
        Gaussian, the first direction strongest.
    axes : float64[T, N, N]
        The true directions at each tick, one a row, strongest first.
    driver : float64[T]
        Activity along the first direction, which is what the plain Hebbian units are given.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        base = np.linalg.qr(rng.normal(size=(N, N)))[0].T
        part = np.clip((np.arange(TICKS) - TURN_START) / (TURN_END - TURN_START), 0, 1)
        self.axes = np.empty((TICKS, N, N))
        for t, angle in enumerate(part * np.pi / 2):
            c, s = np.cos(angle), np.sin(angle)
            turn = np.eye(N)
            turn[0, [0, 2]], turn[2, [0, 2]] = (c, s), (-s, c)
            self.axes[t] = turn @ base
        sources = rng.normal(size=(TICKS, N)) * SPREAD
        self.driver = sources[:, 0]
        self.frames = np.einsum("ti,tij->tj", sources, self.axes).astype(np.float32)

    def with_burst(self) -> World:
        """Return the same world, three times as wild along the first direction for a while."""
        wild = World.__new__(World)
        wild.axes, wild.driver, wild.frames = self.axes, self.driver.copy(), self.frames.copy()
        extra = 2 * self.driver[BURST]
        wild.driver[BURST] += extra
        wild.frames[BURST] += (extra[:, None] * self.axes[BURST, 0]).astype(np.float32)
        return wild


def record(world: World, learn: Learn) -> F64:
    """Let a rule learn every frame; its weights at every tenth tick, float64[T / 10, k, N]."""
    kept = []
    for t, frame in enumerate(world.frames):
        weights = np.atleast_2d(learn(frame, t))
        if t % EVERY == 0:
            kept.append(np.array(weights, np.float64))
    return np.array(kept)


def step_of(frame: F32) -> float:
    """Paced step of a frame."""
    return rules.pace(RATE, POWER, float(frame @ frame))


def unit_rules(world: World) -> dict[str, Learn]:
    """Return the rules of one unit that is told its activity."""
    plain, faded, sparse, switched = (np.zeros(N, np.float32) for _ in range(4))
    usual = [1.5]
    knobs = np.array([0.0, 0.01, 0.01, 2.0])

    def hebb(frame: F32, t: int) -> F64:
        rules.hebb(plain, frame, world.driver[t], step_of(frame))
        return np.asarray(plain, np.float64)

    def hebb_decay(frame: F32, t: int) -> F64:
        rules.hebb_decay(faded, frame, world.driver[t], step_of(frame), 0.01)
        return np.asarray(faded, np.float64)

    def hebb_sparse(frame: F32, t: int) -> F64:
        rules.hebb_sparse(sparse, frame, world.driver[t], step_of(frame), 0.01, 0.01)
        return np.asarray(sparse, np.float64)

    def activity_switch(frame: F32, t: int) -> F64:
        knobs[0] = step_of(frame)
        usual[0] = rules.activity_switch(switched, frame, world.driver[t], usual[0], knobs)
        return np.asarray(switched, np.float64)

    return {
        "hebb": hebb,
        "hebb-decay": hebb_decay,
        "hebb-sparse": hebb_sparse,
        "activity-switch": activity_switch,
    }


def component_rules() -> dict[str, Learn]:
    """Return the rules whose rows become principal components, two units each."""
    present = np.ones(N, np.float32)
    single, matrix, chained, ordered, paired, gained = (
        np.eye(2, N, dtype=np.float32) for _ in range(6)
    )
    lateral, both_ways, gains = np.zeros((2, 2)), np.zeros((2, 2)), np.full(2, 10.0)
    activation, memory, d = np.zeros(2), 1 / 300, np.full(2, float(N))

    def oja(frame: F32, _: int) -> F64:
        rules.oja(single[0], frame, present, float(single[0] @ frame), step_of(frame))
        return np.asarray(single[:1], np.float64)

    def oja_matrix(frame: F32, _: int) -> F64:
        layers.oja_matrix(matrix, frame, present, activation, step_of(frame))
        return np.asarray(matrix, np.float64)

    def sanger(frame: F32, _: int) -> F64:
        rest = frame.copy()
        for row in chained:
            layers.sanger(row, rest, present, float(row @ frame), step_of(frame))
        return np.asarray(chained, np.float64)

    def lateral_ordered(frame: F32, _: int) -> F64:
        for c in range(2):
            layers.lateral_ordered(ordered, lateral, frame, present, activation, c, step_of(frame))
        return np.asarray(ordered, np.float64)

    def lateral_pair(frame: F32, _: int) -> F64:
        layers.settle(paired.astype(np.float64) @ frame, both_ways, activation)
        layers.lateral_pair(paired, both_ways, gains, frame, activation, memory)
        return np.linalg.solve(np.eye(2) + both_ways, paired.astype(np.float64))

    def pastd(frame: F32, _: int) -> F64:
        lesson = frame.copy()
        for c in range(2):
            s = float(gained[c] @ lesson)
            d[c] += s * s - memory * d[c]
            rules.oja_pastd(gained[c], lesson, present, s, d[c], 1.0)
        return np.asarray(gained, np.float64)

    return {
        "oja": oja,
        "oja-matrix": oja_matrix,
        "sanger": sanger,
        "lateral-ordered": lateral_ordered,
        "lateral-pair": lateral_pair,
        "pastd": pastd,
    }


def shade(axes: plt.Axes, *, burst: bool) -> None:
    """Mark when the world turns and when it is wild."""
    axes.axvspan(TURN_START, TURN_END, color="0.93", zorder=0)
    if burst:
        axes.axvspan(BURST.start, BURST.stop, color="#f6d6c8", zorder=0)
    axes.set_xlim(0, TICKS)
    axes.grid(alpha=0.3)
    axes.set_xlabel("tick")


def save(figure: plt.Figure, name: str, panel: plt.Axes) -> None:
    """Write a figure in a few colours, with the legend of one panel above all."""
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncol=len(labels), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.94))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[:, :, :3]
    Image.fromarray(np.ascontiguousarray(pixels)).quantize(256).save(
        FOLDER / f"{name}.png", optimize=True
    )
    plt.close(figure)


def draw_unit(name: str, history: F64, world: World) -> None:
    """Draw the weights of one unit beside the cosine with the true direction."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), dpi=80)
    ticks = np.arange(0, TICKS, EVERY)
    for i in range(N):
        left.plot(ticks, history[:, 0, i], lw=1.2, label=f"series {i}")
    left.set_ylabel("weight")
    length = np.maximum(np.linalg.norm(history[:, 0], axis=1), 1e-12)
    cosine = (history[:, 0] * world.axes[::EVERY, 0]).sum(axis=1) / length
    right.plot(ticks, cosine, color="k", lw=1.2)
    right.set_ylim(-0.05, 1.05)
    right.set_ylabel("cosine with the true direction")
    for axes in (left, right):
        shade(axes, burst=True)
    save(figure, name, left)


def draw_components(name: str, history: F64, world: World) -> None:
    """Draw each unit's weights, and what share of the true subspace the units hold."""
    k = history.shape[1]
    figure, panels = plt.subplots(1, k + 1, figsize=(9, 3), dpi=80)
    ticks = np.arange(0, TICKS, EVERY)
    for c in range(k):
        for i in range(N):
            panels[c].plot(ticks, history[:, c, i], lw=1.2, label=f"series {i}")
        panels[c].set_ylabel(f"weight, unit {c + 1}")
    for c in range(k):
        length = np.linalg.norm(history[:, c], axis=1)
        cosine = np.abs((history[:, c] * world.axes[::EVERY, c]).sum(axis=1)) / length
        panels[k].plot(ticks, cosine, lw=1.2, color=f"C{c + 4}", label=f"|cosine|, unit {c + 1}")
    if k > 1 and name != "oja-matrix":  # whose rows agree, so that they span one direction
        held = []
        for weights, axes in zip(history, world.axes[::EVERY], strict=True):
            basis = np.linalg.svd(weights, full_matrices=False)[2]
            held.append(float(((axes[:k] @ basis.T) ** 2).sum()) / k)
        panels[k].plot(ticks, held, "k", lw=1.4, label="subspace held")
    panels[k].set_ylim(-0.05, 1.05)
    panels[k].legend(fontsize=7, loc="center right")
    for axes in panels:
        shade(axes, burst=False)
    save(figure, name, panels[0])


def draw_bcm(seed: int) -> None:
    """Draw a BCM unit that meets four patterns, which are others after the grey band."""
    rng = np.random.default_rng(seed)
    first, then = np.eye(N) + 0.3, np.eye(N)[[1, 2, 3, 0]] * 1.5 + 0.1
    weights, threshold = (0.3 + 0.02 * rng.random(N)).astype(np.float32), 1.0
    history, answers = [], []
    for t in range(TICKS):
        part = min(max((t - TURN_START) / (TURN_END - TURN_START), 0.0), 1.0)
        patterns = (1 - part) * first + part * then
        frame = patterns[rng.integers(N)].astype(np.float32)
        y, power = float(weights @ frame), float(frame @ frame)
        threshold = rules.bcm(weights, frame, y, threshold, rules.pace(RATE, 2.3, power), 0.05)
        if t % EVERY == 0:
            history.append(weights.astype(np.float64))
            answers.append(patterns @ weights)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), dpi=80)
    ticks = np.arange(0, TICKS, EVERY)
    for i in range(N):
        left.plot(ticks, np.array(history)[:, i], lw=1.2, label=f"series {i}")
        right.plot(ticks, np.array(answers)[:, i], lw=1.2, label=f"pattern {i}")
    left.set_ylabel("weight")
    right.set_ylabel("activation")
    for axes in (left, right):
        shade(axes, burst=False)
    right.legend(fontsize=7, ncol=2)
    save(figure, "bcm", left)


def main() -> None:
    """Draw every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    mpl.use("Agg")
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = World(seed)
    wild = world.with_burst()
    for name, learn in unit_rules(wild).items():
        draw_unit(name, record(wild, learn), wild)
    for name, learn in component_rules().items():
        draw_components(name, record(world, learn), world)
    draw_bcm(seed)


if __name__ == "__main__":
    main()
