"""Learning the components by a rule other than the default: Sanger, Oja by deflation, lateral.

These are plain rules: their step is divided by the running mean of the frame's power, so that a
component turns in proportion to its share of the energy. Every row is brought back to length 1, as
the scoring expects.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layers import lateral_ordered, normalise, project, sanger
from hebbstream.kernels.layout import (
    AGE,
    COMPONENTS,
    ENERGY,
    ENERGY_COUNT,
    ENERGY_TOTAL,
    LATERAL,
    RULE_LATERAL,
    RULE_SANGER,
)
from hebbstream.kernels.rules import oja, pace

#: The rate of a young component is YOUTH / (age + 10 YOUTH): a tenth at birth.
YOUTH = 10.0


@kernel
def take_off(row: F32, lesson: F32, present: F32) -> float:
    """Take off a frame what one component explains of it.

    Parameters
    ----------
    row : float32[n], in
        A unit row.
    lesson : float32[n], in/out
        The frame, and what the component leaves of it.
    present : float32[n], in
        1 where there is a sample; a missing one stays 0.

    Returns
    -------
    float64
        The activation.
    """
    s = np.float32(project(row, lesson))
    for i in range(row.shape[0]):
        lesson[i] -= s * row[i] * present[i]
    return float(s)


@kernel
def learn_subspace_by(
    rule: int,
    weights: F32,
    components: F64,
    totals: F64,
    z: F32,
    present: F32,
    scratch: F32,
    rate: float,
    gate: float,
    clip: float,
) -> None:
    """Turn the components towards a frame by a plain rule and update their energies.

    Parameters
    ----------
    rule : int
        RULE_SANGER, RULE_OJA or RULE_LATERAL, see layout.
    weights : float32[components_max, n], in/out
        Unit rows, the first k in use.
    components : float64[3, components_max], in/out
        As for `learn_subspace`; the gain is not used. For RULE_LATERAL there are components_max
        rows more, the lateral weights, and one more for the activations.
    totals : float64[3], in/out
        Count of components, energy of what is learnt, tick count.
    z, present : float32[n], in
        Standardised frame and where it has samples.
    scratch : float32[3, n], out
        The frame that is learnt; the lesson, which is what the components leave of it once they
        have learnt; and what Sanger's units leave of it.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    clip : float64
        Sigmas a sample is cut to before it is learnt.
    """
    frame, lesson, rest = scratch[0], scratch[1], scratch[2]
    limit = np.float32(clip)
    for i in range(z.shape[0]):
        frame[i] = min(max(z[i], -limit), limit)
        rest[i] = frame[i]
        lesson[i] = frame[i]
    power = project(frame, frame)
    step = max(rate, 1.0 / (totals[ENERGY_COUNT] + 1.0)) * gate
    totals[ENERGY_TOTAL] += step * (power - totals[ENERGY_TOTAL])
    totals[ENERGY_COUNT] += 1.0
    most = weights.shape[0]
    for c in range(int(totals[COMPONENTS])):
        row = weights[c]
        young = max(rate, YOUTH / (components[AGE, c] + 10.0 * YOUTH))
        step = pace(young * gate, totals[ENERGY_TOTAL], power)
        if rule == RULE_SANGER:
            sanger(row, rest, present, project(row, frame), step)
        elif rule == RULE_LATERAL:
            lateral_ordered(
                weights,
                components[LATERAL : LATERAL + most],
                frame,
                present,
                components[LATERAL + most],
                c,
                step,
            )
        else:
            oja(row, lesson, present, project(row, lesson), step)
        normalise(row)
        s = take_off(row, lesson, present)
        step = max(rate, 1.0 / (components[AGE, c] + 1.0)) * gate
        components[ENERGY, c] += step * (s * s - components[ENERGY, c])
        components[AGE, c] += 1.0
