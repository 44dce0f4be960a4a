"""Each template is used, and each template that the code names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.template.engine import Engine
from django.template.utils import get_app_template_dirs

from tests.architecture.tree import ROOT, files, parsed, python_files, text

# Django finds these by their names alone, and allauth the one for too many tries.
FOUND_BY_NAME = frozenset({"400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"})
ENDS = (".html", ".txt", ".css", ".svg")


def templates() -> dict[str, Path]:
    """Name, as the loader knows it -> file."""
    return {
        str(Path(*path.parts[path.parts.index("templates") + 1 :])): path
        for path in files()
        if "templates" in path.parts[:-1] and path.parts[0] != "tests" and path.suffix in ENDS
    }


def named_in_python() -> Iterator[re.Pattern[str]]:
    """Every text in the code that could name a template; what an f-string fills in stands for any name."""
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(ENDS):
                yield re.compile(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr):
                written = [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
                if (written[-1] or "").endswith(ENDS) and "/" in "".join(part or "" for part in written):
                    yield re.compile("".join(r"[\w-]+" if part is None else re.escape(part) for part in written))


def named_in_templates() -> set[str]:
    names: set[str] = set()
    for path in templates().values():
        names |= set(re.findall(r"""{%-?\s*(?:include|extends|import|from)\s+["']([^"']+)["']""", text(path)))
    return names


def drawn_for_libraries() -> set[str]:
    """Names under which a library looks for a page that we draw our own way."""
    folders = [folder for folder in get_app_template_dirs("templates") if ROOT not in Path(folder).parents or ".venv" in Path(folder).parts]
    import django.forms

    folders = [*folders, Path(django.forms.__file__).parent / "templates"]
    return {name for name in templates() if any((Path(folder) / name).is_file() for folder in folders)}


def test_no_template_is_unused() -> None:
    patterns = list(named_in_python())
    known = FOUND_BY_NAME | named_in_templates() | drawn_for_libraries()
    unused = [str(path) for name, path in templates().items() if name not in known and not any(pattern.fullmatch(name) for pattern in patterns)]
    assert not unused, f"{unused}: nothing names them. Delete them, or use them."


def test_included_templates_exist() -> None:
    known = set(templates())
    missing = {name for name in named_in_templates() if name not in known and not _in_library(name)}
    assert not missing, f"{missing}: a template includes or extends what is not there."


def _in_library(name: str) -> bool:
    folders = [Path(str(folder)) for folder in (*get_app_template_dirs("templates"), *Engine.get_default().dirs)]
    return any((folder / name).is_file() for folder in folders)
