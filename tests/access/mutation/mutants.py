"""One rule of access deleted or widened at a time: from the application's tables, its source and the database's catalogue, never typed here."""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import psycopg
from psycopg import sql

from lace.accounts import access
from lace.accounts.access import Facet, Grant, Permission, Reach, Relation, Role

Apply = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is changed, and for how long it stands: inside the block of `apply`. `where` says to the suite where to look first."""

    name: str
    apply: Apply
    where: str = ""


@contextmanager
def _set(holder: dict[Any, Any], key: Any, value: Any) -> Iterator[None]:
    """The key has this value inside the block; None: it is not there."""
    missing = object()
    before = holder.pop(key, missing)
    if value is not None:
        holder[key] = value
    try:
        yield
    finally:
        holder.pop(key, None)
        if before is not missing:
            holder[key] = before


# -- the access table ---------------------------------------------------------------------------------------------------


def of_tables() -> Iterator[Mutant]:
    """Every facet and permission of a row, every role of an act, every reach, taken away; and each row and act given to one who lacks it."""
    for (relation, role), row in access.TABLE.items():
        key, name = (relation, role), f"TABLE {relation}/{role}"
        yield Mutant(f"{name}: no row", partial(_set, access.TABLE, key, None))
        for facet in sorted(row.facets):
            less = Grant(row.facets - {facet}, row.permissions)
            yield Mutant(f"{name}: without {facet}", partial(_set, access.TABLE, key, less))
        for permission in sorted(row.permissions):
            less = Grant(row.facets, row.permissions - {permission})
            yield Mutant(f"{name}: without {permission}", partial(_set, access.TABLE, key, less))
        for facet in sorted(set(Facet) - row.facets):
            more = Grant(row.facets | {facet}, row.permissions)
            yield Mutant(f"{name}: with {facet}", partial(_set, access.TABLE, key, more))
        every = Grant(row.facets, frozenset(Permission))
        yield Mutant(f"{name}: every act", partial(_set, access.TABLE, key, every))
    for permission, roles in access.OFFICE.items():
        for role in sorted(roles):
            yield Mutant(f"OFFICE {permission}: without {role}", partial(_set, access.OFFICE, permission, roles - {role}))
        yield Mutant(f"OFFICE {permission}: everybody", partial(_set, access.OFFICE, permission, frozenset(Role)))
    for facet in access._IMPLIED:
        yield Mutant(f"_IMPLIED: without {facet}", partial(_set, access._IMPLIED, facet, None))
    for role, named in access.NAMED_RELATION.items():
        yield Mutant(f"NAMED_RELATION: without {role}", partial(_set, access.NAMED_RELATION, role, None))
        wrong = Relation.IRO if named != Relation.IRO else Relation.CARER
        yield Mutant(f"NAMED_RELATION: {role} as {wrong}", partial(_set, access.NAMED_RELATION, role, wrong))
    for role, held in access.GROUP_RELATION.items():
        for relation in held:
            less_of = tuple(other for other in held if other != relation)
            yield Mutant(f"GROUP_RELATION: {role} without {relation}", partial(_set, access.GROUP_RELATION, role, less_of))
        yield Mutant(f"GROUP_RELATION: {role} with all", partial(_set, access.GROUP_RELATION, role, access.GROUP_RELATIONS))
    for role, reach in access.REACH.items():
        for other in Reach:
            if other != reach:
                yield Mutant(f"REACH: {role} {other}", partial(_set, access.REACH, role, other))


# -- the application's conditions, from its source ----------------------------------------------------------------------


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@contextmanager
def _runs(function: Any, code: CodeType) -> Iterator[None]:
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before


def _drop(field: str, number: int, node: Any) -> None:
    getattr(node, field).pop(number)


def _without(number: int, node: Any) -> Any:
    node.values.pop(number)
    return node.values[0] if len(node.values) == 1 else node


def _renamed(number: int, name: str, node: Any) -> None:
    node.keywords[number].arg = name


def _narrowed(number: int, node: Any) -> Any:
    node.patterns.pop(number)
    return node.patterns[0] if len(node.patterns) == 1 else node


def _decided(value: bool, node: Any) -> None:
    node.test = ast.Constant(value)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """The ways in which a node may be weaker or other than it is: how it is called, and what makes the new node of a copy of it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"filter", "exclude", "get"}:
        for number in range(len(node.args)):
            yield f"no condition {ast.unparse(node.args[number])}", partial(_drop, "args", number)
        for number, keyword in enumerate(node.keywords):
            yield f"no condition {ast.unparse(keyword)}", partial(_drop, "keywords", number)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Q":
        for number, keyword in enumerate(node.keywords):
            if keyword.arg and keyword.arg.endswith(("__gt", "__lte")):
                opposite = keyword.arg.replace("__gt", "__gte") if keyword.arg.endswith("__gt") else keyword.arg.replace("__lte", "__lt")
                yield f"{keyword.arg} as {opposite}", partial(_renamed, number, opposite)
    if isinstance(node, ast.BoolOp):
        for number in range(len(node.values)):
            yield f"without {ast.unparse(node.values[number])}", partial(_without, number)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
        yield f"only {ast.unparse(node.left)}", lambda new: new.left
        yield f"only {ast.unparse(node.right)}", lambda new: new.right
    if isinstance(node, ast.IfExp):
        yield f"always {ast.unparse(node.body)}", lambda new: new.body
        yield f"always {ast.unparse(node.orelse)}", lambda new: new.orelse
    if isinstance(node, ast.If):
        for value in (True, False):
            yield f"if {ast.unparse(node.test)}: {value}", partial(_decided, value)
    if isinstance(node, ast.Compare):
        yield f"not {ast.unparse(node)}", lambda new: ast.UnaryOp(ast.Not(), new)
    if isinstance(node, ast.Match):
        for number, case in enumerate(node.cases[:-1]):
            yield f"no case {ast.unparse(case.pattern)}", partial(_drop, "cases", number)
    if isinstance(node, ast.MatchOr):
        for number, pattern in enumerate(node.patterns):
            yield f"case without {ast.unparse(pattern)}", partial(_narrowed, number)


def _guards(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """A statement that does nothing but ask whether the actor may."""
    asked = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    if isinstance(asked, ast.Name) and asked.id.lstrip("_").startswith(("require", "hold")):
        yield f"without {ast.unparse(node)}", lambda _new: ast.Pass()


def _functions(module: ModuleType, names: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """The functions and methods that are written in this module, by their qualified names."""
    holders = [module, *(value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)]
    for holder in holders:
        for value in vars(holder).values():
            function = inspect.unwrap(value) if callable(value) else value.fget if isinstance(value, property) else None
            if inspect.isfunction(function) and function.__module__ == module.__name__ and names(function.__qualname__):
                yield function.__qualname__, function


def of_source(module: ModuleType, names: Callable[[str], bool], *, guards: bool = False) -> Iterator[Mutant]:
    """Every condition (or with `guards` every `require`) in these functions of a module, changed in a copy of its source."""
    text = Path(module.__file__ or "").read_text()  # an empty module has no source for `inspect`
    tree = ast.parse(text)
    for qualified, function in dict(_functions(module, names)).items():
        line = function.__code__.co_firstlineno
        found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function.__name__]
        home = next((node for node in found if min([node.lineno, *(one.lineno for one in node.decorator_list)]) == line), None)
        if home is None:
            continue  # made by a decorator, not written here
        types = {inner for one in _annotations(home) for inner in ast.walk(one)}  # `Q | None` decides nothing
        for number, node in enumerate(ast.walk(home)):
            if node in types:
                continue
            for words, change in _guards(node) if guards else _changes(node):
                code = _compiled(tree, home, number, change, module, qualified)
                if code is not None and code.co_freevars == function.__code__.co_freevars:
                    yield Mutant(
                        f"{module.__name__}.{qualified}: {words}",
                        partial(_runs, function, code),
                        qualified,
                    )


def _annotations(function: ast.FunctionDef) -> Iterator[ast.AST]:
    for node in ast.walk(function):
        found = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if found is not None:
            yield found


def _compiled(
    tree: ast.Module, home: ast.AST, number: int, change: Callable[[Any], ast.AST | None], module: ModuleType, qualified: str
) -> CodeType | None:
    place = list(ast.walk(tree)).index(home)
    other = copy.deepcopy(tree)
    function = list(ast.walk(other))[place]
    node = list(ast.walk(function))[number]
    new = change(node)
    if new is not None:
        for parent in ast.walk(function):
            for field, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, field, new)
                elif isinstance(value, list) and any(one is node for one in value):
                    setattr(parent, field, [new if one is node else one for one in value])
    compiled = compile(ast.fix_missing_locations(other), module.__file__ or "", "exec", dont_inherit=True)
    return next((code for code in _codes(compiled) if code.co_qualname == qualified), None)


# -- the database's policies and functions, from its catalogue ------------------------------------------------------------


def _halves(text: str) -> tuple[str, list[str]]:
    """The operator on top of a condition as PostgreSQL writes it, and its operands; ("", [itself]) where there is none."""
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1]
    for operator in (" OR ", " AND "):
        found, depth, quoted, start = [], 0, False, 0
        for place, letter in enumerate(text):
            quoted ^= letter == "'"
            depth += 0 if quoted else (letter in "([") - (letter in ")]")
            if not quoted and depth == 0 and text.startswith(operator, place):
                found.append(text[start:place])
                start = place + len(operator)
        if found:
            return operator, [*found, text[start:]]
    return "", [text]


def _closes(text: str) -> int:
    depth, quoted = 0, False
    for place, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if depth == 0:
            return place
    raise AssertionError(text)


def weaker(text: str) -> Iterator[tuple[str, str]]:
    """Conditions of which one operand was dropped, at any depth: what was dropped, and what is left."""
    operator, operands = _halves(text)
    for number, operand in enumerate(operands if operator else ()):
        rest = [f"({one})" for one in operands[:number] + operands[number + 1 :]]
        yield f"without {_short(operand)}", operator.join(rest)
        for what, left in weaker(operand):
            yield what, operator.join([*(f"({one})" for one in operands[:number]), f"({left})", *(f"({one})" for one in operands[number + 1 :])])


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:90]


def of_policies(owner: psycopg.Connection[Any]) -> Iterator[Mutant]:
    """Every policy of the app's role: open to all, closed, without one of its conditions, without its facet; likewise for what may be added."""
    rows = owner.execute(
        "SELECT tablename, policyname, qual, with_check, has_table_privilege('lace_app', quote_ident(tablename), 'INSERT') FROM pg_policies"
        " WHERE schemaname = 'public' AND 'lace_app' = ANY(roles) ORDER BY 1, 2"
    ).fetchall()
    for table, policy, qual, check, may_add in rows:
        for clause, text in (("USING", qual), ("WITH CHECK", check if may_add else None)):
            if not text:
                continue
            changed = [("open to all", "true"), ("closed", "false"), *weaker(text)]
            if "lace_granted_children_with(" in text:
                changed.append(("any relation", re.sub(r"lace_granted_children_with\('\w+'::text\)", "lace_granted_children()", text)))
            for what, new in changed:
                yield Mutant(
                    f"{table} {clause}: {what}",
                    partial(_policy, owner, table, policy, clause, new, text),
                    table,
                )


@contextmanager
def _policy(owner: psycopg.Connection[Any], table: str, policy: str, clause: str, new: str, old: str) -> Iterator[None]:
    alter = sql.SQL("ALTER POLICY {} ON {} {} ({})")
    names = (sql.Identifier(policy), sql.Identifier(table), sql.SQL(clause))
    owner.execute(alter.format(*names, sql.SQL(new)))
    try:
        yield
    finally:
        owner.execute(alter.format(*names, sql.SQL(old)))


def of_functions(owner: psycopg.Connection[Any]) -> Iterator[Mutant]:
    """The functions on which the policies stand, each without one of its conditions or one of its arms."""
    for name in ("lace_granted_children", "lace_granted_children_with", "lace_closed_children"):
        found = owner.execute("SELECT pg_get_functiondef(oid), prosrc FROM pg_proc WHERE proname = %s", [name]).fetchone()
        assert found is not None
        whole, body = found
        arms = re.findall(r"WHERE (.*?)(?=\s*UNION ALL|\s*\)\s*\Z)", body, re.DOTALL)
        for arm, place in zip(arms, ("of people", "of groups") if len(arms) > 1 else ("of an authority",), strict=True):
            inside = re.search(r"WHERE (codename = ANY.*?)\)\)\s+AND starts_on", arm, re.DOTALL)
            changed = [("none", "false"), *weaker(arm)]
            if "<=" in arm and not inside:
                changed += [("from the day after", arm.replace("<=", "<")), ("without a day none", arm.replace(", true)", ", false)"))]
            if inside:
                codes = inside[1]
                changed += [(f"any relation {what}", arm.replace(codes, left)) for what, left in (("usable", "true"), *weaker(codes))]
            for what, new in changed:
                mutated = whole.replace(arm, f" {new}") if whole.count(arm) == 1 else ""
                assert mutated, f"{name} {place}: its text is not found once"
                yield Mutant(f"{name} {place}: {what}", partial(_function, owner, mutated, whole), name)


@contextmanager
def _function(owner: psycopg.Connection[Any], new: str, old: str) -> Iterator[None]:
    owner.execute(new.encode())
    try:
        yield
    finally:
        owner.execute(old.encode())
