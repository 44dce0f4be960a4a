"""One press of a button in a server process that is killed: `python -m tests.peps.killed`, told by JSON on its standard input.

`before`: killed when the act is about to be committed. `after`: all is committed, the answer is made, and nobody gets it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import django


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def press(order: dict[str, Any]) -> None:
    """Send what a browser sends; this process does not outlive it."""
    django.setup()
    from django.conf import settings
    from django.core import signing
    from django.db import connection
    from django.test import Client

    from lace.web.pages import TOKEN

    connection.settings_dict["NAME"] = order["database"]
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.cookies.load(order["cookies"])
    held: Any = connection  # Django's `_commit` is private: no other place is between the last statement and the commit
    commit = held._commit
    token, _owner = signing.loads(order["data"][TOKEN], salt=TOKEN)

    def commit_or_die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM web_usedtoken WHERE token = %s", [token])
            if cursor.rowcount:
                die()
        commit()

    if order["moment"] == "before":
        held._commit = commit_or_die
    client.post(order["path"], order["data"])
    die()


if __name__ == "__main__":
    press(json.load(sys.stdin))
