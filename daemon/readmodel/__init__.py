"""What the service shows of itself: immutable views that the engine publishes and HTTP reads.

Nothing here is a detector's live state. The engine's thread writes, any thread reads `view`.
"""

from daemon.readmodel.model import About, Limits, ReadModel

__all__ = ["About", "Limits", "ReadModel"]
