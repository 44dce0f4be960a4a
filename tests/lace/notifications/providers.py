"""Stand-ins for the outside world, on the loopback: an SMTP server and GOV.UK Notify, each told how to behave."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Smtp(socketserver.ThreadingTCPServer):
    """Takes mail. `behave(step)` may give another reply ("550 no") or "drop" for RCPT, DATA or END."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.behave: Callable[[str], str] = lambda _step: ""
        super().__init__(("127.0.0.1", 0), _SmtpTalk)


class _SmtpTalk(socketserver.StreamRequestHandler):
    server: Smtp

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip().decode()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if verb in {"RCPT", "DATA"} and (other := self.server.behave(verb)):
                self.say(other)
            elif verb == "DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                other = self.server.behave("END")
                if not other or other == "drop":
                    self.server.taken.append(message_from_bytes(text))
                if other == "drop":
                    return
                self.say(other or "250 taken")
            else:
                self.say("250 fine")


class NotifyServer(ThreadingHTTPServer):
    """Takes messages by reference and can be asked, page by page, the newest first. `behave(verb)` may give a status instead, or "drop"
    after taking; to who asks, words of its own. What a message became is its "status": "sending" until a test says otherwise."""

    daemon_threads = True
    page_size = 250

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.pages = 0
        self.behave: Callable[[str], int | str] = lambda _verb: 0
        super().__init__(("127.0.0.1", 0), _NotifyTalk)


class _NotifyTalk(BaseHTTPRequestHandler):
    server: NotifyServer

    def answer(self, status: int, content: Any) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        other = self.server.behave("POST")
        if other in {0, "drop"}:
            number = f"{len(self.server.taken):08d}-0000-4000-8000-000000000000"
            self.server.taken.append({"id": number, "status": "sending", **sent})
        if other == "drop":
            self.close_connection = True
        else:
            self.answer(int(other) or 201, {"id": str(len(self.server.taken))} if not other else {"errors": [{"error": "E", "message": "no"}]})

    def do_GET(self) -> None:
        other = self.server.behave("GET")
        if isinstance(other, str):
            self.answer(200, other)
            return
        if other:
            self.answer(int(other), {"errors": []})
            return
        asked = parse_qs(urlsplit(self.path).query)
        found = [row for row in reversed(self.server.taken) if all(row[name] in asked[name] for name in ("reference", "status") if name in asked)]
        if "older_than" in asked:
            found = [row for row in found if row["id"] < asked["older_than"][0]]
        self.server.pages += 1
        self.answer(200, {"notifications": found[: self.server.page_size], "links": {}})

    def log_message(self, *_: Any) -> None:
        """Not to the test's output."""


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
