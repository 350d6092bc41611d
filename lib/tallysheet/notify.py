"""Tell people what became of a week: by mail, Slack, Teams, ntfy, whatever the environment names."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallysheet.files import write_text
from tallysheet.language import Language
from tallysheet.publish.weekly import Published
from tallysheet.weeks import IsoWeek

if TYPE_CHECKING:
    from apprise import NotifyBase

VARIABLE = "TALLYSHEET_NOTIFY"
"""Environment variable that holds where to tell: addresses as apprise reads them, parted by white space."""
STATE = "notified.json"
"""In a week's folder, and in that of all weeks: what was told last, as a fingerprint, and to how many."""
_PAUSES_S = (1.0, 4.0)
"""Between the tries; one more try than pauses."""
_MOST_WHY = 500
"""Characters of an error that a message holds."""


@dataclass(frozen=True)
class Message:
    """Something to tell.

    Parameters
    ----------
    kind : {"published", "failed", "closed"}
    title, text : str
    html : str
        The text as a mail program shows it; empty: there is none.
    """

    kind: str
    title: str
    text: str
    html: str = ""

    @property
    def content(self) -> str:
        """Tell it from any other."""
        return hashlib.sha256("\0".join((self.kind, self.title, self.text, self.html)).encode()).hexdigest()


def take_addresses(environment: MutableMapping[str, str]) -> tuple[str, ...]:
    """Take the addresses out of the environment: they are secret, and no notebook is to inherit them.

    Examples
    --------
    >>> environment = {"TALLYSHEET_NOTIFY": "ntfys://topic  mailtos://user:secret@example.org"}
    >>> len(take_addresses(environment)), environment
    (2, {})
    """
    return tuple(environment.pop(VARIABLE, "").split())


def tell(
    done: Published,
    addresses: Sequence[str],
    language: Language,
    pause: Callable[[float], object] = time.sleep,
) -> list[str]:
    """Tell all addresses what became of a week, each message once; no fault of theirs is one of the run.

    Parameters
    ----------
    done : Published
    addresses : sequence of str
        None: nobody is told.
    language : Language
        Of the messages.
    pause : callable
        Waits so many seconds.

    Returns
    -------
    list of str
        What could not be told, a line each; never with an address.
    """
    return _told(lambda: _messages(done, language), done.folder / STATE, addresses, pause)


def tell_stopped(
    why: str,
    reports: Path,
    addresses: Sequence[str],
    language: Language,
    pause: Callable[[float], object] = time.sleep,
) -> list[str]:
    """Tell all addresses, as `tell` does, that a run ended before its weeks were done.

    Parameters
    ----------
    why : str
        Empty: it did not; what was told of an earlier run is over.
    reports : Path
        The folder of all weeks.
    addresses, language, pause
        As in `tell`.

    Returns
    -------
    list of str
    """
    messages = []
    if why:
        text = "\n".join([" ".join(why.split())[:_MOST_WHY], language.text("notify.last_good")])
        messages = [Message("failed", language.text("notify.stopped"), text)]
    return _told(lambda: messages, reports / STATE, addresses, pause)


def _told(
    messages: Callable[[], Sequence[Message]],
    state: Path,
    addresses: Sequence[str],
    pause: Callable[[float], object],
) -> list[str]:
    if not addresses:
        return []
    try:
        return _send(messages(), state, addresses, pause)
    except OSError as error:
        return [f"{VARIABLE}: the digest or {STATE} could not be read or written ({error.strerror})."]


def gate_closed(folder: Path, why: str, language: Language) -> Message:
    """Say that a week is not reported, and what it lacks.

    Parameters
    ----------
    folder : Path
        The week's; its name is the week.
    why : str
    language : Language

    Examples
    --------
    >>> from tallysheet.language import read_language
    >>> gate_closed(Path("reports/2026-W21"), "Orders are missing.", read_language("en")).title
    'Week 21 of 2026: not reported yet'
    """
    title = language.text("notify.closed", week=_heading(folder, language))
    return Message("closed", title, why)


def _messages(done: Published, language: Language) -> list[Message]:
    if done.closed:
        return [gate_closed(done.folder, done.closed, language)]
    return [*_failed(done, language), *_published(done, language)]


def _failed(done: Published, language: Language) -> list[Message]:
    if not done.failed:
        return []
    title = language.text("notify.failed", week=_heading(done.folder, language), n=len(done.failed))
    told = [
        language.text("notify.failed_page", page=page, why=" ".join(why.split())[:_MOST_WHY])
        for page, why in done.failed.items()
    ]
    return [Message("failed", title, "\n".join([*told, language.text("notify.last_good")]))]


def _published(done: Published, language: Language) -> list[Message]:
    """Give the digest as it is published now; readers of the internal pages alone see theirs."""
    path = next((found for found in _digests(done) if found.is_file()), None)
    if path is None:
        return []
    title = language.text("notify.published", week=_heading(done.folder, language))
    html = path.with_suffix(".html").read_text(encoding="utf-8")
    return [Message("published", title, path.read_text(encoding="utf-8"), html)]


def _digests(done: Published) -> list[Path]:
    """List where digests of the pages may be, named as they are: ``digest.fr.txt``."""
    pages = [page for page in done.pages if page.parent == done.folder]
    return [page.with_name("digest" + "".join(page.suffixes)).with_suffix(".txt") for page in pages]


def _heading(folder: Path, language: Language) -> str:
    week = IsoWeek.parse(folder.name)
    return language.text("page.heading", number=week.number, year=week.year)


def _send(
    messages: Sequence[Message],
    state: Path,
    addresses: Sequence[str],
    pause: Callable[[float], object],
) -> list[str]:
    """Send what has not been told yet, and keep who has been told.

    A trouble that is over is forgotten, so that it is news when it comes again.
    """
    before = _read_state(state)
    after = {"published": before["published"]} if "published" in before else {}
    unsent = []
    for message in messages:
        old = before.get(message.kind, {})
        told = set(old["told"]) if old.get("content") == message.content else set()
        for number, address in enumerate(addresses, start=1):
            if number not in told:
                why = _deliver(message, address, pause)
                if why:
                    unsent.append(f"{VARIABLE} address {number}: {why}")
                else:
                    told.add(number)
        after[message.kind] = {"content": message.content, "told": sorted(told)}
    if after != before:
        state.parent.mkdir(parents=True, exist_ok=True)
        write_text(state, json.dumps(after, indent=1) + "\n")
    return unsent


def _read_state(path: Path) -> dict[str, Any]:
    """Read what was told; a file that somebody broke counts as none, and the week is told once more."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {kind: {"content": one["content"], "told": list(one["told"])} for kind, one in found.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _deliver(message: Message, address: str, pause: Callable[[float], object]) -> str:
    """Send a message to one address, with patience; say why it did not go, else nothing."""
    from apprise import Apprise

    server = Apprise.instantiate(address, suppress_exceptions=True)
    if server is None:
        return "not an address that apprise knows; see its list of services."
    for seconds in (*_PAUSES_S, None):
        if _accepts(server, message):
            return ""
        if seconds is not None:
            pause(seconds)
    return f"no message went through in {len(_PAUSES_S) + 1} tries ({message.kind}); the report stands."


def _accepts(server: NotifyBase, message: Message) -> bool:
    """Try once; whatever a service does wrong, it has not taken the message."""
    from apprise import NotifyFormat, NotifyType
    from apprise.plugins.email import NotifyEmail

    formats = server.notify_format if isinstance(server.notify_format, tuple) else (server.notify_format,)
    as_html = bool(message.html) and isinstance(server, NotifyEmail) and NotifyFormat.HTML in formats
    kinds = {"failed": NotifyType.FAILURE, "closed": NotifyType.WARNING, "published": NotifyType.SUCCESS}
    try:
        return bool(
            server.notify(
                body=message.html if as_html else message.text,
                title=message.title,
                notify_type=kinds[message.kind],
                body_format=NotifyFormat.HTML if as_html else NotifyFormat.TEXT,
            )
        )
    except Exception:  # a plugin of a hundred strangers: it may raise anything, with the address in its text
        return False


def is_set() -> bool:
    """Tell whether the environment names anybody to tell, without reading whom."""
    return bool(os.environ.get(VARIABLE, "").strip())
