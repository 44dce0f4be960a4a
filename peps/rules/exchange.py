"""A plan that comes from another authority as a file: what fits the format lace-pep/1, and what does not and where. No database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from lace.accounts.access import Role
from peps.rules import State
from peps.rules.actions import ActionState
from peps.rules.contributions import FORMS, Said
from peps.rules.measures import MEASURES
from peps.rules.replies import SETTLED
from peps.rules.sections import SECTIONS, SOMETIMES, check_answers
from peps.rules.targets import Outcome
from peps.rules.wellbeing import INSTRUMENTS, check_scores

FORMAT = "lace-pep/1"
MOST_BYTES = 700_000  # of a file; it goes back and forth once as a field, and a request takes 1 MB
TOLD = 50  # of what does not fit; who mends fifty things sends the file again

_NOT_AS_ASKED = _("This is not written as the format asks")
_SENTENCES: dict[str, Promise] = {
    "const": format_lazy(_("Lace reads files of the format {format}"), format=FORMAT),
    "anyOf": _("Give what the format asks for here: a text, a list of rows, a day or nothing"),
    "format": _("Write the day as year-month-day, for example 2026-11-23"),
    "maxLength": _("This text is too long"),
    "minLength": _("This text is empty"),
    "maxItems": _("This list is too long"),
    "minimum": _("This number is too small"),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit: where, as a JSON pointer (RFC 6901), and what is wrong."""

    pointer: str
    sentence: str | Promise

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.sentence}"


class Unreadable(ValueError):
    """The bytes are no document; the message says why."""

    def __init__(self, sentence: Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the format."""
    read: dict[str, Any] = json.loads(files("peps.rules").joinpath("lace-pep-1.json").read_text(encoding="utf-8"))
    return read


def document(data: bytes) -> Any:
    """The JSON of a file. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(_("The file is too large. A plan with its versions takes less than 700 kB"))
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Unreadable(_("The file is not JSON in UTF-8. Choose the file as it was exported")) from None


def misfits(found: Any, *, today: date, digest: Callable[[Mapping[str, Any]], str], edition: int) -> list[Misfit]:
    """What keeps the document from being taken over, in its order; empty when it fits. `edition`: the newest of the questions known here."""
    wrong = list(dict.fromkeys(misfit for error in _errors(found) for misfit in _told(error)))
    wrong = wrong or [*_texts(found, "")]
    if not wrong:  # what follows relies on the shape
        wrong = [*_plan(found, today), *_versions(found["versions"], found["plan"], today, digest), *_contents(found, edition)]
    return wrong[:TOLD]


def _errors(found: Any) -> list[ValidationError]:
    validator = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return sorted(validator.iter_errors(found), key=lambda error: [str(part) for part in error.absolute_path])


def _told(error: ValidationError) -> Iterator[Misfit]:
    pointer = _pointer(error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield Misfit(f"{pointer}/{name}", _("This is missing"))
    elif error.validator == "additionalProperties":
        for name in sorted(set(error.instance) - set(error.schema.get("properties", ()))):
            yield Misfit(pointer + _pointer([name]), _("The format has no such part"))
    elif error.validator == "type":
        yield Misfit(pointer, format_lazy(_("This must be of the JSON type “{type}”"), type=error.validator_value))
    elif error.validator == "enum":
        yield Misfit(pointer, format_lazy(_("This must be one of: {values}"), values=", ".join(error.validator_value)))
    else:
        yield Misfit(pointer, _SENTENCES.get(error.validator, _NOT_AS_ASKED))


def _pointer(path: Iterable[Any]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _texts(found: Any, pointer: str) -> Iterator[Misfit]:
    """Signs that no text of a plan can hold: the null character, and halves of a character."""
    if isinstance(found, str):
        if "\0" in found or any("\ud800" <= sign <= "\udfff" for sign in found):
            yield Misfit(pointer, _("This text holds a sign that is no character"))
    elif isinstance(found, Mapping):
        for name, part in found.items():
            yield from _texts(part, pointer + _pointer([name]))
            yield from _texts(name, pointer)
    elif isinstance(found, Sequence):
        for number, part in enumerate(found):
            yield from _texts(part, f"{pointer}/{number}")


def _plan(found: Mapping[str, Any], today: date) -> Iterator[Misfit]:
    plan, versions = found["plan"], found["versions"]
    needed = {
        State.INITIATED: (),
        State.DEVELOPING: ("developing_on",),
        State.FINAL: ("developed_on", "finalised_on"),
        State.AMENDING: ("developed_on", "finalised_on", "amending_on"),
    }[State(plan["state"])]
    yield from (Misfit(f"/plan/{name}", _("A plan in this state has this day")) for name in needed if plan[name] is None)
    if (plan["state"] in {State.FINAL, State.AMENDING}) != bool(versions):
        yield Misfit("/versions", _("A plan is final or being amended when it has a version, and only then"))
    days = [(name, plan[name]) for name in ("initiated_on", "developing_on", "developed_on", "finalised_on", "amending_on") if plan[name]]
    for name, day in days:
        if date.fromisoformat(day) > today:
            yield Misfit(f"/plan/{name}", _("The day must be today or in the past"))
        elif day < plan["initiated_on"]:
            yield Misfit(f"/plan/{name}", _("The day cannot be before the plan was started"))
    if not set(plan["asked_for"]) <= SOMETIMES.keys():
        yield Misfit("/plan/asked_for", _("A plan has no such section"))
    yield from _actions(plan["actions"], "/plan/actions")
    yield from _replies(plan.get("replies", ()), "/plan/replies")
    if plan["initiated_on"] < found["child"]["born_on"]:
        yield Misfit("/plan/initiated_on", _("The day must be after the child was born"))


def _versions(
    versions: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], today: date, digest: Callable[[Mapping[str, Any]], str]
) -> Iterator[Misfit]:
    before = plan["initiated_on"]
    for place, version in enumerate(versions):
        pointer = f"/versions/{place}"
        if version["number"] != place + 1:
            yield Misfit(
                f"{pointer}/number", format_lazy(_("The versions are numbered from 1 in their order; this is number {number}"), number=place + 1)
            )
        if digest(version["content"]) != version["sha256"]:
            yield Misfit(f"{pointer}/sha256", _("The content is not the one that was made final: its fingerprint is another. Ask for the file again"))
        if version["finalised_on"] < before or date.fromisoformat(version["finalised_on"]) > today:
            yield Misfit(f"{pointer}/finalised_on", _("The day lies before the version or plan that came first, or in the future"))
        before = version["finalised_on"]
    if versions and plan["finalised_on"] not in {None, versions[-1]["finalised_on"]}:
        yield Misfit("/plan/finalised_on", _("This is not the day of the newest version"))
    if versions and plan["state"] == State.FINAL and plan["content"] != versions[-1]["content"]:
        yield Misfit("/plan/content", _("A final plan holds what its newest version holds"))


def _contents(found: Mapping[str, Any], edition: int) -> Iterator[Misfit]:
    contents = [("/plan/content", found["plan"]["content"])]
    contents += [(f"/versions/{place}/content", version["content"]) for place, version in enumerate(found["versions"])]
    for pointer, content in contents:
        if content["form"] > edition:
            yield Misfit(f"{pointer}/form", _("This was written in a newer edition of the questions. Bring Lace up to date first"))
            continue
        yield from _of_this_edition(content, pointer)
        yield from _replies(content.get("replies", ()), f"{pointer}/replies")
        yield from _additions(content.get("additions", ()), f"{pointer}/additions")
        yield from _measures(content, pointer)
        yield from _provisions(content, pointer)
        for key, section in content["sections"].items():
            at, rule = f"{pointer}/sections/{key}", SECTIONS.get(key)
            if section["written_as"] and section["written_as"] not in set(Role):
                yield Misfit(f"{at}/written_as", _("Lace has no such role"))
            if rule is None:
                yield Misfit(at, _("A plan has no such section"))
            elif content["form"] == edition:
                yield from (Misfit(f"{at}/answers{_pointer([name]) if name else ''}", said) for name, said in check_answers(rule, section["answers"]))


def _of_this_edition(content: Mapping[str, Any], pointer: str) -> Iterator[Misfit]:
    """What the second edition brought, and what the shape alone does not say of it."""
    if content["form"] > 1:
        yield from (Misfit(f"{pointer}/{name}", _("This is missing")) for name in ("phase", "asked", "ended", "actions") if name not in content)
        for place, target in enumerate(content["targets"]):
            names = ("id", "identified_with", "when_done", "where_done", "done_by", "how_often", "cost", "funding")
            yield from (Misfit(f"{pointer}/targets/{place}/{name}", _("This is missing")) for name in names if name not in target)
    for place, part in enumerate(content.get("asked", ())):
        if part["section"] not in SECTIONS:
            yield Misfit(f"{pointer}/asked/{place}/section", _("A plan has no such section"))
    for place, target in enumerate(content["targets"]):
        if target.get("cost") is not None and not target.get("funding"):
            yield Misfit(f"{pointer}/targets/{place}/funding", _("Choose who pays for it"))
    for place, end in enumerate(content.get("ended", ())):
        if end["outcome"] and not end["evaluated_on"]:
            yield Misfit(f"{pointer}/ended/{place}/evaluated_on", _("This is missing"))
        if end["outcome"] not in {"", Outcome.GOES_ON} and not end["evidence"]:
            yield Misfit(f"{pointer}/ended/{place}/evidence", _("Write what shows it"))
    yield from _actions(content.get("actions", ()), f"{pointer}/actions")
    for place, words in enumerate(content.get("contributions", ())):
        at, state = f"{pointer}/contributions/{place}", words["state"]
        if bool(words["said_on"]) != (state != Said.AWAITED):
            yield Misfit(f"{at}/said_on", _("Contributions that are given or declined have their day, and no others have"))
        if bool(words["answers"]) != (state == Said.GIVEN):
            yield Misfit(f"{at}/answers", _("Contributions that are given have answers, and no others have"))
        known = {question.key for question in FORMS[words["role"]].questions}
        yield from (Misfit(f"{at}/answers{_pointer([name])}", _("The format has no such part")) for name in words["answers"] if name not in known)


def _measures(content: Mapping[str, Any], pointer: str) -> Iterator[Misfit]:
    """Measures that Lace knows, each with a value of its scale or scores in their range."""
    for place, entry in enumerate(content.get("attainment", ())):
        at, measure = f"{pointer}/attainment/{place}", MEASURES.get(entry["measure"])
        if measure is None:
            yield Misfit(f"{at}/measure", _("Lace knows no such measure"))
            continue
        if measure.place(entry["value"]) < 0:
            yield Misfit(f"{at}/value", _("Choose one of the levels or grades"))
        if entry["subject"] not in (dict(measure.subjects) or {"": ""}):
            yield Misfit(f"{at}/subject", _("Choose the subject"))
    for place, entry in enumerate(content.get("wellbeing", ())):
        at, instrument = f"{pointer}/wellbeing/{place}", INSTRUMENTS.get(entry["instrument"])
        if instrument is None:
            yield Misfit(f"{at}/instrument", _("Lace knows no such measure"))
        else:
            yield from (Misfit(f"{at}/scores/{code}", str(said)) for code, said in check_scores(instrument, entry["scores"]))
    for part in ("attainment", "wellbeing"):
        for place, entry in enumerate(content.get(part, ())):
            if entry["recorded_as"] and entry["recorded_as"] not in set(Role):
                yield Misfit(f"{pointer}/{part}/{place}/recorded_as", _("Lace has no such role"))


def _provisions(content: Mapping[str, Any], pointer: str) -> Iterator[Misfit]:
    """Each provision is reviewed or ends, one that goes on after a move has somebody who sees to it, one that has ended says why."""
    ids = set()
    for place, found in enumerate(content.get("provisions", ())):
        at = f"{pointer}/provisions/{place}"
        if found["id"] in ids:
            yield Misfit(f"{at}/id", _("Two provisions have this number"))
        ids.add(found["id"])
        if found["review_on"] is None and found["last_on"] is None:
            yield Misfit(f"{at}/review_on", _("Enter the review date, or the last day"))
        if found["goes_on"] and not found["secured_by"]:
            yield Misfit(f"{at}/secured_by", _("Say who sees to it that the provision goes on"))
        if (found["ended_on"] is not None) != bool(found["end_reason"]):
            yield Misfit(f"{at}/end_reason", _("A provision that has ended has its day and the reason, and no other has"))
    for place, found in enumerate(content.get("catch_up", ())):
        if found["ends_on"] < found["starts_on"]:
            yield Misfit(f"{pointer}/catch_up/{place}/ends_on", _("The last day cannot be before the first"))


def _replies(replies: Iterable[Mapping[str, Any]], pointer: str) -> Iterator[Misfit]:
    """One reply to each wish; one that decides has words, and the child is told of nothing else."""
    seen: set[str] = set()
    for place, reply in enumerate(replies):
        at, settled = f"{pointer}/{place}", reply["outcome"] in SETTLED
        if reply["question"] in seen:
            yield Misfit(f"{at}/question", _("There is a reply to this already"))
        seen.add(reply["question"])
        if settled and not reply["answer"].strip():
            yield Misfit(f"{at}/answer", _("Write how it is used, or why it is not, in words that the child can read"))
        if bool(reply["told_on"]) != bool(reply["told_how"]) or (reply["told_on"] and not settled):
            yield Misfit(f"{at}/told_on", _("The child is told of what is decided, on a day and in some way"))
        if reply["answered_as"] and reply["answered_as"] not in set(Role):
            yield Misfit(f"{at}/answered_as", _("Lace has no such role"))


def _additions(additions: Iterable[Mapping[str, Any]], pointer: str) -> Iterator[Misfit]:
    """Each once, for roles that there are, and with words unless it is for few."""
    seen: set[str] = set()
    for place, found in enumerate(additions):
        at = f"{pointer}/{place}"
        if found["id"] in seen:
            yield Misfit(f"{at}/id", _("Two pictures or recordings have this number"))
        seen.add(found["id"])
        if found["readers"] is None and not found["description"].strip():
            yield Misfit(f"{at}/description", _("This text is empty"))
        if (found["added_as"] and found["added_as"] not in set(Role)) or not set(found["readers"] or ()) <= set(Role):
            yield Misfit(f"{at}/added_as", _("Lace has no such role"))


def _actions(actions: Iterable[Mapping[str, Any]], pointer: str) -> Iterator[Misfit]:
    """An action is done with a day and evidence, dropped with a reason, and open with neither; one carried forward says why."""
    for place, action in enumerate(actions):
        at, state = f"{pointer}/{place}", action["state"]
        if (action["done_on"] is not None) != (state == ActionState.DONE):
            yield Misfit(f"{at}/done_on", _("An action that is done has its day, and no other has"))
        if state == ActionState.DONE and not action["evidence"]:
            yield Misfit(f"{at}/evidence", _("Write what shows that it is done"))
        if (state == ActionState.DROPPED or action["carried_from"] is not None) and not action["reason"]:
            yield Misfit(f"{at}/reason", _("Say why it is dropped or carried forward"))
        if "until" in action and (action["until"] is None) != (state == ActionState.OPEN):
            yield Misfit(f"{at}/until", _("An action has a last version when it is done or dropped, and only then"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice could be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refused(_constant: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")
