"""Codecs: records to samples, one format a file, each pure and total."""

from daemon.formats.base import Codec, make_codec

__all__ = ["Codec", "make_codec"]
