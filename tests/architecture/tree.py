"""The tree as the architecture tests read it: files of the project, parsed modules, Django's view of our apps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("schools", "peps", "reviews", "reporting")
OURS = ("lace", *FEATURES)
# Made by tools or by set-up, never committed.
GENERATED = frozenset(
    {".git", ".venv", ".lace", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis"}
)
BINARY = frozenset({".png", ".jpg", ".ico", ".woff2", ".ttf", ".pdf", ".mo", ".pyc"})


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root."""
    return tuple(sorted(path.relative_to(ROOT) for path in _walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in GENERATED:
                yield from _walk(path)
        elif path.suffix != ".pyc":
            yield path


def python_files(*tops: str) -> list[Path]:
    """Python files below these top-level folders (all of ours when none is named), without migrations."""
    return [path for path in files() if path.suffix == ".py" and path.parts[0] in (tops or OURS) and "migrations" not in path.parts]


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module or name that a file imports, also inside functions, as a dotted name with its line."""
    package = path.parts[:-1]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            yield from ((".".join([*base, alias.name]), node.lineno) for alias in node.names)


def app_of(label_or_module: str) -> str:
    """`lace.children.models` is of the app `lace.children`, `peps.models` of `peps`."""
    parts = label_or_module.split(".")
    return ".".join(parts[:2]) if parts[0] == "lace" else parts[0]
