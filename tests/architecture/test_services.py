"""Every write is a keyword-only verb that knows who acts (decision: one writer per act, `by=` everywhere)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import imports, parsed, python_files


def service_files() -> list[Path]:
    return [path for path in python_files() if path.name == "services.py" or "services" in path.parts[:-1]]


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


WRITING = frozenset({"save", "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "execute"})
# Written because another act was done: the service of that act has asked, and no door calls these.
FOLLOWS = {
    "lace.accounts": {"person_at"},
    "lace.children": {"open_relation", "open_group_relation", "close_relations", "close_group_relations"},
    "lace.deadlines": {
        *("open_duties", "open_body_duties", "meet", "meet_body", "done", "void", "bring_forward", "correct_fact", "close_all"),
        *("care_ended", "transferred", "close_past_age", "recount"),
    },
    "lace.notifications": {"notify"},
}
# Of nobody but the one who acts, or the record of what a door has shown.
ONES_OWN = {
    "lace.audit": {"record_read"},
    "lace.notifications": {"mark_read"},
}


def app_of(path: Path) -> str:
    """Whose services these are: "lace.children", "schools"."""
    return ".".join(path.parts[: path.with_suffix("").parts.index("services")])


def called(node: ast.AST) -> set[str]:
    """Names of what is called inside, without what they are called on."""
    functions = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {part.id if isinstance(part, ast.Name) else part.attr for part in functions if isinstance(part, ast.Name | ast.Attribute)}


def reached(path: Path, function: ast.AST) -> Iterator[ast.AST]:
    """The function and what it calls in its own module, however deep."""
    there = {node.name: node for node in parsed(path).body if isinstance(node, ast.FunctionDef)}
    waiting, known = [function], {function}
    while waiting:
        node = waiting.pop()
        yield node
        fresh = {there[name] for name in called(node) & there.keys()} - known
        known |= fresh
        waiting += fresh


def asks(path: Path, function: ast.AST) -> bool:
    """Does it ask whether the actor may, by require…() or by raising NotAllowed itself?"""
    for node in reached(path, function):
        if any(name.lstrip("_").startswith("require") for name in called(node)):
            return True
        if any("NotAllowed" in ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Raise)):
            return True
    return False


def test_every_service_that_writes_asks_whether_the_actor_may() -> None:
    everything = [(path, function) for path in service_files() for function in public_functions(path)]
    asking = {function.name for path, function in everything if asks(path, function)}
    spared = {(app, name) for table in (FOLLOWS, ONES_OWN) for app, names in table.items() for name in names}
    wrong, silent = [], set()
    for path, function in everything:
        calls = {name for node in reached(path, function) for name in called(node)}
        if not calls & WRITING or asks(path, function):
            continue
        silent.add((app_of(path), function.name))
        if not calls & asking and (app_of(path), function.name) not in spared:
            wrong.append(f"{path}:{function.lineno} {function.name}: call require() or require_for() before the write")
    assert not wrong, "\n".join(wrong)
    assert spared <= silent, f"These ask now, or are gone: take them out of the table. {sorted(spared - silent)}"


def test_no_door_calls_what_only_follows_from_another_act() -> None:
    doors = [path for path in python_files() if path.name in {"api.py", "views.py"} or {"views", "web"} & {*path.parts[:-1]}]
    wrong = []
    for path in doors:
        found = {name for name, _line in imports(path)}
        named = {ast.unparse(node) for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)}
        for app, names in FOLLOWS.items():
            wrong += [f"{path}: {name}" for name in names if f"{app}.services.{name}" in found or f"services.{name}" in named]
    assert doors
    assert not wrong, "Call the service of the act itself:\n" + "\n".join(wrong)


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
