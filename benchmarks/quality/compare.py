"""Every detector over every recording: what is taken of each, one row per pair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.quality import alerts, ranking
from benchmarks.quality.alerts import DAY, Economy
from benchmarks.quality.labelled import Recording
from benchmarks.quality.peers import Judged, Peer, judge
from hebbstream.arrays import F64

BUDGETS = (0.05, 0.1, 0.25, 0.5, 1.0)
#: Data sets whose clock is real and long enough to count alerts a day.
WITH_ECONOMY = ("made-up", "smd", "asd", "jumpstarter", "mscloud")
#: Quantiles of the training rows among which a peer's line is chosen.
LINES = 1 - np.geomspace(0.2, 1e-6, 40)
#: Faults shorter than the soft border of VUS-PR make it meaningless.
WITHOUT_VUS = ("nezha",)


@dataclass(slots=True)
class Row:
    """One detector on one recording.

    Attributes
    ----------
    data, recording, peer : str
        Data set, recording, detector.
    base, precision, f1, vus : float
        Share of anomalous rows, average precision, best F1, VUS-PR.
    speed : float
        Rows a second.
    economy : dict of float to Economy
        By budget.
    hits : list of (float, float, float, float)
        Of each labelled fault: hit@1, hit@3, HitRate@100 %, HitRate@150 %.
    """

    data: str
    recording: str
    peer: str
    base: float
    precision: float
    f1: float
    vus: float
    speed: float
    economy: dict[float, Economy] = field(default_factory=dict)
    hits: list[tuple[float, float, float, float]] = field(default_factory=list)


def compare(data: str, recordings: Iterable[Recording], detectors: list[Peer]) -> list[Row]:
    """Run all detectors over all recordings of a data set.

    One without anomalous rows tells only of false incidents, which are the product's alone.
    """
    rows = []
    for recording in recordings:
        label = recording.anomalous
        for peer in detectors if label.any() else detectors[:1]:
            if peer.several and len(recording.series) == 1:
                continue
            told = judge(peer, recording)
            score = told.score[~recording.train]
            row = Row(
                data=data,
                recording=recording.name,
                peer=peer.name,
                base=float(label.mean()),
                precision=ranking.average_precision(label, score),
                f1=ranking.best_f1(label, score),
                vus=float("nan") if data in WITHOUT_VUS else ranking.vus_pr(label, score),
                speed=told.rows_per_second,
            )
            if data in WITH_ECONOMY and (told.p_value is not None or recording.train.any()):
                for budget in BUDGETS:
                    on_line = line_score(recording, told, budget)[~recording.train]
                    found = alerts.incidents(on_line)
                    row.economy[budget] = alerts.economy(label, found, recording.interval)
            if told.evidence is not None:
                row.hits = root_causes(recording, told.evidence)
            rows.append(row)
            print(f"  {data:12s} {recording.name:24s} {peer.name:26s} AP {row.precision:.3f}")
    return rows


def line_score(recording: Recording, told: Judged, budget: float) -> F64:
    """Score whose alert line is 1 at a budget.

    The product's comes from its p-values. The others' line is the lowest one that would have kept
    the budget on the training rows; 0 is their median there.
    """
    if told.p_value is not None:
        return alerts.score_at(told.p_value, budget, recording.interval)
    learnt = told.score[recording.train]
    middle = float(np.median(learnt))
    days = len(learnt) * recording.interval / DAY
    line = float(learnt.max())
    for candidate in np.unique(np.quantile(learnt, LINES)):
        if candidate <= middle:
            continue
        found = alerts.incidents((learnt - middle) / (candidate - middle))
        if len(found) <= budget * days:
            line = float(candidate)
            break
    return np.asarray((told.score - middle) / max(line - middle, 1e-12))


def root_causes(recording: Recording, evidence: F64) -> list[tuple[float, float, float, float]]:
    """Hits of each labelled fault: series ranked by their mean evidence in its time."""
    hits = []
    for event in recording.events:
        level = np.nanmean(evidence[event["start_row"] : event["end_row"]], axis=0)
        ranked = [recording.series[j] for j in np.argsort(-level)]
        guilty = set(event.get("root_cause") or ())
        if not guilty and event.get("root_cause_service"):
            ranked = services(ranked)
            guilty = {event["root_cause_service"]}
        if guilty:
            hits.append(
                (
                    ranking.hit_at(ranked, guilty, 1),
                    ranking.hit_at(ranked, guilty, 3),
                    ranking.hit_rate(ranked, guilty),
                    ranking.hit_rate(ranked, guilty, 1.5),
                )
            )
    return hits


def services(ranked: list[str]) -> list[str]:
    """Services in the order of their first series; a call's belongs to the service it calls.

    So the product has it, where a label names that service (`incidents.service_labels`).
    """
    names = (name.split("|")[0].rpartition("->")[2] for name in ranked)
    return list(dict.fromkeys(names))
