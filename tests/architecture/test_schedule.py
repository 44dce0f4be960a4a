"""Celery rings the bell: what rings when, that every bell has somebody to hear it, and that no task carries a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lace.celery import app
from tests.architecture.tree import OURS, parsed, python_files, text


def our_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.split(".")[0] in OURS}


def scheduled() -> dict[str, str]:
    """Schedule entry -> task."""
    return {key: entry["task"] for key, entry in app.conf.beat_schedule.items()}


def test_the_schedule_rings_tasks_that_exist() -> None:
    assert scheduled(), "lace/celery.py schedules nothing: no duty is ever chased."
    wrong = {key: task for key, task in scheduled().items() if task not in our_tasks()}
    assert not wrong, f"{wrong}: no such task; correct the name in lace/celery.py."


def test_every_task_is_rung_by_the_schedule_or_called() -> None:
    """A `@shared_task` that nobody rings is a duty nobody does."""
    sources = {path: text(path) for path in python_files()}
    silent = []
    for task in sorted(our_tasks() - set(scheduled().values())):
        name = re.escape(task.rsplit(".", 1)[1])
        called = re.compile(rf"\b{name}\.(delay|apply_async|s|si|signature)\b|[\"']{re.escape(task)}[\"']")
        if not any(called.search(source) for source in sources.values()):
            silent.append(task)
    assert not silent, f"{silent}: neither in lace/celery.py's schedule nor called anywhere."


def test_scheduled_tasks_take_no_arguments() -> None:
    wrong = [key for key, entry in app.conf.beat_schedule.items() if entry.get("args") or entry.get("kwargs")]
    assert not wrong, f"{wrong}: a bell says when, not what; let the task look for its work."


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", node


def test_no_countdown_and_no_eta() -> None:
    """A delayed task lives in the broker's memory and dies with it; a row with a due moment does not."""
    wrong = [
        place
        for place, call in _calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("apply_async", "retry", "signature", "s")
        and {keyword.arg for keyword in call.keywords} & {"eta", "countdown"}
    ]
    assert not wrong, f"{wrong}: store the moment in a row and let the sweep find it."


def test_a_task_is_called_after_the_commit() -> None:
    """`.delay()` in a service's transaction rings before the row is there; use transaction.on_commit."""
    wrong = []
    for path in python_files():
        if path.name == "services.py" or "services" in path.parts[:-1]:
            attributes = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute))
            wrong += [f"{path}:{node.lineno}" for node in attributes if node.attr in ("delay", "apply_async")]
    assert not wrong, f"{wrong}: services write rows to the outbox; the outbox rings on commit."
