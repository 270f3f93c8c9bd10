"""Series identity: from a name and labels as read to an index, once per series and partition.

An index is only a handle: nothing that decides a frame may depend on its value, because
`SeriesTable.retain` renumbers. Everything that needs an order sorts by key.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import numpy as np

from daemon.config import GroupingSection, InputSection, MetricRule, SeriesSection
from daemon.records import I32, DropReason, Series
from daemon.relabel import NAME, SeriesRules, compile_patterns
from daemon.series_key import group_labels, group_name, series_key

#: What the negative results of `SeriesTable.resolve` mean.
REFUSED: Mapping[int, DropReason] = {
    -1: DropReason.EXCLUDED,
    -2: DropReason.NO_NAME,
    -3: DropReason.LABEL_LIMIT,
    -4: DropReason.SERIES_LIMIT,
}
_CODE = {reason: code for code, reason in REFUSED.items()}

#: Identities a table may hold beyond every series the limits of the groups allow, so that samples
#: of refused series can still be told apart until their tick closes.
SPARE = 100_000


class SeriesTable:
    """All series of one input partition that are read or waiting to be.

    Parameters
    ----------
    series : SeriesSection
        Rules that run before anything else.
    metrics : sequence of MetricRule
        The first whose pattern matches a series' final name applies to it.
    grouping : GroupingSection
        Which labels make a group; its limits also bound the table.
    limits : InputSection
        Bounds on labels and bytes.

    Attributes
    ----------
    identities : list of Series
        By index.
    group_names : list of str
        Groups by their index in this table, in order of appearance.
    metrics : tuple of MetricRule
        The rules `Series.rule` points into.
    generation : int
        Grows when indices were renumbered: whoever cached one must forget it.
    """

    def __init__(
        self,
        series: SeriesSection,
        metrics: Sequence[MetricRule],
        grouping: GroupingSection,
        limits: InputSection,
    ) -> None:
        self.identities: list[Series] = []
        self.group_names: list[str] = []
        self.metrics = tuple(metrics)
        self.generation = 0
        self.capacity = SPARE + 2 * grouping.groups_max * grouping.series_per_group_max
        self._rules = SeriesRules(series)
        self._patterns = [compile_patterns([rule.match]) for rule in metrics]
        self._group_by = tuple(grouping.group_by)
        self._limits = limits
        self._by_key: dict[str, int] = {}
        self._by_group: dict[str, int] = {}
        self._group_of = array("i")
        self._rule_of = array("i")

    def __len__(self) -> int:
        return len(self.identities)

    def resolve(self, name: str | None, labels: Mapping[str, str]) -> int:
        """Find or add a series.

        Parameters
        ----------
        name : str or None
            Metric name; when None or empty, the label `__name__` stands in.
        labels : mapping
            Labels as read, in any order.

        Returns
        -------
        int
            Index into `identities`, or a key of `REFUSED`. A negative code may be cached like an
            index, except that of SERIES_LIMIT (the table was full), which a later purge may lift.
        """
        own = {k: v for k, v in labels.items() if k != NAME}
        name = name or labels.get(NAME, "")
        if not name:
            return _CODE[DropReason.NO_NAME]
        if self._too_large(name, own):
            return _CODE[DropReason.LABEL_LIMIT]
        ruled = self._rules.apply(name, own)
        if ruled is None:
            return _CODE[DropReason.EXCLUDED]
        name, own = ruled
        if not name:
            return _CODE[DropReason.NO_NAME]
        if self._too_large(name, own):
            return _CODE[DropReason.LABEL_LIMIT]
        key = series_key(name, own.items())
        found = self._by_key.get(key)
        return self._add(name, own, key) if found is None else found

    def _too_large(self, name: str, labels: Mapping[str, str]) -> bool:
        if len(labels) > self._limits.labels_max:
            return True
        texts = (name, *labels.keys(), *labels.values())
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        return size > self._limits.name_bytes_max

    def _add(self, name: str, labels: Mapping[str, str], key: str) -> int:
        if len(self.identities) >= self.capacity:
            return _CODE[DropReason.SERIES_LIMIT]
        rule = next((i for i, p in enumerate(self._patterns) if p and p.fullmatch(name)), -1)
        group = group_name({NAME: name, **labels}, self._group_by)
        return self._insert(Series(name, tuple(sorted(labels.items())), key, group, rule))

    def _insert(self, identity: Series) -> int:
        index = self._by_key[identity.key] = len(self.identities)
        self.identities.append(identity)
        group = self._by_group.setdefault(identity.group, len(self.group_names))
        if group == len(self.group_names):
            self.group_names.append(identity.group)
        self._group_of.append(group)
        self._rule_of.append(identity.rule)
        return index

    def group_of(self) -> I32:
        """Index into `group_names` of every series, int32[len(self)], a copy."""
        return np.array(self._group_of, dtype=np.int32)

    def rule_of(self) -> I32:
        """Index of the metric rule of every series, -1 for none, int32[len(self)], a copy."""
        return np.array(self._rule_of, dtype=np.int32)

    def group_labels(self, group: str) -> dict[str, str]:
        """Labels of a group in configured order; those its series lack are left out."""
        return group_labels(group, self._group_by)

    def retain(self, indices: I32) -> I32:
        """Forget every series but these, and renumber them in the order given.

        Parameters
        ----------
        indices : int32[M]
            Series to keep, unique.

        Returns
        -------
        int32[len(self)]
            New index of each old one, -1 for the forgotten.
        """
        renumbered = np.full(len(self.identities), -1, dtype=np.int32)
        renumbered[indices] = np.arange(len(indices), dtype=np.int32)
        self.adopt([self.identities[i] for i in indices])
        return renumbered

    def adopt(self, identities: Sequence[Series]) -> None:
        """Hold these series, in this order, and no others; keys must be unique."""
        self.identities, self.group_names = [], []
        self._by_key, self._by_group = {}, {}
        self._group_of, self._rule_of = array("i"), array("i")
        for identity in identities:
            self._insert(identity)
        self.generation += 1
