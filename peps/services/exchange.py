"""A whole plan with its versions as a file for another authority, and such a file taken over (PEP-23, XLA-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission
from lace.accounts.models import LocalAuthority
from lace.children.models import Child, grants_of, lock
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.services import meet
from peps.models import (
    ACTION_FIELDS,
    EVALUATION_FIELDS,
    TARGET_FIELDS,
    Action,
    Addition,
    AnswerReaders,
    Attainment,
    CatchUp,
    Contribution,
    Evaluation,
    Pep,
    Provision,
    Reply,
    Section,
    Target,
    Version,
    Wellbeing,
    digest,
)
from peps.rules import INITIATED, State
from peps.rules.contributions import Said
from peps.rules.exchange import FORMAT, Misfit, Unreadable, document, misfits
from peps.rules.readers import content_without, for_fewer, not_kept
from peps.rules.sections import FORM, SECTIONS
from peps.services import _in_care, _school_on
from peps.services.draft import _draft

# Who may let another body have the record: at the responsible authority, the LACE coordinator and the child's social worker.
EXCHANGE = Permission.SHARE_RECORD
IMPORT = frozenset({EXCHANGE, Permission.START_PEP})  # it starts the plan here
DAYS = ("initiated_on", "developing_on", "developed_on", "finalised_on", "amending_on")


def export_plan(*, by: Actor, pep: Pep) -> dict[str, Any]:
    """The plan and all its versions, in the format of peps/rules/lace-pep-1.json. The door records it as an export.

    What the child lets not everybody read who reads the plan is left out, whoever exports: a file is read by people of another authority,
    whom no child chose and whom Lace cannot hold to the choice. The page says under "kept" which questions those are, and the fingerprint
    of such a version is that of what the file holds. A hand-over from authority to authority inside Lace (XLA-12) loses nothing: the rows
    go over with the child's choices, and those hold there as here.
    Raises NotAllowed, also to one who may not see every section: half a version has no fingerprint to check.
    """
    child = pep.child
    _require(by, child, {EXCHANGE}, {rule.facet for rule in SECTIONS.values()})
    versions = list(Version.objects.filter(pep=pep).order_by("number"))
    # a final plan in the edition in which it was written
    content = versions[-1].content if versions and pep.state == State.FINAL else _draft(pep, by.today).content()
    fewer = for_fewer(AnswerReaders.objects.choices_for(by, child) or {})
    authority = _named(child.authority)
    return {
        "format": FORMAT,
        "exported_on": by.today.isoformat(),
        "authority": authority,
        "child": {"upn": child.upn, "reference": child.reference, "born_on": child.born_on.isoformat()},
        "plan": {
            "state": pep.state,
            **{name: _written(getattr(pep, name)) for name in DAYS},
            "amendment_reason": pep.amendment_reason,
            "asked_for": pep.asked_for,
            "actions": [_action(action) for action in Action.objects.filter(pep=pep).order_by("due_on", "created_at")],
            "replies": not_kept([row.as_frozen() for row in Reply.objects.filter(pep=pep).order_by("question")], fewer),
            "content": _given(content, fewer),
        },
        "versions": [
            {
                "number": version.number,
                "finalised_on": version.finalised_on.isoformat(),
                "reason": version.reason,
                "authority": version.origin or authority,
                "sha256": digest(given) if fewer else version.sha256,
                "content": given,
            }
            for version in versions
            for given in [_given(version.content, fewer)]
        ],
    }


def _given(content: Mapping[str, Any], fewer: Set[str]) -> Mapping[str, Any]:
    return content_without(content, fewer) if fewer else content


def read_plan(*, by: Actor, child: Child, data: bytes) -> dict[str, Any]:
    """The document in a file, when it fits and is this child's. Writes nothing.

    Raises NotAllowed; Refused when the child has a current plan; BadInput with one sentence for each thing that does not fit.
    """
    _require(by, child, IMPORT)
    return _read(by, child, data)


def _read(by: Actor, child: Child, data: bytes) -> dict[str, Any]:
    _refuse_second(child)
    try:
        found = document(data)
    except Unreadable as problem:
        raise BadInput({"file": [problem.sentence]}) from None
    wrong = misfits(found, today=by.today, digest=digest, edition=FORM)
    wrong = wrong or _another_childs(found, child)
    if wrong:
        raise BadInput({"file": [str(misfit) for misfit in wrong]})
    read: dict[str, Any] = found
    return read


@transaction.atomic
def import_plan(*, by: Actor, child: Child, data: bytes) -> Pep:
    """Take over the plan in a file as the child's current plan, its versions as they were frozen, with the name of their authority.

    Meets the duty to start a plan, on the day of taking over. The duties to develop it stay open: what another authority made final is
    reviewed here first. Raises as `read_plan`; Refused when the child is not looked after.
    """
    _require(by, child, IMPORT)
    child = lock(child)
    found = _read(by, child, data)
    if not _in_care(child, by.today):
        raise Refused(_("The child is not looked after on that day, and no entry to care is planned"))
    plan, versions = found["plan"], found["versions"]
    pep = Pep(child=child, authority_id=child.authority_id, state=plan["state"], school_id=_school_on(child, by.today), version=len(versions))
    for name in DAYS:
        setattr(pep, name, _day(plan[name]))
    pep.amendment_reason, pep.asked_for = plan["amendment_reason"], plan["asked_for"]
    pep.save(force_insert=True)
    _write(pep, plan["content"], plan["actions"])
    _provide(pep, plan["content"], [version["content"] for version in versions])
    _keep_additions(by, pep, plan["content"], [version["content"] for version in versions])
    for reply in plan.get("replies", plan["content"].get("replies", ())):
        _reply(pep, reply).save(force_insert=True)
    own = _named(child.authority)
    last: Version | None = None
    for version in versions:
        taken = Version(
            pep=pep,
            child=child,
            authority_id=child.authority_id,
            number=version["number"],
            content=version["content"],
            sha256=version["sha256"],
            reason=version["reason"],
            origin="" if version["authority"] == own else version["authority"],
            finalised_on=date.fromisoformat(version["finalised_on"]),
        )
        taken.save(force_insert=True)
        _evaluate(last, version["content"])
        last = taken
    if pep.state == State.AMENDING:
        _evaluate(last, plan["content"])
    meet(by=by, child=child, codes=INITIATED, on=by.today, evidence=pep.pk)
    return pep


def _require(by: Actor, child: Child, permissions: Set[Permission], facets: Set[Facet] = frozenset()) -> None:
    """Raise NotAllowed unless the actor's relation to this child gives all of these."""
    grant = grants_of(by, [child])[child.pk]
    if not (permissions <= grant.permissions and facets <= grant.facets):
        raise NotAllowed


def _refuse_second(child: Child) -> None:
    if Pep.objects.filter(child=child).current().exists():
        raise Refused(_("The child has a current plan already. Open it and go on there"))


def _another_childs(found: Mapping[str, Any], child: Child) -> list[Misfit]:
    """Is it said of another child? An authority's own reference is compared with its own only."""
    said = found["child"]
    wrong = []
    if said["upn"] and child.upn and said["upn"] != child.upn:
        wrong.append(Misfit("/child/upn", _("This is the plan of another child: the unique pupil number is not this child's")))
    if said["born_on"] != child.born_on.isoformat():
        wrong.append(Misfit("/child/born_on", _("This is the plan of another child: the date of birth is not this child's")))
    if found["authority"] == _named(child.authority) and said["reference"] != child.reference:
        wrong.append(Misfit("/child/reference", _("This is the plan of another child: the reference is not this child's")))
    return wrong


def _action(action: Action) -> dict[str, Any]:
    return {name: getattr(action, name) for name in (*ACTION_FIELDS, "since", "until")} | {
        "due_on": _written(action.due_on),
        "done_on": _written(action.done_on),
    }


def _evaluate(version: Version | None, content: Mapping[str, Any]) -> None:
    """What the text after a version says of how that version's targets ended."""
    if version is None:
        return
    whose: dict[str, Any] = {"pep": version.pep, "child": version.child, "authority_id": version.authority_id}
    for end in content.get("ended", ()):
        if end["outcome"]:
            facts = {name: end[name] for name in EVALUATION_FIELDS} | {"evaluated_on": _day(end["evaluated_on"])}
            Evaluation(of_version=version, target=UUID(end["target"]), **facts, **whose).save(force_insert=True)


def _write(pep: Pep, content: Mapping[str, Any], actions: Iterable[Mapping[str, Any]]) -> None:
    """The plan's rows as they were, with the day and the role of who wrote; the person's account is another system's."""
    whose = {"pep": pep, "child": pep.child, "authority_id": pep.authority_id}
    for key, section in content["sections"].items():
        row = Section(key=key, answers=section["answers"], language=section["language"], written_as=section["written_as"], **whose)
        row.save(force_insert=True)
        Section.objects.filter(pk=row.pk).update(written_at=_noon(section["written_on"]))
    for position, target in enumerate(content["targets"], 1):
        facts = {name: target[name] for name in TARGET_FIELDS if name in target} | {"review_on": _day(target["review_on"])}
        if target.get("cost") is not None:
            facts["cost"] = Decimal(target["cost"])
        if "id" in target:
            facts["key"] = UUID(target["id"])
        Target(position=position, **facts, **whose).save(force_insert=True)
    if pep.state != State.FINAL:  # a final plan's stand in its version
        for words in content.get("contributions", ()):
            if words["state"] != Said.AWAITED:  # who is asked there is not asked here
                _words(pep, words).save(force_insert=True)
    _measure(pep, content)
    for action in actions:
        days = {name: _day(action[name]) for name in ("due_on", "done_on")}
        Action(**{**action, **days}, **whose).save(force_insert=True)


def _words(pep: Pep, words: Mapping[str, Any]) -> Contribution:
    """Words that were given elsewhere, or declined."""
    asked_on = date.fromisoformat(words["asked_on"])
    facts = {name: words[name] for name in ("role", "subject", "answers", "reason", "language")}
    facts["given_at" if words["state"] == Said.GIVEN else "declined_at"] = _noon(words["said_on"])
    whose = {"pep": pep, "child": pep.child, "authority_id": pep.authority_id}
    return Contribution(number=pep.version + 1, asked_on=asked_on, due_on=asked_on, **facts, **whose)


def _provide(pep: Pep, content: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> None:
    """The provisions and the catch-up of the plan as it stands; from which version on each is held, its versions say."""
    number = len(versions) if pep.state == State.FINAL else len(versions) + 1  # of the version of which this is the content
    whose = {"pep": pep, "child": pep.child, "authority_id": pep.authority_id}

    def since(part: str, key: str) -> int:
        holding = (place for place, version in enumerate(versions, 1) if any(row["id"] == key for row in version.get(part, ())))
        return next(holding, number)

    for found in content.get("provisions", ()):
        facts = {name: value for name, value in found.items() if name != "id"}
        facts |= {name: _day(found[name]) for name in ("from_on", "review_on", "last_on", "ended_on")}
        until = number if found["ended_on"] else None
        Provision(key=UUID(found["id"]), since=since("provisions", found["id"]), until=until, **facts, **whose).save(force_insert=True)
    for found in content.get("catch_up", ()):
        facts = {name: value for name, value in found.items() if name != "id"} | {name: _day(found[name]) for name in ("starts_on", "ends_on")}
        until = number if found["outcome"] else None
        CatchUp(key=UUID(found["id"]), since=since("catch_up", found["id"]), until=until, **facts, **whose).save(force_insert=True)


def _keep_additions(by: Actor, pep: Pep, content: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> None:
    """The pictures and recordings that the plan and its versions name, without their bytes: those stay where they are."""
    standing = {found["id"]: found for found in content.get("additions", ())}
    since: dict[str, int] = {}
    named: dict[str, Mapping[str, Any]] = {}
    for number, version in enumerate(versions, 1):
        for found in version.get("additions", ()):
            since.setdefault(found["id"], number)
            named[found["id"]] = found
    for key, found in (named | standing).items():
        facts = {name: value for name, value in found.items() if name != "id"} | {"added_on": _day(found["added_on"])}
        gone = None if key in standing else by.today
        whose: dict[str, Any] = {"pep": pep, "child": pep.child, "authority_id": pep.authority_id}
        Addition(key=UUID(key), data=b"", held_since=since.get(key), removed_on=gone, **facts, **whose).save(force_insert=True)


def _reply(pep: Pep, reply: Mapping[str, Any]) -> Reply:
    days = {name: _day(reply[name]) for name in ("answered_on", "told_on")}
    return Reply(pep=pep, child=pep.child, authority_id=pep.authority_id, **{**reply, **days})


def _measure(pep: Pep, content: Mapping[str, Any]) -> None:
    """The measures that the child's record here does not hold already; the newest last, as they were recorded."""
    models: tuple[tuple[str, Any], ...] = (("attainment", Attainment), ("wellbeing", Wellbeing))
    for part, model in models:
        for entry in reversed(content.get(part, ())):
            facts = entry | {"measured_on": _day(entry["measured_on"])}
            if facts.get("volume"):
                facts["volume"] = Decimal(facts["volume"])
            if not model.objects.standing().filter(child=pep.child, **facts).exists():
                model(child=pep.child, authority_id=pep.authority_id, **facts).save(force_insert=True)


def _named(authority: LocalAuthority) -> str:
    """Both names, equal in rank; one where they are the same."""
    return " / ".join(dict.fromkeys((authority.name_cy, authority.name_en)))


def _noon(day: str) -> datetime:
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), time(12)))


def _written(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None
