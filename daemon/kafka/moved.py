"""A cluster that is found again at other addresses: its clients ask where they began.

kafka-python 3.0.12 asks the brokers it has heard of, and none else: where all of them have moved,
it would try their old addresses for ever, though `bootstrap_servers` names the new ones.
"""

from __future__ import annotations

import random
from typing import Any


def look_where_it_began(manager: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
    """Have a client ask `bootstrap_servers` again while no broker it knows of can be reached.

    Parameters
    ----------
    manager : KafkaConnectionManager
        Its connections.
    """
    choose, cluster = manager.least_loaded_node, manager.cluster

    def resting(node_id: Any) -> bool:  # noqa: ANN401 - a number or a name
        return bool(manager.connection_delay(node_id) > 0)

    def least_loaded() -> Any:  # noqa: ANN401 - as above
        if not all(resting(broker.node_id) for broker in cluster.brokers()):
            return choose()
        began = [broker.node_id for broker in cluster.bootstrap_brokers()]
        awake = [node_id for node_id in began if not resting(node_id)]
        return random.choice(awake) if awake else None  # noqa: S311 - no secret

    manager.least_loaded_node = least_loaded
