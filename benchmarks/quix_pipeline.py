"""What one would write today instead: a Quix Streams pipeline with river's half-space trees.

Records are decoded by Quix, put together to one row of all metrics a group and second, and a model
for each group judges the row before it learns it. Nothing is published, as by the other readers.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from quixstreams import Application
from river import anomaly, compose, preprocessing

#: Records the group is done with: returns whether that was the last.
Count = Callable[[int], bool]


def make_model() -> Any:  # noqa: ANN401 - river's pipelines have no useful type
    """Return the detector of one group, with river's usual size."""
    return compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, height=6, seed=0)
    )


class Groups:
    """A model for each group, and the row that is being put together."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {}
        self._rows: dict[str, tuple[int, dict[str, float]]] = {}

    def take(self, record: dict[str, Any]) -> None:
        """Add a record to its group's row; a newer second closes the row before."""
        group, second = record["labels"]["service"], record["timestamp"]
        values = record.get("values") or {record["name"]: record["value"]}
        begun, row = self._rows.setdefault(group, (second, {}))
        if second == begun:
            row.update(values)
            return
        self._judge(group, row)
        self._rows[group] = (second, values)

    def _judge(self, group: str, row: dict[str, float]) -> float:
        if group not in self._models:
            self._models[group] = make_model()
        model = self._models[group]
        score = float(model.score_one(row))
        model.learn_one(row)
        return score


def read(bootstrap: str, topic: str, count: Count) -> None:
    """Run the pipeline over a topic until `count` says that all is read."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"bench-{uuid.uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        loglevel=logging.WARNING,
        use_changelog_topics=False,
    )
    groups = Groups()

    def work(record: dict[str, Any]) -> None:
        groups.take(record)
        if count(1):
            app.stop()

    frames = app.dataframe(app.topic(topic, value_deserializer="json"))
    frames.update(work)
    app.run()
