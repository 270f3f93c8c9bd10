"""Series rules: include, exclude, relabel and rename, as Prometheus' metric relabelling does them.

Rules run once for each new series, not for each sample, so they may cost regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from daemon.config import RelabelAction, RelabelRule, SeriesSection

#: The label that stands for the metric's name in relabel rules.
NAME = "__name__"


def compile_patterns(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """Compile name patterns in which `*` is any text and `?` any one character.

    Parameters
    ----------
    patterns : sequence of str
        Patterns; every other character stands for itself.

    Returns
    -------
    re.Pattern or None
        Matches with `fullmatch` what any of them matches; None when there are none.

    Examples
    --------
    >>> bool(compile_patterns(["node_*", "up"]).fullmatch("node_load1"))
    True
    >>> bool(compile_patterns(["node_?"]).fullmatch("node_load1"))
    False
    """
    if not patterns:
        return None
    texts = (re.escape(p).replace(r"\*", ".*").replace(r"\?", ".") for p in patterns)
    return re.compile("|".join(texts), re.DOTALL)


class SeriesRules:
    """The rules of the `series` section, compiled.

    Parameters
    ----------
    section : SeriesSection
        The rules; that each can be applied was checked with the configuration.
    """

    def __init__(self, section: SeriesSection) -> None:
        self._include = compile_patterns(section.include)
        self._exclude = compile_patterns(section.exclude)
        self._steps = [(rule, re.compile(rule.regex)) for rule in section.relabel]
        self._rename = dict(section.rename)

    def apply(self, name: str, labels: dict[str, str]) -> tuple[str, dict[str, str]] | None:
        """Run the rules over one series.

        Parameters
        ----------
        name : str
            Metric name as read.
        labels : dict
            Labels as read, without `__name__`.

        Returns
        -------
        tuple of str and dict, or None
            The series' name and labels (the name is empty when a rule took it away); None when a
            rule excludes it.
        """
        if self._include is not None and not self._include.fullmatch(name):
            return None
        if self._exclude is not None and self._exclude.fullmatch(name):
            return None
        if self._steps:
            labels = {**labels, NAME: name}
            for rule, regex in self._steps:
                kept = _relabel(rule, regex, labels)
                if kept is None:
                    return None
                labels = kept
            name = labels.pop(NAME, "")
        return self._rename.get(name, name), labels


def _relabel(
    rule: RelabelRule, regex: re.Pattern[str], labels: dict[str, str]
) -> dict[str, str] | None:
    """Apply one rule; None when it drops the series."""
    action = rule.action
    if action is RelabelAction.LABELDROP:
        return {k: v for k, v in labels.items() if not regex.fullmatch(k)}
    if action is RelabelAction.LABELKEEP:
        return {k: v for k, v in labels.items() if regex.fullmatch(k)}
    if action is RelabelAction.LABELMAP:
        # In order of name, so that of two that are mapped to one the same wins in every record.
        matches = ((regex.fullmatch(k), labels[k]) for k in sorted(labels))
        mapped = {m.expand(rule.replacement): v for m, v in matches if m}
        return labels | {k: v for k, v in mapped.items() if k}
    match = regex.fullmatch(rule.separator.join(labels.get(k, "") for k in rule.source_labels))
    if action is RelabelAction.KEEP:
        return labels if match else None
    if action is RelabelAction.DROP:
        return None if match else labels
    return _replace(rule, match, labels)


def _replace(
    rule: RelabelRule, match: re.Match[str] | None, labels: dict[str, str]
) -> dict[str, str]:
    """Write the target label; an empty text takes it away, an empty name is none to write to."""
    if match is None or rule.target_label is None:
        return labels
    target, text = match.expand(rule.target_label), match.expand(rule.replacement)
    if text and target:
        return {**labels, target: text}
    return {k: v for k, v in labels.items() if k != target}
