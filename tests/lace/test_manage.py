"""`manage.py` on a machine that has nothing but Python: run from outside, in a copy of its own, without a network."""

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = getattr(sys, "_base_executable", sys.executable)


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel and return its line for a lock."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for path, text in contents.items()
    ]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    archive = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as packed:
        for path, text in contents.items():
            packed.writestr(path, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"


DJANGO = "import json, sys\ndef execute_from_command_line(argv):\n    print(json.dumps({'prefix': sys.prefix, 'argv': argv[1:]}))\n"
PYTEST = "import sys\ndef main(arguments):\n    print('pytest', *arguments)\n    return 5\n"


class Clone:
    """A tree with the real manage.py and a lock of two small packages that stand for Django and pytest."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone of Lace"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        (self.root / "lace" / "database").mkdir(parents=True)
        for path in ("manage.py", "lace/database/daemon.py"):
            (self.root / path).write_bytes((ROOT / path).read_bytes())
        (self.root / "lace" / "__init__.py").touch()
        (self.root / "lace" / "database" / "__init__.py").touch()
        for folder_of_sources in ("static", "lace/web/management/commands", "lace/documents"):
            (self.root / folder_of_sources).mkdir(parents=True)
        (self.root / "lace/web/management/commands/build_assets.py").touch()
        (self.root / "lace/documents/fonts.py").touch()
        self.lock(DJANGO)

    def lock(self, django: str, version: str = "1.0") -> None:
        lines = [
            wheel(self.wheels, "django", version, {"django/__init__.py": "", "django/core/__init__.py": "", "django/core/management.py": django}),
            wheel(self.wheels, "pytest", "1.0", {"pytest.py": PYTEST}),
        ]
        (self.root / "requirements.lock").write_text("".join(lines))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}
        return {**kept, **offline, "DATABASE_URL": "postgresql://elsewhere/lace", **more}

    def run(self, *arguments: str, python: str = PYTHON, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, str(self.root / "manage.py"), *arguments],
            cwd=self.root.parent,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, list[str]]:
    """A clone whose environment two starts at once have built, and what each of them said."""
    clone = Clone(tmp_path_factory.mktemp("built"))
    command = [PYTHON, str(clone.root / "manage.py"), "version", "--x"]
    starts = [subprocess.Popen(command, env=clone.environment(), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [start.communicate()[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    return clone, said


@pytest.mark.slow
def test_fresh_clone_builds_its_environment_once_and_goes_on_inside_it(built: tuple[Clone, list[str]]) -> None:
    clone, said = built
    assert sum("Building .venv" in text and ".venv is ready" in text for text in said) == 1
    assert sum("Waiting for another start" in text for text in said) == 1
    for text in said:
        assert json.loads(text.splitlines()[-1]) == {"prefix": str(clone.root / ".venv"), "argv": ["version", "--x"]}

    again = clone.run("version")
    assert len(again.stdout.splitlines()) == 1  # no word about set-up
    inside = clone.run("version", python=str(clone.python))
    assert json.loads(inside.stdout)["argv"] == ["version"]


@pytest.mark.slow
def test_package_that_is_not_what_the_lock_says_is_refused(clone: Clone) -> None:
    wheel(clone.wheels, "django", "1.0", {"django/__init__.py": "print('not what was locked')"})
    done = clone.run("version")
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stdout
    assert "could not be installed" in done.stderr
    assert not (clone.root / ".venv" / "built-from").exists()


@pytest.mark.slow
def test_environment_that_was_cut_short_is_built_again(built: tuple[Clone, list[str]]) -> None:
    clone, _ = built
    (clone.root / ".venv" / "built-from").unlink()
    stray = clone.root / ".venv" / "stray"
    stray.touch()
    done = clone.run("version")
    assert "Building .venv" in done.stdout
    assert done.returncode == 0
    assert not stray.exists()


@pytest.mark.slow
def test_changed_lock_renews_the_environment(built: tuple[Clone, list[str]]) -> None:
    clone, _ = built
    clone.lock("def execute_from_command_line(argv):\n    print('renewed')\n", version="2.0")
    done = clone.run("version")
    assert "Renewing .venv" in done.stdout
    assert done.stdout.splitlines()[-1] == "renewed"


def test_python_without_venv_names_the_package_to_install(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    done = clone.run("version", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert f"sudo apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr
    assert not (clone.root / ".venv").exists()


@pytest.mark.slow
def test_test_builds_what_is_missing_and_runs_pytest_with_its_arguments_and_exit_code(built: tuple[Clone, list[str]]) -> None:
    """The style sheet and the catalogue are built when they are older than their sources."""
    clone, _ = built
    clone.lock(
        "from pathlib import Path\ndef execute_from_command_line(argv):\n"
        "    here = Path(argv[0]).parent\n    (here / 'ran').open('a').write(argv[1] + '\\n')\n"
        "    if argv[1] == 'collectstatic': (here / '.lace/build/collected').mkdir(parents=True, exist_ok=True)\n"
        "    if argv[1] == 'compile_catalogues': (here / 'lace/locale/cy/LC_MESSAGES/django.mo').touch()\n",
        version="3.0",
    )
    scss, catalogue, modules = (clone.root / path for path in ("static/app.scss", "lace/locale/cy/LC_MESSAGES/django.po", "static/node_modules/x.js"))
    for path in (scss, catalogue, modules):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def ran() -> list[str]:
        (clone.root / "ran").unlink(missing_ok=True)
        done = clone.run("test", "-k", "duty")
        assert done.stdout.splitlines()[-1] == "pytest -k duty"
        assert done.returncode == 5
        return (clone.root / "ran").read_text().split() if (clone.root / "ran").exists() else []

    assert ran() == ["build_assets", "collectstatic", "compile_catalogues"]
    assert ran() == []
    for hours, (changed, expected) in enumerate(
        [(scss, ["build_assets", "collectstatic"]), (catalogue, ["compile_catalogues"]), (modules, [])], start=1
    ):
        later = catalogue.stat().st_ctime + hours * 3600
        os.utime(changed, (later, later))
        assert ran() == expected
        for output in (clone.root / ".lace/build/assets.built", catalogue.with_suffix(".mo")):
            os.utime(output, (later, later))


@pytest.mark.slow
def test_embedded_servers_serve_a_command_and_stop_after_it(tmp_path: Path) -> None:
    script = (
        "import os; from django.db import connection as c; from django.core.cache import cache; x = c.cursor();"
        " x.execute('SELECT current_user, current_database()'); print(x.fetchone()); cache.set('a', 'b'); print(cache.get('a'))"
    )
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", script],
        env={**kept, "LACE_STATE": str(tmp_path / "state")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-2:] == ["('lace_app', 'lace')", "b"], done.stderr
    assert not (tmp_path / "state/postgres/data/postmaster.pid").exists()
    assert stat.S_IMODE((tmp_path / "state/secret-key").stat().st_mode) == 0o600
