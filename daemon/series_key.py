"""The canonical text of a series and of a group: one text for one identity, and back.

A series reads `name{label="value",...}` with sorted labels, escaped as the Prometheus text format
does (exposition format 1.0, with quoted names for what the plain form cannot hold). A group reads
as the values of its labels, in the order the configuration gives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

#: The group of a daemon that learns every series of a partition together.
ALL = "all"
#: What stands for a label the series does not have, and for one whose value is the empty string.
MISSING = "(none)"
EMPTY = "(empty)"

_SEPARATOR = ","
_PLAIN_NAME = re.compile(r'[^\s{}"\\](?:[^\x00-\x1f\x7f{}"\\]*[^\s{}"\\])?')
_PLAIN_LABEL = re.compile(r'[^\s\x00-\x1f\x7f{}"\\=,]+')
_PAIR = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|[^\s"{}\\=,]+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.DOTALL
)
_QUOTED_NAME = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.DOTALL)
_ESCAPE = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNSAFE_IN_GROUP = re.compile(r'[\x00-\x20\x7f%(),"\\]')
_PERCENT = re.compile(r"%([0-9A-F]{2})")


def _escape(text: str) -> str:
    return text.translate({ord(plain): escaped for plain, escaped in _ESCAPE.items()})


def _label(name: str) -> str:
    return name if _PLAIN_LABEL.fullmatch(name) else f'"{_escape(name)}"'


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda m: "\n" if m[1] == "n" else m[1], text)


def series_key(name: str, labels: Iterable[tuple[str, str]]) -> str:
    r"""Write a series as text; different series never share one.

    Parameters
    ----------
    name : str
        Metric name.
    labels : iterable of (str, str)
        Label set in any order, names unique.

    Returns
    -------
    str
        The canonical key.

    Examples
    --------
    >>> series_key("up", [("job", "a"), ("instance", "h:1")])
    'up{instance="h:1",job="a"}'
    >>> series_key("up", [])
    'up'
    >>> series_key("odd{name", [("k", 'say "hi"')])
    '{"odd{name",k="say \\"hi\\""}'
    """
    pairs = [f'{_label(label)}="{_escape(value)}"' for label, value in sorted(labels)]
    if not _PLAIN_NAME.fullmatch(name):
        return "{" + ",".join([f'"{_escape(name)}"', *pairs]) + "}"
    return name + "{" + ",".join(pairs) + "}" if pairs else name


def parse_series_key(text: str) -> tuple[str, dict[str, str]]:
    r"""Read a series as a person or `series_key` writes it.

    Parameters
    ----------
    text : str
        `name`, `name{label="value",...}` or `{"name",label="value",...}`.

    Returns
    -------
    tuple of str and dict
        Name and labels.

    Raises
    ------
    ValueError
        When the text is none of these, or repeats a label.

    Examples
    --------
    >>> parse_series_key('up{job="a", instance="h:1"}')
    ('up', {'job': 'a', 'instance': 'h:1'})
    """
    name, brace, rest = text.partition("{")
    name = name.strip()
    labels: dict[str, str] = {}
    if not brace:
        if not name:
            msg = "a series needs a name"
            raise ValueError(msg)
        return name, labels
    body = rest.rstrip()
    if not body.endswith("}"):
        msg = f"{text!r} does not end with a closing brace"
        raise ValueError(msg)
    body, at = body[:-1], 0
    if not name:
        quoted = _QUOTED_NAME.match(body)
        if quoted is None:
            msg = f"{text!r} has no name"
            raise ValueError(msg)
        name, at = _unescape(quoted[1]), quoted.end()
    while body[at:].strip():
        pair = _PAIR.match(body, at)
        if pair is None:
            msg = f'{text!r}: expected label="value" at {body[at:]!r}'
            raise ValueError(msg)
        label = _unescape(pair[1][1:-1]) if pair[1].startswith('"') else pair[1]
        if label in labels:
            msg = f"{text!r} repeats the label {label!r}"
            raise ValueError(msg)
        labels[label] = _unescape(pair[2])
        at = pair.end()
    return name, labels


def group_name(labels: Mapping[str, str], group_by: Sequence[str]) -> str:
    """Name the group a series belongs to.

    Parameters
    ----------
    labels : mapping
        The series' labels.
    group_by : sequence of str
        Labels that make a group, in order.

    Returns
    -------
    str
        The labels' values joined by commas: `(none)` for a label the series lacks, `(empty)` for an
        empty value, and percent-escapes for white space, control characters and `%(),"` and the
        backslash, so that different values never meet in one name. `all` when `group_by` is empty.

    Examples
    --------
    >>> group_name({"service": "shop", "dc": "eu"}, ["service", "dc"])
    'shop,eu'
    >>> group_name({"service": ""}, ["service", "dc"])
    '(empty),(none)'
    >>> group_name({"service": "a,b"}, ["service"])
    'a%2Cb'
    """
    if not group_by:
        return ALL
    return _SEPARATOR.join(_encode_value(labels.get(label)) for label in group_by)


def _encode_value(value: str | None) -> str:
    if value is None:
        return MISSING
    if not value:
        return EMPTY
    return _UNSAFE_IN_GROUP.sub(lambda m: f"%{ord(m[0]):02X}", value)


def group_labels(group: str, group_by: Sequence[str]) -> dict[str, str]:
    """Read a group's labels back from its name; labels its series lack are left out.

    Parameters
    ----------
    group : str
        A name made by `group_name`.
    group_by : sequence of str
        The labels it was made with.

    Returns
    -------
    dict
        Label to value, in the order of `group_by`.

    Examples
    --------
    >>> group_labels("(empty),a%2Cb,(none)", ["service", "dc", "host"])
    {'service': '', 'dc': 'a,b'}
    """
    if not group_by:
        return {}
    values = zip(group_by, group.split(_SEPARATOR), strict=True)
    return {label: _decode_value(text) for label, text in values if text != MISSING}


def _decode_value(text: str) -> str:
    return "" if text == EMPTY else _PERCENT.sub(lambda m: chr(int(m[1], 16)), text)
