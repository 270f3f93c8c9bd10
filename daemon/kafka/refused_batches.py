"""A message that the broker finds too large costs itself, and not the producer.

kafka-python 3.0.12 takes the refusal of a batch for the end of an idempotent producer: every later
message fails with the same error, as if it were too large as well. But nothing of a refused batch
was appended, and no other batch of its partition is on its way, for the client sends them one at a
time to keep their order. So its sequence numbers are free for the next one, as they are for the
parts of a batch that the client splits.

While it splits one, its `flush` fails with an error of its own making, which says nothing of the
messages: `UNSETTLED` has what a flush may raise though all is well.

No public interface of the client has this; its version is pinned.
"""

from __future__ import annotations

from typing import Any

from kafka.errors import (
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownError,
)

TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
UNSETTLED = (KafkaTimeoutError, UnknownError)


def outlive_refusals(producer: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
    """Have an idempotent producer go on after a message that is too large for its topic.

    One in transactions is left as it is: a transaction is whole or it is not seen.

    Parameters
    ----------
    producer : KafkaProducer
        Nothing was sent with it yet.
    """
    manager = producer._transaction_manager  # noqa: SLF001 - no public way
    classified = manager.classify_batch_error

    def classify(error: Any, batch: Any, log_start_offset: int = -1) -> Any:  # noqa: ANN401 - as above
        ours = manager.producer_id_and_epoch.match(batch)
        if manager.is_transactional() or not ours or not isinstance(error, TOO_LARGE):
            return classified(error, batch, log_start_offset=log_start_offset)
        manager.set_sequence_number(batch.topic_partition, batch.base_sequence)
        return manager.ERROR_CLASS_RETRIABLE  # no try is left: the batch fails, and nothing else

    manager.classify_batch_error = classify
