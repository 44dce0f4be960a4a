"""Is this container's part alive? `healthy.py web`, `worker` or `beat`; exits 0 when it is, else says why and exits 1.

Standard library only and without Django, save for the worker's ping: it runs every half minute for years.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

# Beat writes its schedule at least every three minutes; four times that is no hiccup.
BEAT_SECONDS = 720


def web() -> str:
    # The address the site is known by: Django answers 400 to any other.
    host = os.environ["ALLOWED_HOSTS"].split()[0]
    request = urllib.request.Request("http://127.0.0.1:8000/health/", headers={"Host": host, "X-Forwarded-Proto": "https"})
    with urllib.request.urlopen(request, timeout=8) as answer:  # noqa: S310 - a fixed address of this container
        return "" if answer.status == 200 else f"/health/ answers {answer.status}"


def worker() -> str:
    ping = ["celery", "-A", "lace", "inspect", "ping", "--timeout", "10", "--destination", f"celery@{socket.gethostname()}"]
    done = subprocess.run(ping, capture_output=True, timeout=50, check=False)  # noqa: S603 - every word is ours
    return "" if done.returncode == 0 else "the worker does not answer a ping"


def beat() -> str:
    age = min(time.time() - path.stat().st_mtime for path in Path(os.environ["BEAT_SCHEDULE"]).parent.iterdir())
    return "" if age < BEAT_SECONDS else f"beat wrote its schedule {age:.0f} seconds ago"


PARTS = {"web": web, "worker": worker, "beat": beat}


def main(part: str) -> int:
    try:
        trouble = PARTS[part]()
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:  # refused, no file yet, no answer
        trouble = f"{type(error).__name__}: {error}"
    if trouble:
        print(f"{part}: {trouble}", file=sys.stderr)  # noqa: T201 - a command
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
