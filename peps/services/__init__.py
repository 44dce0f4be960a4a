"""Every write to a plan: start it, write in it, set its targets, make it final, amend and close it. The child's row is locked first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation
from lace.accounts.models import Language, User
from lace.children.models import CareEpisode, Child, grants_of, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, NotAllowed, Refused, refuse
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet, open_duties, void
from lace.notifications.services import notify
from peps.models import TARGET_FIELDS, Addition, AnswerReaders, Pep, QualityStandard, Section, Target, Version, digest
from peps.rules import DEVELOPED, INITIATED, REFUSALS, TRANSITIONS, State, Step
from peps.rules.duties import CARER_HAS_IT, IRO_HAS_IT, QUALITY_CHECKED, RENEWED
from peps.rules.quality import NATIONAL, sampled
from peps.rules.readers import kept_from, readable, with_kept
from peps.rules.replies import PAGE
from peps.rules.sections import SECTIONS, SectionRule, check_answers
from peps.services.asking import ask_for as ask_for
from peps.services.asking import changes_since as changes_since
from peps.services.contributions import _lapse
from peps.services.draft import _draft
from schools.models import Enrolment

LANGUAGES = set(Language.values)


@transaction.atomic
def start_pep(*, by: Actor, child: Child, on: date) -> Pep:
    """Start the child's plan on a day and meet the duty to initiate it (PEP-02, PEP-03).

    Raises NotAllowed; Refused when the child has a current plan (PEP-01) or is not looked after and no entry is planned; BadInput for a day
    to come or before birth.
    """
    require_for(by=by, permission=Permission.START_PEP, child=child)
    child = lock(child)
    if Pep.objects.filter(child=child).current().exists():
        raise Refused(_("The child has a current plan already. Open it and go on there"))
    if not _in_care(child, on):
        raise Refused(_("The child is not looked after on that day, and no entry to care is planned"))
    refuse(_not_to_come("on", on, by))
    if on < child.born_on:
        raise BadInput({"on": [_("The day must be after the child was born")]})
    pep = Pep(child=child, authority_id=child.authority_id, initiated_on=on, school_id=_school_on(child, on))
    pep.save(force_insert=True)
    meet(by=by, child=child, codes=INITIATED, on=on, evidence=pep.pk)
    return pep


@transaction.atomic
def write_section(*, by: Actor, pep: Pep, key: str, answers: Mapping[str, Any], language: str, version: int, sitting: UUID | None = None) -> Section:
    """Save one section's answers in place of those of `version` (0: nobody has written there yet).

    `sitting` names the open page: what it saved itself a moment ago (autosave) is no collision.

    What the child keeps from the writer stays as it was: it is neither read nor written over (VOICE-15).
    Raises NotAllowed for a role or facet that the section does not give; BadInput naming the questions; Refused when the plan is not open;
    Changed, with the section as it stands now, when somebody else saved other answers first.
    """
    section = SECTIONS.get(key)
    if section is None:
        raise BadInput({"key": [_("A plan has no such section")]})
    child = _locked(by, pep, section)
    if language not in LANGUAGES:
        raise BadInput({"language": [_("Say in which language this is written: English or Welsh")]})
    refuse(check_answers(section, answers))
    pep, state = _stepped(pep, Step.WRITE)
    current = Section.objects.filter(pep=pep, key=key).first()
    choices = AnswerReaders.objects.choices_for(by, child) if key == PAGE else None
    if choices is not None:
        answers = with_kept(answers, current.answers if current else {}, kept_from(by.role, choices))
    if current is not None and (current.answers, current.language) == (dict(answers), language):
        return current.keep(by.role, choices)  # the same words sent twice are no new version
    own = current is not None and sitting is not None and current.sitting == sitting
    if version != (current.version if current else 0) and not own:
        raise Changed(current.keep(by.role, choices) if current else None)
    written = current or Section(pep=pep, child=child, authority_id=child.authority_id, key=key, version=0)
    written.answers, written.language = dict(answers), language
    written.version += 1
    written.written_by_id, written.written_as, written.sitting = by.user_id, by.role, sitting
    written.save()
    _move(by, pep, state)
    return written.keep(by.role, choices)


def answers_at(*, by: Actor, section: Section, version: int) -> dict[str, Any]:
    """The section's answers as they stood at an earlier version, from the audit's trail; empty when nothing was written then.

    What two people started from, so that a merge page can tell whose change is whose. Raises NotAllowed.
    """
    if not by.job and SECTIONS[section.key].facet not in grants_of(by, [section.child])[section.child_id].facets:
        raise NotAllowed
    trail: Any = Section.pgh_event_model.objects  # type: ignore[attr-defined]  # pghistory makes it
    was = trail.filter(id=section.pk, version=version).order_by("-pgh_id").values_list("answers", flat=True).first() or {}
    choices = AnswerReaders.objects.choices_for(by, section.child_id) if section.key == PAGE else None
    return was if choices is None else readable(was, kept_from(by.role, choices))


@transaction.atomic
def save_target(*, by: Actor, pep: Pep, facts: Mapping[str, Any], target: UUID | None = None, version: int = 0) -> Target:
    """Add a target, or save one in place of its `version`. `facts` holds the values of TARGET_FIELDS.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open or the target is gone; Changed with the target as it
    stands when somebody else saved first.
    """
    child = _locked(by, pep)
    pep, state = _stepped(pep, Step.WRITE)
    if target is None:
        last = Target.objects.filter(pep=pep).aggregate(last=Max("position"))["last"] or 0
        saved = Target(pep=pep, child=child, authority_id=child.authority_id, position=last + 1, version=0)
    else:
        saved = _standing_target(pep, target)
    unchanged = target is not None and all(getattr(saved, name) == facts[name] for name in TARGET_FIELDS if name in facts)
    if unchanged:
        return saved
    if saved.version != version:
        raise Changed(saved)
    refuse([*_check_review_day(saved, facts.get("review_on"), by), *_check_cost(facts)])
    for name in TARGET_FIELDS:
        if name in facts:
            setattr(saved, name, facts[name])
    try:
        saved.clean_fields(exclude={"pep", "child", "authority"})
    except ValidationError as error:
        raise BadInput({field: [str(message) for message in messages] for field, messages in error.message_dict.items()}) from None
    saved.version += 1
    saved.save()
    _move(by, pep, state)
    return saved


@transaction.atomic
def remove_target(*, by: Actor, pep: Pep, target: UUID, version: int) -> None:
    """Strike a target out of the plan that is being written; the audit and earlier versions keep it. Raises as `save_target`."""
    _locked(by, pep)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing_target(pep, target)
    if standing.version != version:
        raise Changed(standing)
    standing.delete()
    _move(by, pep, state)


@transaction.atomic
def finalise(*, by: Actor, pep: Pep, on: date, reason: str = "") -> Version:
    """Freeze the plan as its next version, meet the duties to develop it, and tell the carers and the IRO (PEP-11, CAR-03, IRO-02).

    Raises NotAllowed; Refused with every sentence of what is missing (PEP-15); BadInput for a day to come or before the plan's last step.
    """
    require_for(by=by, permission=Permission.FINALISE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.FINALISE)
    whole = _draft(pep, by.today)
    if missing := whole.gaps(by.today):
        raise Refused({"": [gap.sentence for gap in missing]})
    problems = _not_to_come("on", on, by)
    earliest = pep.finalised_on or pep.initiated_on
    if earliest and on < earliest:
        problems.append(("on", _("The day cannot be before the plan's last step")))
    refuse(problems)
    content = whole.content()
    _lapse(by, child, pep)
    pep.version += 1
    version = Version(
        pep=pep,
        child=child,
        authority_id=child.authority_id,
        number=pep.version,
        content=content,
        sha256=digest(content),
        reason=reason or pep.amendment_reason,
        finalised_by_id=by.user_id,
        finalised_on=on,
    )
    version.save(force_insert=True)
    held = [row.pk for row in whole.additions]
    Addition.objects.filter(pk__in=held, held_since__isnull=True).update(held_since=version.number)
    pep.state, pep.finalised_on, pep.amending_on, pep.amendment_reason = state, on, None, ""
    pep.developed_on = pep.developed_on or on
    pep.school_id = _school_on(child, on)
    pep.save()
    meet(by=by, child=child, codes=(*DEVELOPED, *RENEWED), on=on, evidence=version.pk)
    people = [person for person in people_around(child=child, on=by.today) if person.relation in {Relation.CARER, Relation.IRO}]
    told = {person.user_id for person in people}
    opened = open_duties(by=by, child=child, fact=Fact.PLAN_FINAL, on=on, subject=version.pk)
    standard = QualityStandard.objects.in_force(child.authority_id, on)
    if not sampled(pep.pk, on, (standard.as_standard() if standard else NATIONAL).share):
        for duty in (duty for duty in opened if duty.code == QUALITY_CHECKED):
            void(by=by, duty=duty)  # its authority looks at a share of the plans, and not at this one
    heard = {person.relation for person in people}
    codes = [code for code, relation in ((CARER_HAS_IT, Relation.CARER), (IRO_HAS_IT, Relation.IRO)) if relation in heard]
    meet(by=by, child=child, codes=codes, on=by.today, evidence=version.pk)  # this message tells them (T11, T12)
    kind = "pep_final" if version.number == 1 else "pep_amended"
    notify(
        by=by,
        kind=kind,
        source=version.pk,
        step=version.number,
        child=child,
        recipients=User.objects.filter(pk__in=told),
        facts={"version": version.number},
    )
    return version


@transaction.atomic
def amend(*, by: Actor, pep: Pep, reason: str) -> Pep:
    """Open a final plan again, with all that it holds, to write its next version (PEP-11). Raises NotAllowed, Refused, BadInput."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.AMEND)
    if not reason.strip() or len(reason) > 500:
        raise BadInput({"reason": [_("Say why the plan is amended, in up to 500 characters")]})
    pep.state, pep.amendment_reason, pep.amending_on = state, reason.strip(), by.today
    pep.save()
    return pep


@transaction.atomic
def close(*, by: Actor, pep: Pep, on: date) -> Pep:
    """Close the plan of a child who is no longer looked after. Raises NotAllowed; Refused while the child is in care (PEP-01); BadInput."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.CLOSE)
    refuse(_not_to_come("on", on, by))
    if _in_care(child, on):
        raise Refused(_("The child is looked after on that day. A plan stays open as long as the child is in care"))
    _lapse(by, child, pep)
    pep.state, pep.closed_on = state, on
    pep.save()
    return pep


def _locked(by: Actor, pep: Pep, section: SectionRule | None = None) -> Child:
    """The plan's child, locked, once the actor is known to be allowed to write in the plan, or in this section of it."""
    if section is None:
        require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    elif not by.job and not section.may_be_written(by.role, grants_of(by, [pep.child])[pep.child_id]):
        raise NotAllowed
    return lock(pep.child)


def _stepped(pep: Pep, step: Step) -> tuple[Pep, State]:
    """The plan as it stands under the lock, and the state to which the step leads. Raises Refused for a step that is not in the table."""
    pep = Pep.objects.get(pk=pep.pk)
    state = TRANSITIONS.get((State(pep.state), step))
    if state is None:
        raise Refused(REFUSALS[step])
    return pep, state


def _move(by: Actor, pep: Pep, state: State) -> None:
    if pep.state == state:
        return
    pep.state = state
    if state == State.DEVELOPING:
        pep.developing_on = by.today
    pep.save()


def _standing_target(pep: Pep, target: UUID) -> Target:
    standing = Target.objects.filter(pep=pep, pk=target).first()
    if standing is None:
        raise Refused(_("Somebody has removed this target. Go back to the plan, and add it again if it is needed"))
    return standing


def _check_review_day(target: Target, day: date | None, by: Actor) -> list[tuple[str, Message]]:
    """A new review day is to come, within two years."""
    if day is None or day == target.review_on:
        return []
    if not by.today < day <= by.today + timedelta(days=731):
        return [("review_on", _("The review date must be in the future, within two years"))]
    return []


def _check_cost(facts: Mapping[str, Any]) -> list[tuple[str, Message]]:
    """What costs money says who pays."""
    cost = facts.get("cost")
    if cost is not None and cost < 0:
        return [("cost", _("Enter the cost in pounds, like 120 or 37.50"))]
    return [("funding", _("Choose who pays for it"))] if cost is not None and not facts.get("funding") else []


def _not_to_come(field: str, day: date, by: Actor) -> list[tuple[str, Message]]:
    return [(field, _("The day must be today or in the past"))] if day > by.today else []


def _in_care(child: Child, on: date) -> bool:
    """Looked after on the day, or an entry to care is planned after it."""
    return CareEpisode.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), child=child).exists()


def _school_on(child: Child, day: date) -> int | None:
    enrolment = Enrolment.objects.filter(child=child).on_roll(day).first()
    return enrolment.school_id if enrolment else None
