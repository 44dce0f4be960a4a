#!/usr/bin/env python3
"""The one entry point of Lace.

    python3 manage.py demo      the whole of Lace on this machine, with invented people
    python3 manage.py test      the tests; further arguments go to pytest
    python3 manage.py help      every other command

With nothing but Python 3.11 it first builds .venv from requirements.lock, then goes on inside it. Inside a virtual
environment that already has Django it uses that one as it is. While DATABASE_URL is not set, a command that needs a
database gets an embedded one, kept in .lace/ (or in the folder that LACE_STATE names).
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lace.database.daemon import Daemon

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "built-from"  # written last, so that a set-up that was killed begins again
STATE = Path(os.environ.get("LACE_STATE") or HERE / ".lace").resolve()
OLDEST = (3, 11)

# These show pages, run tests or measure both, so they need the style sheet, the catalogues and the PDF libraries.
NEED_BUILT = {"demo", "test", "runserver", "bench"}
# `demo` starts and stops its servers itself, because `--fresh` must empty them in between.
NEED_NO_DATABASE = {
    "", "help", "--help", "-h", "version", "--version", "demo", "check", "diffsettings",
    "build_assets", "compile_catalogues", "extract_messages", "collectstatic",
}  # fmt: skip

# What WeasyPrint opens (https://doc.courtbouillon.org/weasyprint), by the file names of Linux and macOS.
LIBRARIES = {
    "Pango": ("libpango-1.0.so.0", "libpango-1.0.0.dylib", "libpango-1.0.dylib"),
    "PangoFT2": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.0.dylib", "libpangoft2-1.0.dylib"),
    "HarfBuzz-subset": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "libharfbuzz-subset.dylib"),
}
DEBIAN_PACKAGES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if sys.platform == "win32":
        sys.exit("Lace runs on Linux and macOS. On Windows use WSL (https://learn.microsoft.com/windows/wsl), or docker-compose.")
    if sys.prefix == sys.base_prefix or importlib.util.find_spec("django") is None:
        build_environment()
        if sys.platform == "darwin":  # where Homebrew keeps Pango; read by the loader when a program starts
            os.environ.setdefault("DYLD_FALLBACK_LIBRARY_PATH", "/opt/homebrew/lib:/usr/local/lib:/usr/lib")
        os.execv(PYTHON, [str(PYTHON), str(HERE / "manage.py"), *sys.argv[1:]])  # noqa: S606
    os.environ["LACE_STATE"] = str(STATE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lace.settings")
    sys.exit(run(command))


def run(command: str) -> int:
    """Run one command inside the virtual environment and return its exit code."""
    from lace.database.daemon import ServerError

    try:
        servers = embedded_servers(command)
        if command in NEED_BUILT:
            ensure_libraries()
            build_outputs()
        try:
            if command not in NEED_NO_DATABASE:
                for server in servers:
                    server.acquire()
            return run_tests(sys.argv[2:]) if command == "test" else run_django()
        finally:
            for server in servers:
                server.release()
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run_tests(arguments: list[str]) -> int:
    import pytest

    if HERE not in (Path.cwd(), *Path.cwd().parents):
        os.chdir(HERE)
    return int(pytest.main(arguments))


def run_django() -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


# -- the virtual environment, with the standard library alone --------------------------------------------------------


def build_environment() -> None:
    """Build or renew .venv when it does not match requirements.lock. Two starts at once: the second waits for the first."""
    if sys.version_info < OLDEST:
        go_on_with_a_newer_python()
    wanted = hashlib.sha256(LOCK.read_bytes() + repr(sys.version_info[:2]).encode()).hexdigest()
    if built_from() == wanted:
        return
    with alone("setup"):
        if built_from() == wanted:
            return
        began = time.monotonic()
        packages = sum(1 for line in LOCK.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
        renew = bool(built_from()) and python_version(PYTHON) == sys.version_info[:2]
        say(f"{'Renewing' if renew else 'Building'} .venv from requirements.lock (about {packages} packages; downloads take as long as your line).")
        if renew:
            STAMP.unlink()
        else:
            make_venv()
        if not (install_with_uv() or install_with_pip(packages)):
            sys.exit(f"The packages could not be installed: the lines above say why. The whole log: {log_of('setup')}")
        STAMP.write_text(wanted)
        say(f".venv is ready ({time.monotonic() - began:.0f} s).")


def built_from() -> str:
    try:
        return STAMP.read_text() if PYTHON.exists() else ""
    except FileNotFoundError:
        return ""


def python_version(python: Path) -> tuple[int, ...]:
    show = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        return tuple(map(int, subprocess.run(show, capture_output=True, text=True, check=True).stdout.split()))
    except (OSError, subprocess.CalledProcessError):
        return ()


def go_on_with_a_newer_python() -> None:
    for minor in (13, 12, 11, 14):
        newer = shutil.which(f"python3.{minor}")
        if newer and python_version(Path(newer)) >= OLDEST:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606
    sys.exit(f"Lace needs Python 3.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. On Debian 12: apt-get install python3")


def make_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        sys.exit(f"This Python comes without venv and pip. On Debian or Ubuntu: sudo apt-get install {package}\nThen run the same command again.")
    base = getattr(sys, "_base_executable", None) or sys.executable  # never the interpreter that is about to be removed
    if not run_logged([base, "-m", "venv", "--clear", str(VENV)], "making .venv"):
        sys.exit(f"The virtual environment {VENV} could not be made.")


def install_with_uv() -> bool:
    """Install with uv, itself pinned by hash in the lock: 8 s where pip alone takes 60. False: uv cannot; pip may."""
    pinned: list[str] = []
    for line in LOCK.read_text().splitlines():
        if line.startswith("uv==") or (pinned and pinned[-1].endswith("\\")):
            pinned.append(line)
    if not pinned:
        return False
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text("\n".join(pinned) + "\n")
        get_uv = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(only_uv)]
        if not run_logged(get_uv, "getting the installer (uv)"):
            return False
    uv = VENV / "bin" / "uv"
    if not run_logged([str(uv), "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(LOCK)], "installing"):
        say("uv could not install the packages; trying pip.")
        return False
    return True


def install_with_pip(packages: int) -> bool:
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--require-hashes", "-r", str(LOCK)]
    return run_logged(pip, "installing", of=packages)


# -- what is made from sources -------------------------------------------------------------------------------------


def build_outputs() -> None:
    """Build the style sheet, fonts and catalogues where they are missing or older than what they are made from."""
    with alone("build"):
        assets = STATE / "build" / "assets.built"
        if not (STATE / "build" / "collected").is_dir() or older(assets, asset_sources()):
            began = time.time()
            manage("build_assets", "building the style sheet and fonts")
            manage("collectstatic", "collecting the static files", "--noinput")
            assets.touch()
            os.utime(assets, (began, began))  # what was changed meanwhile is built next time
        if any(older(source.with_suffix(".mo"), [source]) for source in HERE.glob("lace/locale*/*/LC_MESSAGES/*.po")):
            manage("compile_catalogues", "compiling the Welsh catalogue")


def asset_sources() -> Iterator[Path]:
    yield HERE / "lace" / "web" / "management" / "commands" / "build_assets.py"
    yield HERE / "lace" / "documents" / "fonts.py"
    for folder, folders, files in os.walk(HERE / "static"):
        folders[:] = [name for name in folders if name != "node_modules"]
        for name in files:
            yield Path(folder) / name


def older(output: Path, sources: Iterable[Path]) -> bool:
    try:
        made = output.stat().st_mtime
    except FileNotFoundError:
        return True
    return any(source.stat().st_mtime > made for source in sources)


def manage(command: str, what: str, *arguments: str) -> None:
    """Run a command of ours that needs no database, in a process of its own."""
    if not run_logged([sys.executable, str(HERE / "manage.py"), command, *arguments], what):
        sys.exit(f"Stopped at: {what}. The whole log: {log_of('setup')}")


# -- libraries of the system, for PDFs -------------------------------------------------------------------------------


def ensure_libraries() -> None:
    """Name what WeasyPrint misses and how to install it; as root on Debian, install it."""
    missing = missing_libraries()
    apt = shutil.which("apt-get")
    if missing and apt and os.geteuid() == 0:
        install = [apt, "install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES]
        # a container's image often comes without the lists of packages
        if not run_logged(install, "installing Pango and HarfBuzz for PDFs", quiet=True) and run_logged([apt, "update"], "apt-get update"):
            run_logged(install, "installing Pango and HarfBuzz for PDFs")
        missing = missing_libraries()
    if missing:
        if sys.platform == "darwin":
            command = "brew install pango"
        elif apt:
            command = f"sudo apt-get install --no-install-recommends {' '.join(DEBIAN_PACKAGES)}"
        else:
            command = "install Pango (with PangoFT2) and HarfBuzz (with its subset library) from your system's packages"
        say(f"Missing for PDFs: {', '.join(missing)}. Everything else works. To have PDFs: {command}")


def missing_libraries() -> list[str]:
    return [name for name, files in LIBRARIES.items() if not any(map(loads, files))]


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


# -- the embedded database and broker ----------------------------------------------------------------------------------


def embedded_servers(command: str) -> list[Daemon]:
    """The servers a command needs here: none where DATABASE_URL names one. Sets the environment that lace.settings reads."""
    if os.environ.get("DATABASE_URL") and command != "demo":
        return []  # `demo` fills its database with invented people, so it never takes one that is named
    from lace.database.broker import Valkey
    from lace.database.context import OWNER_ROLE
    from lace.database.server import Postgres

    STATE.mkdir(parents=True, exist_ok=True)
    postgres, valkey = Postgres(STATE), Valkey(STATE)
    os.environ.update(
        DATABASE_URL=postgres.url(),
        OWNER_DATABASE_URL=postgres.url(OWNER_ROLE),
        REDIS_URL=f"redis+socket://{valkey.socket}",  # as Celery writes it
        CACHE_URL=f"unix://{valkey.socket}?db=2",  # as redis-py writes it
    )
    os.environ.setdefault("SECRET_KEY", secret_key())
    os.environ.setdefault("LACE_DEMO", "1")
    return [postgres, valkey]


def secret_key() -> str:
    """A key of this machine's own, kept so that sessions outlive a restart."""
    kept = STATE / "secret-key"
    if not kept.exists():
        with tempfile.NamedTemporaryFile("w", dir=STATE) as new:  # readable by its owner alone
            new.write(secrets.token_urlsafe(48))
            new.flush()
            with suppress(FileExistsError):  # another start was first
                os.link(new.name, kept)
    return kept.read_text()


# -- saying what happens -----------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def log_of(name: str) -> Path:
    return STATE / "logs" / f"{name}.log"


def run_logged(command: list[str], what: str, *, of: int = 0, quiet: bool = False) -> bool:
    """Run a program with its output in the set-up log, a line here every few seconds, and its last lines when it fails."""
    log = log_of("setup")
    log.parent.mkdir(parents=True, exist_ok=True)
    say(f"  {what}")
    with log.open("a+b") as output:
        start = output.seek(0, os.SEEK_END)
        process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        began = said = time.monotonic()
        try:
            while process.poll() is None:
                time.sleep(0.05)
                if time.monotonic() - said > 5:
                    said = time.monotonic()
                    done = f", {log.read_bytes()[start:].count(b'Collecting ')} of {of} packages" if of else ""
                    say(f"    ... {said - began:.0f} s{done}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode and not quiet:
            last = log.read_bytes()[start:].decode(errors="replace").splitlines()[-12:]
            say("\n".join(f"    | {line}" for line in last))
    return process.returncode == 0


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Only one process at a time passes; the others say that they wait."""
    import fcntl

    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another start of Lace to finish its set-up.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
