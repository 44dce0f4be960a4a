"""Every write is a keyword-only verb that knows who acts (decision: one writer per act, `by=` everywhere)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import parsed, python_files


def service_files() -> list[Path]:
    return [path for path in python_files() if path.name == "services.py" or "services" in path.parts[:-1]]


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def test_services_exist() -> None:
    assert service_files(), "No services.py found: has the layout changed? Then mend tests/architecture/test_services.py."


def test_every_service_is_keyword_only_and_says_who_acts() -> None:
    wrong = []
    for path in service_files():
        for function in public_functions(path):
            place = f"{path}:{function.lineno} {function.name}"
            arguments = function.args
            if arguments.posonlyargs or arguments.args or arguments.vararg:
                wrong.append(f"{place}: make every argument keyword-only: def {function.name}(*, by: Actor, ...)")
            annotations = {argument.arg: ast.unparse(argument.annotation) if argument.annotation else "" for argument in arguments.kwonlyargs}
            if annotations.get("by") != "Actor":
                wrong.append(f"{place}: take `by: Actor`, or start the name with an underscore if only services call it")
    assert not wrong, "\n".join(wrong)


def test_by_has_no_default() -> None:
    wrong = []
    for path in service_files():
        for function in public_functions(path):
            for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
                if argument.arg == "by" and default is not None:
                    wrong.append(f"{path}:{function.lineno} {function.name}: `by` has a default; somebody always acts, so the caller says who")
    assert not wrong, "\n".join(wrong)
