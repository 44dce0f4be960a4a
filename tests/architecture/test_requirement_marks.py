"""The plugin that ties tests to requirements, run on small suites of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

SUITE = """
import pytest

@pytest.fixture
def breaks_at_the_end():
    yield
    raise RuntimeError

@pytest.mark.req("PEP-02", "T03")
def test_passes(): pass

@pytest.mark.req("PEP-03", "SCH-05")
def test_passes_too(): pass

@pytest.mark.req("PEP-03")
def test_fails(): assert False

@pytest.mark.req("PEP-04")
@pytest.mark.skip
def test_skipped(): pass

@pytest.mark.req("PEP-05")
@pytest.mark.xfail
def test_passes_by_surprise(): pass

@pytest.mark.req("PEP-06")
def test_fails_at_its_end(breaks_at_the_end): pass
"""


def run(folder: Path, suite: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_small.py").write_text(suite)
    plugins = ["-p", "tests.plugin_requirements", "-p", "xdist", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".", *plugins, *arguments, "test_small.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_only_passed_tests_show_a_requirement(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, SUITE, *arguments)
    assert "requirements shown: A 1 of 242, B 1 of 173, C 0 of 64\ndeadlines shown: 1 of 70\n" in done.stdout


@pytest.mark.parametrize(
    ("mark", "arguments"),
    [('"PEP-99"', ()), ('"PEP-99"', ("-n", "1")), ("", ()), ('id="PEP-02"', ()), ('["PEP-02"]', ())],
    ids=["unknown", "unknown, xdist", "empty", "keyword", "list"],
)
def test_a_wrong_mark_fails_the_run_at_collection(tmp_path: Path, mark: str, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, f"import pytest\n\n@pytest.mark.req({mark})\ndef test_fine(): pass\n", *arguments)
    assert done.returncode != 0
    assert "test_small.py::test_fine" in done.stdout
    assert "1 passed" not in done.stdout
