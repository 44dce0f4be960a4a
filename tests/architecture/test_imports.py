"""What the import contracts of pyproject.toml cannot say: doors of other apps, libraries with one speaker, pure rules."""

from __future__ import annotations

import ast

from tests.architecture.tree import FEATURES, OURS, app_of, imports, module_name, parsed, python_files

# Library -> the modules that may speak to it ("*.tasks": that file of any app), and why.
SPEAKERS: dict[str, tuple[tuple[str, ...], str]] = {
    "guardian": (("lace.accounts.access", "lace.children.models"), "relations to children have one home, with start and end"),
    "weasyprint": (("lace.documents",), "the tag builder is wrapped and pinned there"),
    "pydyf": (("lace.documents",), "it is WeasyPrint's own writer"),
    "celery": (("*.tasks", "lace.celery"), "Celery rings the bell; services and rules do not know of it"),
    "PIL": (("peps.rules.pictures",), "a file that somebody sends is read in one place, with its bounds"),
    "redis": (("lace.database.broker",), "the broker is the bell, never the truth"),
    "notifications_python_client": (("lace.notifications",), "one place sends"),
    "jinja2": (("lace.web",), "only the GOV.UK components' macros are Jinja"),
}
OPEN_TO_OTHER_APPS = frozenset({"services", "models", "rules"})


def _may_speak(module: str, speakers: tuple[str, ...]) -> bool:
    return any(
        module.endswith(speaker.removeprefix("*")) if speaker.startswith("*") else module == speaker or module.startswith(f"{speaker}.")
        for speaker in speakers
    )


def test_a_library_with_one_speaker_is_imported_only_there() -> None:
    wrong = []
    for path in python_files():
        for name, line in imports(path):
            speakers, reason = SPEAKERS.get(name.split(".")[0], ((), ""))
            if speakers and not _may_speak(module_name(path), speakers):
                wrong.append(f"{path}:{line} imports {name}; only {', '.join(speakers)} may ({reason}). Call that module instead.")
    assert not wrong, "\n".join(wrong)


def test_from_another_app_only_services_models_and_rules() -> None:
    wrong = []
    for path in python_files(*FEATURES):
        own = app_of(module_name(path))
        for name, line in imports(path):
            parts = name.split(".")
            if parts[0] in FEATURES and parts[0] != own and (len(parts) < 2 or parts[1] not in OPEN_TO_OTHER_APPS):
                wrong.append(f"{path}:{line} imports {name}; from another app only its services, models and rules. Is the rule in a door?")
    assert not wrong, "\n".join(wrong)


def test_rules_know_no_database() -> None:
    """Enumerations are plain data, although they live in django.db."""
    choices = {"TextChoices", "IntegerChoices"}
    wrong = []
    for path in python_files():
        if path.name != "rules.py" and "rules" not in path.parts[:-1]:
            continue
        used = {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute) and _is_models(node.value)}
        for name, line in imports(path):
            if name == "django.db.models":
                wrong += [f"{path}:{line} uses models.{attribute}; rules hold tables and pure functions" for attribute in sorted(used - choices)]
            elif (name.startswith("django.db.") and name.split(".")[-1] not in choices) or _of_rows(name):
                wrong.append(f"{path}:{line} imports {name}; rules hold tables and pure functions. Ask for the facts as arguments.")
    assert not wrong, "\n".join(wrong)


def _of_rows(name: str) -> bool:
    return name.split(".")[0] in OURS and bool({"models", "services"}.intersection(name.split(".")))


def _is_models(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "models"


def test_no_signals() -> None:
    """The upper app asks, or its sweep notices. `post_migrate` is about the schema, not about children."""
    allowed = {"django.db.models.signals.post_migrate", "django.db.backends.signals.connection_created"}
    wrong = [
        f"{path}:{line} imports {name}; call the service instead of listening"
        for path in python_files()
        for name, line in imports(path)
        if (".signals" in name or name.startswith("django.dispatch")) and name.startswith("django.") and name not in allowed
    ]
    assert not wrong, "\n".join(wrong)
