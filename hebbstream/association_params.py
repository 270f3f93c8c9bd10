"""Knobs of the association graph; part of `hebbstream.params`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hebbstream.base_params import Params

AssociationsRule = Literal["hebb", "oja", "delta"]


class AssociationsParams(Params):
    """The graph of relations between series: what grows, what is pruned, what it may cost."""

    exhaustive_max: int = Field(
        default=256,
        ge=0,
        le=8192,
        description=(
            "Series up to which every pair is traced (5 bytes a pair); a larger group tries pairs "
            "in slots."
        ),
    )
    slots_per_series: int = Field(
        default=8,
        ge=0,
        le=64,
        description=(
            "Pairs a large group tries at a time, per series; more finds relations sooner, costs "
            "memory and time. 0: no relations above exhaustive_max."
        ),
    )
    trial_ticks: int = Field(
        default=256,
        ge=16,
        le=100_000,
        description=(
            "Ticks a pair in a slot has to reach weight_grow; longer gives weak ones a chance, "
            "and tries fewer."
        ),
    )
    rule: AssociationsRule = Field(
        default="hebb",
        description="How the weight of a relation learns; docs/rules.md compares.",
    )
    l1: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description=(
            "What every weight of a relation loses (soft threshold); higher keeps fewer "
            "relations. 0: nothing."
        ),
    )
    weight_small: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description=(
            "Weight below which a relation is pruned whatever its correlation; matters to the "
            "delta rule and l1."
        ),
    )
    learn_clip: float = Field(
        default=3.0,
        ge=0.5,
        le=100,
        description="Sigmas a sample is cut to in traces; lower protects relations from outliers.",
    )
    weight_grow: float = Field(
        default=0.6,
        gt=0,
        lt=1,
        description="Correlation at which a relation may grow; lower grows more, weaker ones.",
    )
    weight_prune: float = Field(
        default=0.4,
        gt=0,
        lt=1,
        description="Correlation below which a relation is pruned; must be below weight_grow.",
    )
    prune_after_ticks: int = Field(
        default=64,
        ge=1,
        le=32_000,
        description=(
            "Ticks below weight_prune before a relation is pruned; counted in steps of check_ticks."
        ),
    )
    significance_sigmas: float = Field(
        default=5.0,
        ge=0,
        le=50,
        description=(
            "Fisher's z a new relation must reach with its effective samples; higher grows later."
        ),
    )
    false_discovery_rate: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Share of false relations among those grown at one check (Benjamini-Hochberg).",
    )
    variance_min: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Variance of the standardised series below which it is too still to relate.",
    )
    strongest_per_series: int = Field(
        default=4,
        ge=1,
        le=1024,
        description="A relation grows when it is among this many strongest of one of its ends.",
    )
    edges_per_series_max: int = Field(
        default=32,
        ge=1,
        le=8192,
        description="Relations of one series at most; the weakest gives way to a stronger one.",
    )
    edges_max: int = Field(
        default=65_536,
        ge=0,
        le=10_000_000,
        description=(
            "Relations of a group at most; the weakest gives way to a stronger one. Sets memory."
        ),
    )
    check_ticks: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Ticks between checks of what to grow and prune; more is cheaper and slower.",
    )
    break_memory_ticks: int = Field(
        default=60,
        ge=2,
        le=100_000,
        description="Time constant of the break evidence; longer sees weaker breaks, later.",
    )

    @model_validator(mode="after")
    def _band_is_open(self) -> Self:
        if self.weight_prune >= self.weight_grow:
            msg = "weight_prune must be below weight_grow, or relations would flap"
            raise ValueError(msg)
        return self
