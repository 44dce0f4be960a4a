"""The shape of the tree: what lies where, how long a file may be, and that documents name things that exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests import plugin_requirements
from tests.architecture.tree import BINARY, OURS, ROOT, files, text

LONGEST = 450
CODE = frozenset({".py", ".html", ".txt", ".scss", ".js", ".css", ".yml", ".yaml", ".sh"})
DRAWERS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "shared", "lib", "libraries"})
TOP = frozenset(
    {
        *("manage.py", "pyproject.toml", "requirements.lock", "docker-compose.yml", "README.md", "LICENSE"),
        *(".gitignore", ".gitattributes", ".dockerignore", ".python-version", ".ci"),
        *("static", "templates", "tests"),
        *OURS,
    }
)


def test_the_top_level_holds_what_it_should() -> None:
    odd = sorted({path.parts[0] for path in files()} - TOP - {".env", ".coverage"})
    assert not odd, f"At the top level: {odd}. Does it belong inside lace/, static/ or tests/?"


def test_no_file_past_its_length() -> None:
    code = [path for path in files() if (path.suffix in CODE or path.parts[0] == ".ci") and "migrations" not in path.parts]
    long = {str(path): length for path in code if (length := len(text(path).splitlines())) > LONGEST}
    assert not long, f"Past {LONGEST} lines: {long}. Split by noun, not into parallel trees."


def test_no_drawers() -> None:
    drawers = [str(path) for path in files() if path.suffix == ".py" and DRAWERS.intersection((*path.parts[:-1], path.stem))]
    assert not drawers, f"A drawer, where a named room would do: {drawers}"


def test_a_template_belongs_to_an_app_or_to_all() -> None:
    rooms = {path.parts[1] for path in files() if path.parts[0] == "templates" and len(path.parts) > 2}
    libraries = {"account", "mfa", "usersessions", "socialaccount", "oauth2_provider", "allauth", "axes", "django", "rest_framework"}
    own = {path.parts[1] for path in files() if path.parts[0] == "lace" and len(path.parts) > 2} | {"components", "emails", "pdf", *OURS}
    odd = sorted(rooms - own - libraries)
    assert not odd, f"templates/{odd}: a folder is an app's, a library's whose pages we draw, or components, emails, pdf."


# -- documents name things that exist ------------------------------------------------------------------------------

DOCUMENTS = [path for path in files() if path == Path("README.md") or (path.parts[:2] == ("lace", "decisions") and path.suffix == ".md")]
PATHLIKE = re.compile(r"^[\w.@{}*,-]+(/[\w.@{}*,-]+)*/?$")
MODULE = re.compile(rf"^({'|'.join((*OURS, 'tests'))})(\.\w+)+$")
# Made at set-up: a document may name them, a fresh clone does not hold them.
MADE = (".venv", ".lace", ".env")


def _named(document: Path) -> set[str]:
    """What a document names in backticks or links to, as far as it looks like a path or a module of ours."""
    content = re.sub(r"```.*?```|<!--.*?-->", "", text(document), flags=re.DOTALL)
    words = set(re.findall(r"`([^`\s]+)`", content))
    links = {link for link in re.findall(r"\]\(([^)#\s]+)", content) if "://" not in link}
    tops = {path.parts[0] for path in files()} | {top.split("/")[0] for top in TOP}
    paths = {word.split(":")[0] for word in words if PATHLIKE.match(word) and ("/" in word or word in tops) and word.split("/")[0] in tops}
    return paths | links | {word for word in words if MODULE.match(word.removesuffix("()"))}


def _exists(document: Path, name: str) -> bool:
    if name.startswith(MADE):
        return True
    if MODULE.match(name.removesuffix("()")):
        return _module_exists(name.removesuffix("()"))
    if "*" in name or "{" in name:
        return bool(list(ROOT.glob(re.sub(r"\{[^}]*\}", "*", name).rstrip("/"))))
    return (ROOT / name).exists() or (ROOT / document.parent / name).exists()


def _module_exists(name: str) -> bool:
    if (ROOT / name).exists():  # a file such as tests.md
        return True
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        base, rest = ROOT.joinpath(*parts[:length]), parts[length:]
        source = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if source.is_file():
            return not rest or bool(re.search(rf"\b{re.escape(rest[0])}\b", source.read_text(encoding="utf-8")))
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documents_name_what_exists(document: Path) -> None:
    dead = sorted(name for name in _named(document) if not _exists(document, name))
    assert not dead, f"{document} names what is not there: {dead}. Correct the document with the code."


def test_the_readme_says_where_to_change_things() -> None:
    rows = re.findall(r"^\| [^|\n]+ \| [^|\n]*`[^`\n]+`[^|\n]*\|$", text(Path("README.md")), re.MULTILINE)
    assert len(rows) >= 8, f'README.md\'s table "to change …, open …" has {len(rows)} rows; keep at least 8.'


def test_decisions_are_numbered_dated_and_say_what_was_refused() -> None:
    decisions = [path for path in DOCUMENTS if path.parts[0] == "lace"]
    numbers = Counter(path.name[:4] for path in decisions)
    assert not [number for number, times in numbers.items() if times > 1 or not number.isdigit()], f"Number each decision once: {sorted(numbers)}"
    for path in decisions:
        missing = [part for part in ("\nDate: ", "## Refused", "## Cost") if part not in text(path)]
        assert not missing, f"{path} lacks {missing}: a decision says when, what was refused and why, and what it costs."


# -- nothing of one machine ----------------------------------------------------------------------------------------

# Written in pieces, so that this file does not find itself.
REGISTRIES = re.compile(r"\b(" + "|".join(("npm" + "js", "python" + "hosted", "deb\\.deb" + "ian", "yarn" + "pkg", "pypi")) + r")\.(org|com|net)\b")
MACHINE = re.compile("(?<![\\w.])/(" + "|".join(("ro" + "ot", "ho" + "me", "Use" + "rs", "wo" + "rk", "m" + "nt")) + ")/\\w")


def test_no_path_of_a_machine_and_no_host_of_a_registry() -> None:
    wrong = []
    for path in files():
        if path.suffix in BINARY or path.name == ".env":
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            if (found := MACHINE.search(line) or REGISTRIES.search(line)) or (len(ROOT.parts) > 2 and f"{ROOT}/" in line):
                wrong.append(f"{path}:{number}: {found[0] if found else ROOT}")
    assert not wrong, "Paths of one machine or hosts of a registry; name things by their role instead:\n" + "\n".join(wrong)


# -- the catalogue of requirements ---------------------------------------------------------------------------------


def test_the_catalogue_is_whole() -> None:
    counts = Counter(plugin_requirements.requirements().values())
    assert (sum(counts.values()), counts["A"], counts["B"], counts["C"]) == (479, 242, 173, 64)
    assert len(plugin_requirements.deadlines()) == 70
    rows = re.findall(r"^\| ([A-Z][A-Z0-9]*-\d{2}) \|.*\| [ABC] \|$", text(Path("tests/requirements.md")), re.MULTILINE)
    assert len(rows) == len(set(rows)), "An ID stands twice in tests/requirements.md."


def test_the_catalogues_summary_agrees_with_its_rows() -> None:
    summary = re.findall(r"^\| ([A-Z][A-Z0-9]*) \| [^|]+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text(Path("tests/requirements.md")), re.MULTILINE)
    assert len(summary) == 29
    for group, *numbers in summary:
        own = Counter(priority for requirement, priority in plugin_requirements.requirements().items() if requirement.rsplit("-", 1)[0] == group)
        assert [sum(own.values()), own["A"], own["B"], own["C"]] == [int(number) for number in numbers], f"Row {group} of the summary is wrong."
