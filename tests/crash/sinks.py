"""GOV.UK Notify and an SMTP server in a process of their own, which outlive every crash.

    python -m tests.crash.sinks

Each line in is an order, each line out its answer, both JSON: {"mode": "lost"} · {"slow": 0.02} · {"clear": true} · {"taken": true}.
The process ends when nobody is there any more to give orders.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from typing import Any

from tests.lace.notifications.providers import NotifyServer, Smtp, running

MODES = (
    "",
    "gone",  # nobody answers
    "lost",  # takes what it gets, and its answer is lost on the way
    "busy",  # not now
)


class Counting:
    """How many calls are under way. A mixin of a server."""

    gone = False
    under_way = 0

    def __init__(self) -> None:
        self._counter = threading.Lock()
        super().__init__()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return not self.gone

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._counter:
            self.under_way += 1
        super().process_request(request, client_address)  # type: ignore[misc]  # of the class it is mixed into

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[misc]  # of the class it is mixed into
        finally:
            with self._counter:
                self.under_way -= 1


class Notify(Counting, NotifyServer):
    pass


class Post(Counting, Smtp):
    pass


class Sinks:
    """Both, told how to behave."""

    def __init__(self) -> None:
        self.notify, self.smtp = Notify(), Post()
        self.mode, self.slow = "", 0.0
        self.notify.behave, self.smtp.behave = self.of_notify, self.of_smtp

    def ports(self) -> dict[str, int]:
        return {"notify": self.notify.server_address[1], "smtp": self.smtp.server_address[1]}

    def of_notify(self, verb: str) -> int | str:
        time.sleep(random.uniform(0, self.slow))
        return {"lost": "drop" if verb == "POST" else 503, "busy": 429}.get(self.mode, 0)

    def of_smtp(self, step: str) -> str:
        if step == "END":
            time.sleep(random.uniform(0, self.slow))
            return "drop" if self.mode == "lost" else ""
        return "451 not now" if self.mode in {"busy", "gone"} and step == "RCPT" else ""

    def obey(self, order: dict[str, Any]) -> Any:
        if "mode" in order:
            self.mode = order["mode"]
            self.notify.gone = self.smtp.gone = self.mode == "gone"
        if "slow" in order:
            self.slow = order["slow"]
        if "clear" in order:
            self.notify.taken.clear()
            self.smtp.taken.clear()
        if "idle" in order:
            return self.notify.under_way == 0
        if "taken" in order:
            return [_of_notify(sent) for sent in self.notify.taken] + [_of_smtp(sent) for sent in self.smtp.taken]
        return True


def _of_notify(sent: dict[str, Any]) -> dict[str, str]:
    return {"reference": sent["reference"], "address": sent["email_address"], **sent["personalisation"]}


def _of_smtp(sent: Message) -> dict[str, str]:
    body = sent.get_payload(decode=True)
    assert isinstance(body, bytes)
    return {
        "reference": sent["Message-ID"].strip("<>").partition("@")[0],
        "address": parseaddr(sent["To"])[1],
        "subject": str(make_header(decode_header(sent["Subject"]))),
        "body": body.decode(),
    }


def main() -> None:
    sinks = Sinks()
    with running(sinks.notify), running(sinks.smtp):
        _say(sinks.ports())
        for line in sys.stdin:
            _say(sinks.obey(json.loads(line)))


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
