"""Files in and out: the same pipeline without a broker (replay, produce)."""
