"""A running service asked over its API; `inspect --url` shows what it has learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlencode, urlsplit

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daemon.config.process import fits_a_header
from daemon.errors import DaemonError

TIMEOUT_SECONDS: Final = 10.0
_PAGE: Final = 200


class LiveError(DaemonError):
    """A running service cannot be asked, or refuses to answer; the message says why."""

    exit_code = 2


class LiveService:
    """The API of one running service; a context manager.

    Parameters
    ----------
    url : str
        Its address, for example http://host:9464; a path in front of /api is kept.
    timeout_seconds : float
        How long to wait for each answer.

    Raises
    ------
    LiveError
        When the address is none.
    """

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            msg = f"{url}: {error}"
            raise LiveError(msg) from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            msg = f"{url}: an address such as http://host:9464 is needed"
            raise LiveError(msg)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._url = url
        self._connection = kind(parts.hostname, port, timeout=timeout_seconds)
        self._prefix = parts.path.rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def ask(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Read one document.

        Parameters
        ----------
        path : str
            Below the address.
        parameters : mapping, optional
            Of the query.

        Returns
        -------
        Any
            The decoded JSON.

        Raises
        ------
        LiveError
            When there is no answer, or it is a refusal.
        """
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._exchange("GET", path + query)

    def change(
        self,
        method: Literal["POST", "DELETE"],
        path: str,
        token: str | None,
        document: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """Have something changed.

        Parameters
        ----------
        method : str
            Of HTTP.
        path : str
            Below the address.
        token : str or None
            The service's `server.token`.
        document : mapping, optional
            JSON that is sent.

        Returns
        -------
        Any
            The decoded JSON of the answer.

        Raises
        ------
        LiveError
            When there is no answer, or it is a refusal.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {_sendable(token)}"}
        if document is None:
            return self._exchange(method, path, None, headers)
        headers["Content-Type"] = "application/json"
        return self._exchange(method, path, msgspec.json.encode(document), headers)

    def _exchange(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Any:  # noqa: ANN401 - JSON
        """Send one request and decode its answer."""
        try:
            self._connection.request(method, self._prefix + path, body, dict(headers))
            answer = self._connection.getresponse()
            told = msgspec.json.decode(answer.read())
        except (OSError, HTTPException, UnicodeError) as error:
            msg = f"no answer from {self._url}: {str(error) or type(error).__name__}"
            raise LiveError(msg) from error
        except msgspec.DecodeError as error:
            msg = f"{self._url}{path} does not answer as hebbstream does"
            raise LiveError(msg) from error
        if answer.status not in (200, 201):
            detail = told.get("detail", answer.reason) if isinstance(told, dict) else answer.reason
            msg = f"{self._url}{path} answers {answer.status}: {detail}"
            raise LiveError(msg)
        return told

    def groups(self, named: str | None = None) -> list[dict[str, Any]]:
        """List groups in order of name: all, or those of one name or with one id.

        Raises
        ------
        LiveError
            As `ask`, and when there is none of that name.
        """
        found = [
            each
            for each in self.items("/api/v1/groups", {"sort": "name"})
            if named in (None, each["name"], each["id"])
        ]
        if named is not None and not found:
            msg = f"{self._url} has no group {named!r} now"
            raise LiveError(msg)
        return found

    def items(self, path: str, parameters: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
        """Read a list page by page.

        Raises
        ------
        LiveError
            As `ask`.
        """
        wanted = dict(parameters) | {"limit": _PAGE}
        while True:
            page = self.ask(path, wanted)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            wanted["cursor"] = page["next_cursor"]


def _sendable(token: str) -> str:
    """Return a token without the white space around it, or refuse what no header can hold."""
    token = token.strip()
    if not fits_a_header(token):
        msg = "the token holds characters that cannot be sent; is it the service's server.token?"
        raise LiveError(msg)
    return token


def show_live(url: str, group: str | None, top: int, console: Console) -> None:
    """Print what a running service has learnt: per group its state, components, associations.

    Parameters
    ----------
    url : str
        Where it answers.
    group : str or None
        Only groups of this name, or with this id.
    top : int
        Associations and weights shown.
    console : Console
        Where to print.

    Raises
    ------
    LiveError
        When it does not answer, or has no such group.
    """
    with LiveService(url) as service:
        for each in service.groups(group):
            path = f"/api/v1/groups/{each['id']}"
            learnt = service.ask(f"{path}/components", {"top": min(top, 5)})
            edges = service.ask(f"{path}/edges", {"limit": min(top, 1000)})
            console.print(_component_table(each, learnt["components"]))
            console.print(_association_table(each, edges["items"]))


def printable(text: str) -> str:
    r"""Write a text so that no terminal acts on it: what cannot be printed is escaped.

    Examples
    --------
    >>> printable("a b\x1b[31m")
    'a b\\x1b[31m'
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _component_table(group: Mapping[str, Any], components: list[dict[str, Any]]) -> Table:
    title = Text(
        f"group {printable(group['name'])} ({group['topic']}/{group['partition']}): "
        f"{group['health']}, score {group['score']:.2f}, "
        f"{group['series']} series, {group['components']} components"
    )
    table = Table("component", "share", "series (weight)", title=title, title_justify="left")
    for component in components:
        named = (
            f"{printable(one['series'])} ({one['weight']:+.2f})" for one in component["series"]
        )
        table.add_row(
            str(component["index"]), f"{component['energy_ratio']:.0%}", Text("\n".join(named))
        )
    return table


def _association_table(group: Mapping[str, Any], edges: list[dict[str, Any]]) -> Table:
    title = Text(f"group {printable(group['name'])}: {len(edges)} of {group['edges']} associations")
    table = Table(
        "source", "target", "leads by, s", "weight", "age in s", title=title, title_justify="left"
    )
    for edge in edges:
        table.add_row(
            Text(printable(edge["source"])), Text(printable(edge["target"])),
            f"{edge['lag_s']:g}" if edge["lag_s"] else "",
            f"{edge['weight']:+.3f}", f"{edge['age_s']:,.0f}",
        )  # fmt: skip
    return table
