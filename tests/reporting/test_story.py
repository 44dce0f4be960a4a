"""The story that `demo --check` plays: it holds against the product, and fails loudly, without anybody's name, where a product would lie."""

from __future__ import annotations

import ast
import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lace.core import workdays
from reporting.management import cast, reckoning, story, visitor
from reporting.management.visitor import Failure, Visitor
from tests.architecture.tree import OURS, ROOT

Reply = tuple[int, dict[str, str], bytes]


class Pretender:
    """A product that does just enough, and lies where a test says so."""

    def __init__(self, *lies: str) -> None:
        self.lies = lies
        self.stored: list[dict[str, Any]] = [{"id": "0", "host_authority": "W06000015", "given_names": "A", "family_name": "B"}]
        self.kept: dict[str, tuple[bytes, bytes]] = {}

    def __call__(self, method: str, path: str, headers: Any, body: bytes) -> Reply:
        if path == "/api/v1/token/":
            _id, secret = base64.b64decode(headers["Authorization"].split()[1]).decode().split(":")
            return (
                as_json(200, {"access_token": "t"}) if secret == "right" or "any secret" in self.lies else as_json(401, {"error": "invalid_client"})
            )
        if headers["Authorization"] != "Bearer t":
            return as_json(401, {"errors": {}})
        if method == "GET":
            return as_json(200, {"next": None, "results": self.stored})
        return self.entry(headers["Idempotency-Key"], body)

    def entry(self, key: str, body: bytes) -> Reply:
        if key in self.kept and "repeats" not in self.lies:
            sent, answer = self.kept[key]
            return (201, JSON | {"Location": location(answer)}, answer) if sent == body else as_json(422, {"errors": {}})
        asked = json.loads(body)
        number = str(len(self.stored))
        self.stored.append(asked["child"] | {"id": number})
        answer = json.dumps({"child": {"id": number}, "duties": self.duties(date.fromisoformat(asked["care_episode"]["started_on"]))}).encode()
        self.kept[key] = (body, answer)
        return 201, JSON | {"Location": location(answer)}, answer

    def duties(self, start: date) -> list[dict[str, Any]]:
        more = 1 if "dates" in self.lies else 0
        due = {
            "pep_initiated_emergency": reckoning.add_working_days(start, 10 + more),
            "pep_developed": start + timedelta(days=20),
            "pep_for_first_review": start + timedelta(days=28),
            "review_first_guidance": start + timedelta(days=28),
            "review_first_regulation": reckoning.add_working_days(start, 20),
        }
        first = min(due["review_first_guidance"], due["review_first_regulation"])
        words = dict.fromkeys(("title", "why", "source"), "…")
        return [{"code": code, "due_on": day.isoformat(), "clock": "calendar", "strictest": day == first} | words for code, day in due.items()]


JSON = {"Content-Type": "application/json"}


def as_json(status: int, content: Any) -> Reply:
    return status, JSON, json.dumps(content).encode()


def location(answer: bytes) -> str:
    return f"/api/v1/children/{json.loads(answer)['child']['id']}/"


@pytest.fixture
def served() -> Iterator[Callable[[Callable[[str, str, Any, bytes], Reply]], str]]:
    """`served(app)` gives the address at which `app(method, path, headers, body)` answers."""
    servers: list[ThreadingHTTPServer] = []

    def serve(app: Callable[[str, str, Any, bytes], Reply]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = app(self.command, urlsplit(self.path).path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # the names are those of http.server

            def log_message(self, *_parts: Any) -> None:
                """Nothing on the test's output."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


SIGN_INS = {
    "case_system": {"client_id": "c", "client_secret": "right", "school": "6814001"},
    **{role: {"email": f"{role}@lace.example", "password": "p"} for role in ("foster_carer", "social_worker", "iro")},
}


def told(base: str, folder: Path, sign_ins: Any = SIGN_INS) -> tuple[int, list[str]]:
    lines: list[str] = []
    return story.play(base, sign_ins, folder, lines.append), lines


@pytest.mark.parametrize(
    ("lies", "expected"),
    [
        (["any secret"], "expected 401 to a wrong client secret; came 200"),
        (["dates"], "expected pep_initiated_emergency due on "),
        (["repeats"], "expected the same answer to the same request; came 201"),
        ([], "expected 400 naming ['child.upn']; came 201"),  # it takes whatever is sent
    ],
)
def test_a_product_that_lies_is_found_out_at_once(served: Any, tmp_path: Path, lies: list[str], expected: str) -> None:
    code, lines = told(served(Pretender(*lies)), tmp_path)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith("1  FAILED  ")
    assert expected in lines[0]


def test_nobody_listening_is_a_failure_and_no_traceback(served: Any, tmp_path: Path) -> None:
    code, lines = told("http://127.0.0.1:9", tmp_path)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].endswith("expected an answer at /api/v1/token/; came ConnectionRefusedError")


def test_missing_sign_in_is_named(served: Any, tmp_path: Path) -> None:
    code, lines = told(served(Pretender()), tmp_path, {})
    assert code == 1
    assert lines[0].endswith("expected a sign-in for the case system; came none")


def test_an_answer_of_another_shape_fails_without_repeating_its_words(served: Any, tmp_path: Path) -> None:
    def app(method: str, path: str, headers: Any, body: bytes) -> Reply:
        if path == "/api/v1/token/":
            return Pretender()(method, path, headers, body)
        return as_json(401, {}) if headers["Authorization"] is None else as_json(200, {"results": [{"Gwen Llwyd": 1}], "next": None})

    code, lines = told(served(app), tmp_path)
    assert code == 1
    assert "came KeyError at line " in lines[0]
    assert "Gwen" not in lines[0]


def test_the_first_step_that_fails_ends_the_story(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def first() -> str:
        """First"""
        return "done"

    def second() -> str:
        """Second"""
        raise Failure("a door", "a wall")

    def third() -> str:
        raise AssertionError("played after a failure")

    monkeypatch.setattr(story.Story, "steps", lambda _self: [first, second, third])
    code, lines = told("http://127.0.0.1:9", tmp_path)
    assert code == 1
    assert lines[0].startswith("1  First: done (")
    assert lines[1:] == ["2  FAILED  Second: expected a door; came a wall"]


# -- the clients -----------------------------------------------------------------------------------------------------------

FORM = """<html lang="en"><main><form method="post" action="/act/"><input type="hidden" name="csrfmiddlewaretoken" value="token">
<input name="on_day" value="1"><input name="on_month"><input name="on_year"><textarea name="words">
 kept &amp; whole</textarea><input type="radio" name="how" value="own"><input type="radio" name="how" value="said" checked>
<input type="checkbox" name="agreed" value="on"><input type="checkbox" name="who" value="1" id="w1" checked><label for="w1">Ann (Head)</label>
<input type="checkbox" name="who" value="2" id="w2"><label for="w2">Bob (Teacher)</label>
<button name="stay" value="1">Stay</button></form></main></html>"""


def test_a_form_is_sent_as_a_browser_sends_it(served: Any) -> None:
    sent: list[dict[str, list[str]]] = []

    def app(method: str, path: str, headers: Any, body: bytes) -> Reply:
        if method == "POST":
            assert headers["Cookie"] == "session=s"
            assert headers["Referer"].endswith("/form/")
            sent.append(parse_qs(body.decode(), keep_blank_values=True))
            return 302, {"Location": "/done/"}, b""
        return 200, {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "session=s; HttpOnly; Path=/"}, FORM.encode()

    page = Visitor(served(app), "person").see("/form/")
    form = page.main_form()
    assert form.fill(on=date(2026, 3, 27), how="own").send().path == "/done/"
    assert sent == [
        {
            "csrfmiddlewaretoken": ["token"],
            "on_day": ["27"],
            "on_month": ["3"],
            "on_year": ["2026"],
            "words": [" kept & whole"],
            "how": ["own"],
            "who": ["1"],
        }
    ]
    form.send(button="1")
    assert sent[1]["stay"] == ["1"]
    assert [form.tick("who", "Teacher"), form.tick("who", "Teacher")] == ["2", "2"]
    form.fill(agreed="on").send()
    assert (sent[2]["who"], sent[2]["agreed"]) == (["1", "2"], ["on"])
    for wrong in ({"nothing": "x"}, {"how": "else"}):
        with pytest.raises(Failure):
            form.fill(**wrong)
    with pytest.raises(Failure):
        form.tick("who", "Governor")


def test_what_came_is_said_without_ids_and_names(served: Any) -> None:
    child = "7e0c3c1e-5b1f-4a55-9f0b-1f1f6c0f2a11"
    refused = """<title>Plan: Gwen Llwyd</title><div class="govuk-error-summary"><a href="#id_on">Gwen Llwyd was not born</a></div>"""
    base = served(lambda *_asked: (200, {"Content-Type": "text/html"}, refused.encode()))
    page = Visitor(base, "person").get(f"/children/{child}/plan/")
    assert page.short == "200 at /children/<id>/plan/, which refuses id_on"


def test_emails_are_read_as_a_person_reads_them(tmp_path: Path) -> None:
    encoded = base64.b64encode("Annwyl Siân,\nDarllenwch".encode()).decode()
    letter = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\nSubject: =?utf-8?q?Si=C3=A2n?=\nTo: a@lace.example\n"
    letter += f"\n{encoded}\n"
    (tmp_path / "one.log").write_text(f"{letter}{'-' * 79}\n{letter}{'-' * 79}\n")
    assert [to for to, _text in visitor.letters(tmp_path)] == ["a@lace.example"] * 2
    assert all("Siân\n" in text and "Darllenwch" in text for _to, text in visitor.letters(tmp_path))


# -- the story stands on its own -------------------------------------------------------------------------------------------


@pytest.mark.req("DL-12")
def test_the_storys_calendar_agrees_with_the_products() -> None:
    """Two statements of the bank holidays: the rules of the Act here, a package there."""
    day = date(2024, 1, 1)
    while day < date(2060, 1, 1):
        assert workdays.is_working_day(day) == (reckoning.add_working_days(day - timedelta(days=1), 1) == day), day
        day += timedelta(days=1)


@pytest.mark.parametrize("module", [story, cast, visitor, reckoning], ids=lambda module: module.__name__)
def test_it_imports_nothing_of_what_it_tests(module: Any) -> None:
    own = {f"reporting.management.{name}" for name in ("cast", "reckoning", "visitor")}
    named = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add(node.module or ".")
    ours = {name for name in named if name.split(".")[0] in {*OURS, "django", "rest_framework"}} | named & {"."}
    assert ours <= own


@pytest.mark.slow
@pytest.mark.req("SW-01", "SW-03", "DP-10", "PEP-11", "CAR-03", "IRO-02", "GOV-01")
def test_the_whole_story_holds_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """A stack of its own on a free port: up to six minutes, because the story waits for a round of the sweep."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--check", "--children", "120"],
        env={**kept, "LACE_STATE": str(tmp_path / "state")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    steps = [line for line in done.stdout.splitlines() if line[:3].strip().isdigit() and line[1:3] == "  "]
    assert [line[0] for line in steps] == list("123456789"), done.stdout
    assert not (tmp_path / "state" / "check").exists()
