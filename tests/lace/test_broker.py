"""The embedded Valkey, started for real."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from lace.database.broker import Valkey
from lace.database.daemon import ServerError


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    yield server
    server.stop()


def client(valkey: Valkey) -> redis.Redis:
    return redis.Redis.from_url(valkey.url())


def test_answers_on_its_socket_alone_and_keeps_what_it_was_given(valkey: Valkey) -> None:
    valkey.acquire()
    with client(valkey) as connection:
        connection.set("rung", 1)
        assert connection.config_get("port") == {"port": "0"}
        assert connection.config_get("appendonly") == {"appendonly": "yes"}
    assert valkey.socket_dir.stat().st_mode & 0o777 == 0o700
    valkey.release()
    assert not valkey.answers()
    valkey.start()
    with client(valkey) as connection:
        assert connection.get("rung") == b"1"


def test_killed_server_comes_back_with_what_it_was_given(valkey: Valkey) -> None:
    valkey.start()
    with client(valkey) as connection:
        connection.set("rung", 2)
    [pid] = valkey._processes()
    os.kill(pid, signal.SIGKILL)
    assert valkey.socket.exists()  # left behind, and nobody behind it
    valkey.start()
    with client(valkey) as connection:
        assert connection.get("rung") == b"2"


def test_server_that_outlived_its_launcher_is_used_again(tmp_path: Path, valkey: Valkey) -> None:
    valkey.start()
    before = valkey._processes()
    other = Valkey(tmp_path)
    other.acquire()
    assert other._processes() == before
    other.release()
    assert not valkey.answers()


def test_two_users_and_the_last_one_stops_it(tmp_path: Path, valkey: Valkey) -> None:
    other = Valkey(tmp_path)
    valkey.acquire()
    other.acquire()
    valkey.release()
    assert other.answers()
    other.release()
    assert not other.answers()


def test_stale_pid_file_that_names_a_living_stranger(valkey: Valkey) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        valkey.home.mkdir(parents=True)
        valkey.pid_file().write_text(f"{stranger.pid}\n")
        valkey.acquire()
        valkey.release()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_long_and_odd_path(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path / ("it's $a `long` ŵ" * 8))
    valkey.acquire()
    try:
        assert len(os.fsencode(valkey.socket)) <= 100
        with client(valkey) as connection:
            assert connection.ping()
    finally:
        valkey.release()


def test_failure_to_start_shows_the_end_of_the_log(valkey: Valkey) -> None:
    valkey.start()
    with client(valkey) as connection:
        connection.set("rung", 3)
    valkey.stop()
    [kept] = (valkey.data / "appendonlydir").glob("*.incr.aof")
    kept.write_bytes(b"not a command at all\r\n" + kept.read_bytes())
    with pytest.raises(ServerError, match="valkey did not start"):
        valkey.start()
