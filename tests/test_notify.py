"""People are told once what became of a week, by a real mail server, and its faults harm no report."""

import dataclasses
import email
import email.policy
import errno
import json
import socket

import nbformat
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from commands import report
from small_workbook import make_workbook, small_notebook

from tallysheet.cli import main
from tallysheet.errors import DataError
from tallysheet.language import read_language
from tallysheet.notify import STATE, VARIABLE, gate_closed, tell, tell_stopped
from tallysheet.publish.weekly import Published

pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    # aiosmtpd says so of any login without TLS; this one stays on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]

CANARY = "c4n4ry-9f81d3"
ENGLISH = read_language("en")


class Mailbox:
    """A server's memory: it refuses so many messages with a passing fault, and keeps the others."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals, self.tries, self.messages = refusals, 0, []

    async def handle_DATA(self, server, session, envelope):
        """Take a message or not; the name is aiosmtpd's."""
        self.tries += 1
        if self.tries <= self.refusals:
            return "451 try again later"
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 ok"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture
def server(monkeypatch):
    """Start mail servers on loopback that ask for a login; give their address for a mailbox."""
    monkeypatch.setattr(
        "apprise.plugins.email.NotifyEmail.request_rate_per_sec", 0
    )  # else seconds between two messages
    running = []

    def start(mailbox: Mailbox) -> str:
        controller = Controller(
            mailbox,
            hostname="127.0.0.1",
            port=free_port(),
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )
        controller.start()
        running.append(controller)
        return f"mailto://team:{CANARY}@127.0.0.1:{controller.port}?from=report@example.org&to=readers@example.org"

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def week(tmp_path):
    """Lay out a week as a run leaves it: a page and its digest."""
    folder = tmp_path / "2026-W21"
    folder.mkdir()
    (folder / "weekly_review.html").write_text("<p>page</p>", encoding="utf-8")
    (folder / "digest.txt").write_text("On-time arrivals fell.\n", encoding="utf-8")
    (folder / "digest.html").write_text("<p>On-time arrivals <b>fell</b>.</p>\n", encoding="utf-8")
    return Published(folder, (folder / "weekly_review.html",), {})


def html_of(message: email.message.EmailMessage) -> str:
    return message.get_body(("html",)).get_content()


def test_readers_get_the_digest_once(server, week):
    """As HTML with a text beside it; a rerun says nothing; a new digest is sent, also to a new address."""
    first, second = Mailbox(), Mailbox()
    address = server(first)

    assert tell(week, [address], ENGLISH) == []
    assert tell(week, [address], ENGLISH) == []
    (message,) = first.messages
    assert message["To"] == "readers@example.org"
    assert message["Subject"] == "Week 21 of 2026: weekly digest"
    assert "<b>fell</b>" in html_of(message)
    assert "On-time arrivals fell" in message.get_body(("plain",)).get_content()

    (week.folder / "digest.html").write_text("<p>It rose.</p>", encoding="utf-8")
    both = [address, server(second)]
    assert tell(week, both, ENGLISH) == []
    assert ["It rose" in html_of(message) for message in first.messages] == [False, True]
    assert len(second.messages) == 1


def test_a_failure_is_told_with_its_page_and_again_when_it_comes_back(server, week):
    """In the workbook's language; the digest that stands is not sent twice because of it."""
    box = Mailbox()
    address = server(box)
    failed = dataclasses.replace(week, failed={"data_health": "cell 3: expected rows,\n found none."})
    for done in (week, failed, failed, week, failed):
        assert tell(done, [address], read_language("fr")) == []

    assert [message["Subject"].split(": ")[1] for message in box.messages] == [
        "résumé hebdomadaire",
        "1 page n’a pas pu être produite",
        "1 page n’a pas pu être produite",
    ]
    told = box.messages[1].get_body(("plain", "html")).get_content()
    assert "data_health" in told
    assert "cell 3: expected rows, found none." in told


def test_a_closed_gate_is_told_once_with_its_reason(server, week):
    """Of a week that has no folder yet; what was sent is remembered there."""
    box = Mailbox()
    address = server(box)
    closed = Published(week.folder.with_name("2026-W22"), (), {}, "Of orders there are none yet.")
    assert tell(closed, [address], ENGLISH) == []
    assert tell(closed, [address], ENGLISH) == []

    (message,) = box.messages
    assert message["Subject"] == gate_closed(closed.folder, closed.closed, ENGLISH).title
    assert "Of orders there are none yet." in message.get_body(("plain", "html")).get_content()


def test_a_run_that_stops_is_told_once_until_it_runs_again(server, tmp_path):
    """With its error, in the workbook's language; what is over is forgotten."""
    box = Mailbox()
    address = server(box)
    for why in ("orders: expected rows,\n found none.", "orders: expected rows,\n found none.", "", "Full."):
        assert tell_stopped(why, tmp_path, [address], read_language("fr")) == []
    assert tell_stopped("Full.", tmp_path, [address], read_language("fr")) == []

    assert [message["Subject"] for message in box.messages] == ["Le rapport hebdomadaire s’est arrêté"] * 2
    assert "orders: expected rows, found none." in box.messages[0].get_body(("plain", "html")).get_content()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("orders", "rows", "none", "Look."), "orders: expected rows, found none. Look."),
        (OSError(errno.ENOSPC, "No space left on device", "reports/x"), "reports/x: expected room"),
        (RuntimeError("a fault of ours"), "RuntimeError: a fault of ours"),
    ],
    ids=["ours", "the system's", "unexpected"],
)
def test_whatever_stops_a_run_is_told(server, tmp_path, monkeypatch, error, told):
    """Also what nobody thought of; it is raised further, so that its traceback stays in the log."""

    def stopped(*_, **__):
        raise error

    monkeypatch.setattr("tallysheet.publish.report.report", stopped)
    data, box = make_workbook(tmp_path, []), Mailbox()

    result = CliRunner().invoke(main, ["report", "--data", str(data)], env={VARIABLE: server(box)})

    assert [message["Subject"] for message in box.messages] == ["The weekly report has stopped"]
    assert told in box.messages[0].get_body(("plain", "html")).get_content()
    assert result.exit_code != 0
    assert isinstance(result.exception, RuntimeError) == isinstance(error, RuntimeError)


def test_a_source_that_cannot_be_read_is_told(server, tmp_path):
    """It stops a run before its first week."""
    data, box = make_workbook(tmp_path, []), Mailbox()
    (data / "sources" / "parcels" / "source.toml").write_text("table = ", encoding="utf-8")

    result = CliRunner().invoke(main, ["report", "--data", str(data)], env={VARIABLE: server(box)})

    assert "source.toml: expected TOML" in box.messages[0].get_body(("plain", "html")).get_content()
    assert result.exit_code == 2


def test_a_server_that_refuses_twice_is_asked_a_third_time(server, week):
    """With longer and longer pauses; it gets one message."""
    box, pauses = Mailbox(refusals=2), []

    assert tell(week, [server(box)], ENGLISH, pauses.append) == []
    assert (box.tries, len(box.messages)) == (3, 1)
    assert pauses == sorted(set(pauses))
    assert len(pauses) == 2


def test_a_server_that_always_refuses_is_a_line_and_the_next_run_tries_again(server, week, capfd):
    """The other server is not told twice, and no output holds the address."""
    good, bad = Mailbox(), Mailbox(refusals=6)
    addresses = [server(bad), server(good)]
    (line,) = tell(week, addresses, ENGLISH, lambda _: None)
    (again,) = tell(week, addresses, ENGLISH, lambda _: None)

    assert line == again
    assert line.startswith(f"{VARIABLE} address 1: ")
    assert (bad.tries, len(good.messages)) == (6, 1)
    assert tell(week, addresses, ENGLISH, lambda _: None) == []  # it is well again
    assert (len(bad.messages), len(good.messages)) == (1, 1)
    out, err = capfd.readouterr()
    assert CANARY not in line + out + err + (week.folder / STATE).read_text(encoding="utf-8")


@pytest.mark.parametrize("address", [f"bogus://{CANARY}", CANARY, f"mailto://{CANARY}", "slack://x"])
def test_what_is_no_address_is_a_line_without_it(address, week, capfd):
    """A secret that was pasted wrongly is a secret all the same."""
    (line,) = tell(week, [address], ENGLISH, lambda _: None)

    assert CANARY not in line + "".join(capfd.readouterr())


def test_a_broken_note_counts_as_none(server, week):
    """The week is told once more rather than never."""
    box = Mailbox()
    (week.folder / STATE).write_text('{"published": 1', encoding="utf-8")

    assert tell(week, [server(box)], ENGLISH) == []
    assert len(box.messages) == 1
    assert json.loads((week.folder / STATE).read_text(encoding="utf-8"))["published"]["told"] == [1]


def test_nobody_is_told_without_an_address(week):
    """Nothing is written either."""
    assert tell(week, [], ENGLISH) == []
    assert not (week.folder / STATE).exists()


@pytest.mark.slow
def test_a_whole_run_tells_once_and_keeps_the_secret(server, tmp_path):
    """A notebook that prints its environment does not find it; no artefact and no output holds it."""
    make_workbook(tmp_path)
    notebook = tmp_path / "notebooks" / "10_weekly_review.ipynb"
    notebook.parent.mkdir()
    cells = small_notebook("What moved?")
    cells.cells[3].source = "import os\nprint(sorted(os.environ.items()))\n" + cells.cells[3].source
    nbformat.write(cells, notebook)
    box, closed = Mailbox(), Mailbox(refusals=99)
    address = server(box)
    first, again = report(tmp_path, TALLYSHEET_NOTIFY=address), report(tmp_path, TALLYSHEET_NOTIFY=address)
    cells.cells[3].source = "import os\nraise RuntimeError(str(os.environ))"
    nbformat.write(cells, notebook)
    failed = report(tmp_path, TALLYSHEET_NOTIFY=f"{address} {server(closed)}")
    refused = report(tmp_path, TALLYSHEET_NOTIFY=server(closed))
    (tmp_path / "data" / "raw" / "parcels.csv").unlink()
    stopped = report(tmp_path, TALLYSHEET_NOTIFY=address)

    assert [done.returncode for done in (first, again, failed, refused, stopped)] == [0, 0, 1, 1, 2]
    assert [message["Subject"] for message in box.messages] == [
        "Week 21 of 2026: weekly digest",
        "Week 21 of 2026: 1 page could not be made",
        "The weekly report has stopped",
    ]
    assert "parcels.csv" in box.messages[2].get_body(("plain", "html")).get_content()
    digest = (tmp_path / "reports" / "2026-W21" / "digest.html").read_text(encoding="utf-8")
    assert "".join(html_of(box.messages[0]).split()) == "".join(digest.split())
    assert (tmp_path / "reports" / "2026-W21" / "weekly_review.html").is_file()
    assert f"{VARIABLE} address 2: no message went through in 3 tries" in failed.stderr
    outputs = [done.stdout + done.stderr for done in (first, again, failed, refused, stopped)]
    holding = [
        path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert [output for output in outputs if CANARY in output] == []
    assert holding == []
    assert CANARY not in "".join(map(str, box.messages))
