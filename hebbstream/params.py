"""Every knob of a detector: its range, its unit, and what grows or breaks when it changes.

The defaults are the constants of the measured recipe. "Ticks" are frames; durations are seconds or
text such as `3d` and are divided by the detector's interval.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hebbstream.association_params import AssociationsParams
from hebbstream.base_params import Params
from hebbstream.durations import Duration
from hebbstream.homeostasis_params import HomeostasisParams
from hebbstream.single_params import SingleParams

DAY = 86_400.0
SubspaceRule = Literal["pastd", "sanger", "oja", "lateral"]


class ScalerParams(Params):
    """Location and scale of each series."""

    learn_clip: float = Field(
        default=20.0,
        ge=2,
        le=1000,
        description=(
            "Sigmas beyond which a sample teaches location and scale no more; lower resists "
            "spikes, and adapts to shifts more slowly."
        ),
    )
    range_floor: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description=(
            "Share of the range seen that is added to the sigma; lower makes nearly constant "
            "series shout, higher makes quiet ones deaf."
        ),
    )
    range_memory_factor: float = Field(
        default=10.0,
        ge=1,
        le=1000,
        description=(
            "How many memories the range seen takes to shrink back; lower forgets a wild value "
            "sooner."
        ),
    )


class ClockParams(Params):
    """The baseline of clock harmonics, per series."""

    enabled: bool = Field(
        default=True,
        description=(
            "Learn a daily course per series and look at deviations from it where it explains "
            "enough."
        ),
    )
    harmonics_max: int = Field(
        default=4,
        ge=1,
        le=12,
        description=(
            "Harmonics of the day at most (never more than a quarter of the day's ticks); more "
            "follow sharper daily courses, cost memory and time."
        ),
    )
    memory: Duration = Field(
        default=DAY,
        ge=3600,
        le=365 * DAY,
        description="Time constant of the daily course; longer is steadier, and slower to follow.",
    )
    variance_ratio_max: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Share of variance left at which a course is unused; higher uses weak ones.",
    )


class SubspaceParams(Params):
    """How components learn, how many are kept, and when one is grown or pruned."""

    rule: SubspaceRule = Field(
        default="pastd",
        description="How components learn; docs/rules.md compares. A snapshot keeps its rule.",
    )
    lags: int = Field(
        default=1,
        ge=0,
        le=8,
        description=(
            "Frames before this one that the components see beside it, so that they learn what "
            "follows what; each costs as much memory and time as the frame itself."
        ),
    )
    components_max: int = Field(
        default=16, ge=1, le=256, description="Components at most; sets memory and time per tick."
    )
    components_min: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Components at least, once there are two series or more.",
    )
    energy_min: float = Field(
        default=0.65,
        gt=0,
        lt=1,
        description=(
            "A component grows while the components hold less than this share of the energy."
        ),
    )
    energy_max: float = Field(
        default=0.75,
        gt=0,
        lt=1,
        description="The last component is pruned when the others hold more than this share.",
    )
    check_ticks: int = Field(
        default=30,
        ge=1,
        le=100_000,
        description="Ticks between two changes of the number of components at least.",
    )
    learn_clip: float = Field(
        default=2.0,
        ge=0.5,
        le=100,
        description=(
            "Sigmas a sample is cut to before the components learn it; lower protects them from "
            "outliers."
        ),
    )

    @model_validator(mode="after")
    def _bands_are_open(self) -> Self:
        if self.energy_min >= self.energy_max:
            msg = "energy_min must be below energy_max, or components would flap"
            raise ValueError(msg)
        if self.components_min > self.components_max:
            msg = "components_min must not be above components_max"
            raise ValueError(msg)
        return self


class EvidenceParams(Params):
    """How a frame's deviations become one statistic."""

    cap: float = Field(
        default=20.0,
        ge=2,
        le=1000,
        description="Sigmas beyond which a series counts no more; lower hides faults of few.",
    )
    short_ticks: int = Field(
        default=5,
        ge=1,
        le=10_000,
        description="Time constant of the fast smoothing; shorter sees sooner and is noisier.",
    )
    long_ticks: int = Field(
        default=30,
        ge=1,
        le=100_000,
        description="Time constant of the slow smoothing; longer sees weaker, longer faults.",
    )
    long_ratio_max: float = Field(
        default=2.0,
        ge=0,
        le=1e9,
        description=(
            "The slow smoothing counts at most this many times the fast one in the statistic; "
            "lower lets a fault that is over end sooner, higher favours long faint ones. In the "
            "alert it counts half at most."
        ),
    )
    warmup_ticks: int = Field(
        default=30,
        ge=2,
        le=100_000,
        description="Ticks a group is young and not judged; fewer may alarm on a start.",
    )


class CalibrationParams(Params):
    """From the statistic to a p-value: the tail model."""

    memory: Duration = Field(
        default=3 * DAY,
        ge=60,
        le=3650 * DAY,
        description="How long the tail model remembers, or memory_ticks_min if that is longer.",
    )
    memory_ticks_min: int = Field(
        default=10_000,
        ge=100,
        le=100_000_000,
        description="Ticks the tail model remembers at least.",
    )
    warmup_ticks: int = Field(
        default=100,
        ge=2,
        le=1_000_000,
        description="Ticks before the tail model starts to learn; scores are 0 until then.",
    )
    quantile_low: float = Field(
        default=0.99, ge=0.5, lt=1, description="Quantile of the statistic where its tail begins."
    )
    quantile_high: float = Field(
        default=0.999,
        ge=0.5,
        lt=1,
        description="Quantile that, with quantile_low, gives the tail's slope.",
    )
    release_ticks: int = Field(
        default=240,
        ge=1,
        le=1_000_000,
        description="Net ticks far in the tail after which they count as normal again.",
    )

    @model_validator(mode="after")
    def _quantiles_are_ordered(self) -> Self:
        if self.quantile_low >= self.quantile_high:
            msg = "quantile_low must be below quantile_high"
            raise ValueError(msg)
        return self


class GateParams(Params):
    """Learning while something is wrong: quarantine, adoption of a new normal, and the way back."""

    trigger: float = Field(
        default=2.5,
        ge=1,
        le=100,
        description=(
            "-log10 of the gate's p-value above which a tick is hot and the group quarantined; "
            "lower quarantines more often."
        ),
    )
    slow_factor: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description=(
            "Factor on every learning rate of what judges, while quarantined; 0 holds it still, 1 "
            "lets it learn on beside the shadow."
        ),
    )
    adopt_after: Duration = Field(
        default=3300.0,
        ge=0,
        le=365 * DAY,
        description=(
            "How long a group must be hot, net, before the new regime is adopted as normal, or "
            "adopt_after_ticks if that is longer; longer alarms longer, and follows change later."
        ),
    )
    adopt_after_ticks: int = Field(
        default=55,
        ge=1,
        le=10_000_000,
        description="Hot ticks before the new regime is adopted, at least.",
    )
    retention: Duration = Field(
        default=7 * DAY,
        ge=0,
        le=3650 * DAY,
        description=(
            "How long the regime before an adoption stays parked, to be restored when it fits "
            "again; 0 forgets it at once."
        ),
    )
    restore_after_ticks: int = Field(
        default=10,
        ge=1,
        le=100_000,
        description="Ticks in a row the parked regime must fit before it is restored.",
    )
    settle_ticks: int = Field(
        default=10,
        ge=1,
        le=100_000,
        description=(
            "Ticks of a quarantine in which the shadow only looks where the series stand; more "
            "find it more exactly, and leave fewer to learn from there."
        ),
    )
    adopt_sigmas: float = Field(
        default=3.0,
        ge=0.5,
        le=100,
        description="Mean deviation beyond which a series restarts where it stands.",
    )
    adopt_count: int = Field(
        default=60,
        ge=1,
        le=1_000_000,
        description=(
            "Samples a restarted series is taken to have seen; fewer learn the new regime faster."
        ),
    )
    adopt_smoothing_ticks: int = Field(
        default=30,
        ge=1,
        le=100_000,
        description="Time constant of the mean deviation that restarts look at.",
    )


class DetectorParams(Params):
    """All knobs of a detector."""

    alert_budget_per_day: float = Field(
        default=0.1,
        gt=0,
        description=(
            "Alerts a group may raise a day; sets the alert line (score 1.0). Must be below the "
            "ticks of a day. Higher sees more and disturbs more."
        ),
    )
    memory: Duration = Field(
        default=3 * DAY,
        ge=60,
        le=3650 * DAY,
        description=(
            "Time constant of what is learnt: location, scale, components, relations. Longer is "
            "steadier, and slower to follow change."
        ),
    )
    memory_ticks_max: int = Field(
        default=50_000,
        ge=100,
        le=100_000_000,
        description="Bound on memory in ticks, for short intervals.",
    )
    scaler: ScalerParams = ScalerParams()
    clock: ClockParams = ClockParams()
    subspace: SubspaceParams = SubspaceParams()
    associations: AssociationsParams = AssociationsParams()
    evidence: EvidenceParams = EvidenceParams()
    calibration: CalibrationParams = CalibrationParams()
    gate: GateParams = GateParams()
    homeostasis: HomeostasisParams = HomeostasisParams()
    single: SingleParams = SingleParams()
