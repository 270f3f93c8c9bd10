"""What every section of the configuration has in common."""

from __future__ import annotations

from hebbstream.base_params import Params


class Section(Params):
    """Base of every section of the service, under the same rules as those of the library."""
