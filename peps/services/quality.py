"""The education service looks at a final version: takes it, grades it, accepts or returns it, and a second rater does so too (PEP-20, PEP-21)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from lace.accounts.access import TABLE, Facet, Permission, Relation, Role, require
from lace.accounts.models import Language, LocalAuthority, User
from lace.children.models import Child, grants_of, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, NotAllowed, Refused, refuse
from lace.deadlines.services import meet
from lace.notifications.services import notify
from peps.models import Pep, QualityReview, QualityStandard, Version
from peps.rules import State, Step
from peps.rules.duties import QUALITY_CHECKED
from peps.rules.quality import (
    AMBERS,
    AREAS,
    BELOW_GOLD,
    DECISIONS,
    LIMIT,
    SECOND_SHARES,
    SHARES,
    Area,
    Decision,
    Grade,
    ReviewState,
    goes_back,
    overall,
    places,
    sampled,
    standing,
    unfinished,
)
from peps.rules.sections import SECTIONS
from peps.services import LANGUAGES, _school_on, _stepped
from schools.models import Designation

REVIEW = Permission.REVIEW_PEP
Grades = Mapping[str, Mapping[str, str]]


@transaction.atomic
def take(*, by: Actor, version: Version) -> QualityReview:
    """Take a final version to look at, by the standard of the day it was made final; or take it over from a colleague, with what is done.

    Raises NotAllowed; Refused when there is a newer version, the plan is closed, or the check is done.
    """
    require_for(by=by, permission=REVIEW, child=version.child)
    child = lock(version.child)
    pep = Pep.objects.get(pk=version.pep_id)
    _newest(pep, version)
    review = QualityReview.objects.filter(of_version=version).first()
    if review is None:
        review = QualityReview(pep=pep, child=child, authority_id=child.authority_id, of_version=version, taken_on=by.today, version=0)
        review.standard = QualityStandard.objects.in_force(child.authority_id, version.finalised_on)
        review.language = _language(by)
    elif review.state != ReviewState.TAKEN:
        raise Refused(_("This version has been looked at already"))
    if review.reviewer_id == by.user_id:
        return review
    review.reviewer_id, review.reviewed_as = _person(by), by.role
    review.version += 1
    review.save()
    return review


@transaction.atomic
def grade(*, by: Actor, review: QualityReview, grades: Grades, language: str, version: int) -> QualityReview:
    """Save grades and comments by area, in place of those of `version`; an area without a grade is left open. Others' parts stay.

    The one who took the version grades what they may read; a colleague, what the first may not read, such as the child's own page.
    Raises NotAllowed; BadInput naming the fields ("<area>_grade", "<area>_comment"); Refused when the check is done; Changed.
    """
    review = _open(by, review)
    mine = {area.key: area for area in gradable(by=by, review=review)}
    if not mine:
        raise Refused(_("Your colleague grades these areas"))
    refuse([*_problems(grades, mine), *_check_language(language)])
    given = {key: _given(found) for key, found in grades.items() if found.get("grade") or found.get("comment")}
    kept = {key: found for key, found in review.grades.items() if key not in mine}
    if (review.grades, review.language) == ({**kept, **given}, language):
        return review
    if review.version != version:
        raise Changed(review)
    review.grades, review.language = {**kept, **given}, language
    review.version += 1
    review.save()
    return review


@transaction.atomic
def give_feedback(*, by: Actor, review: QualityReview, part: str, question: str, text: str) -> QualityReview:
    """Feedback on a part of the plan, or on one question or target of it; an empty text takes it back.

    Raises NotAllowed, also for a part that one may not read; BadInput; Refused when the check is done.
    """
    review = _open(by, review)
    facet = SECTIONS[part].facet if part in SECTIONS else Facet.EDUCATION
    if facet not in grants_of(by, [review.child])[review.child_id].facets:
        raise NotAllowed
    if (part, question) not in places(review.of_version.content):
        raise BadInput({"text": [_("The plan has no such place")]})
    if len(text) > LIMIT or "\0" in text:
        raise BadInput({"text": [_("Write this in up to 1,000 characters")]})
    held = {name: dict(found) for name, found in review.feedback.items()}
    held.setdefault(part, {})[question] = text.strip()
    if not text.strip():
        held[part].pop(question)
    held = {name: found for name, found in held.items() if found}
    if held != review.feedback:
        review.feedback = held
        review.version += 1
        review.save()
    return review


@transaction.atomic
def decide(*, by: Actor, review: QualityReview, decision: str, reason: str = "", version: int) -> QualityReview:
    """Accept the plan, or return it to be put right, which opens it for its next version; the school's designated person is told.

    The grade of the whole is reckoned from the areas' by the standard of the review. `reason` stands in the next version. Meets the duty
    to check the plan's quality. Raises NotAllowed; BadInput; Changed; Refused to a colleague, while grades or comments are missing, for a plan
    of a grade that goes back, or when there is a newer version.
    """
    review = _open(by, review)
    if review.reviewer_id != by.user_id:
        raise Refused(_("Whoever looks at the version decides. Take it over first"))
    if decision not in Decision.values:
        raise BadInput({"decision": [_("Choose what happens with the plan")]})
    state = DECISIONS[ReviewState(review.state), Decision(decision)]
    areas = standing(review.of_version.content)
    if missing := unfinished(areas, review.grades):
        raise Refused({"": [sentence for _area, sentence in missing]})
    standard = review.by_standard()
    whole = overall((review.grades[area.key]["grade"] for area in areas), standard)
    if decision == Decision.ACCEPT and goes_back(whole, standard):
        raise Refused({"decision": [_("A plan of this grade goes back. Return it to be put right")]})
    pep = Pep.objects.get(pk=review.pep_id)
    _newest(pep, review.of_version)
    if review.version != version:
        raise Changed(review)
    if decision == Decision.RETURN:
        _open_again(by, pep, reason)
    review.state, review.overall, review.decided_on = state, whole, by.today
    review.moderated = sampled(pep.pk, review.of_version.finalised_on, standard.second_share, "second")
    review.version += 1
    review.save()
    child = review.child
    meet(by=by, child=child, codes=[QUALITY_CHECKED], on=by.today, evidence=review.pk)
    kind = "pep_accepted" if decision == Decision.ACCEPT else "pep_returned"
    notify(by=by, kind=kind, source=review.pk, child=child, recipients=_told(child, by.today), facts={"version": review.of_version.number})
    return review


@transaction.atomic
def grade_again(*, by: Actor, review: QualityReview, grades: Grades) -> QualityReview:
    """The second rater's grades of every area that they may read, given once; only then are they shown the first's.

    Raises NotAllowed; BadInput naming the fields; Refused to the first rater, before that one has decided, and when it is done.
    """
    require_for(by=by, permission=REVIEW, child=review.child)
    lock(review.child)
    review = QualityReview.objects.select_related("of_version", "standard", "child").get(pk=review.pk)
    if review.reviewer_id == by.user_id:
        raise Refused(_("Whoever gave the first grades does not give the second"))
    if review.state == ReviewState.TAKEN:
        raise Refused(_("The first rater has not decided yet"))
    if review.second_rater_id is not None:
        raise Refused(_("A second rater has given grades already"))
    areas = {area.key: area for area in _readable(by, review)}
    refuse(_problems(grades, areas))
    refuse((f"{key}_grade", _("Choose a grade")) for key in areas if not grades.get(key, {}).get("grade"))
    review.second_grades = {key: _given(grades[key]) for key in areas}
    review.second_rater_id, review.second_on, review.moderated = by.user_id, by.today, True
    review.version += 1
    review.save()
    return review


@transaction.atomic
def set_standard(*, by: Actor, authority: LocalAuthority, facts: Mapping[str, Any], effective_from: date, approved_by: str) -> QualityStandard:
    """What holds for the quality of plans in an authority from a day on, today at the earliest. `facts`: below_gold, ambers,
    amber_goes_back, share, second_share, besides.

    A review keeps the standard by which it was begun. Raises NotAllowed, BadInput naming the fields.
    """
    require(by, Permission.SET_STANDARD)
    if by.user_id is None or by.authority_id != authority.pk:
        raise NotAllowed
    refuse([*_check_numbers(facts), *_check_besides(facts["besides"]), *_check_approval(by, effective_from, approved_by)])
    LocalAuthority.objects.select_for_update(no_key=True).get(pk=authority.pk)  # one number for each
    last = QualityStandard.objects.filter(authority=authority).aggregate(last=Max("number"))["last"] or 0
    names = ("below_gold", "ambers", "amber_goes_back", "share", "second_share")
    row = QualityStandard(authority=authority, number=last + 1, **{name: facts[name] for name in names})
    row.besides = {key: {lang: text.strip() for lang, text in words.items()} for key, words in facts["besides"].items() if any(words.values())}
    row.effective_from, row.approved_by, row.decided_by_id = effective_from, approved_by.strip(), by.user_id
    row.save(force_insert=True)
    return row


# ---- who grades what ----


def gradable(*, by: Actor, review: QualityReview) -> list[Area]:
    """The areas that the actor grades in the first rating: what they may read, of a colleague's review what that one may not read."""
    areas = _readable(by, review)
    if review.reviewer_id == by.user_id:
        return areas
    firsts = TABLE[Relation.RESPONSIBLE, Role(review.reviewed_as)].facets
    return [area for area in areas if area.facet not in firsts]


def _readable(by: Actor, review: QualityReview) -> list[Area]:
    facets = grants_of(by, [review.child])[review.child_id].facets
    return [area for area in standing(review.of_version.content) if area.facet in facets]


def _open(by: Actor, review: QualityReview) -> QualityReview:
    """The review as it stands under the child's lock, once the actor is known to be allowed; Refused when it is decided."""
    require_for(by=by, permission=REVIEW, child=review.child)
    lock(review.child)
    review = QualityReview.objects.select_related("of_version", "standard", "child").get(pk=review.pk)
    if review.state != ReviewState.TAKEN:
        raise Refused(_("This version has been looked at already"))
    return review


def _newest(pep: Pep, version: Version) -> None:
    if pep.state == State.CLOSED:
        raise Refused(_("This plan is closed"))
    if pep.version != version.number:
        raise Refused(_("There is a newer version of this plan. Look at that one"))


def _open_again(by: Actor, pep: Pep, reason: str) -> None:
    """The returned plan is open for its next version; one that is being amended already keeps its reason."""
    pep, state = _stepped(pep, Step.RETURN)
    if pep.state == state:
        return
    if not reason.strip() or len(reason) > 500:
        raise BadInput({"reason": [_("Say why the plan is returned, in up to 500 characters")]})
    pep.state, pep.amendment_reason, pep.amending_on = state, reason.strip(), by.today
    pep.save()


def _told(child: Child, on: date) -> Iterable[User]:
    """The designated person of the child's school; where there is none, the social worker."""
    school = _school_on(child, on)
    people = [row.membership.user for row in Designation.objects.current_on(on).filter(school=school).select_related("membership__user")]
    if people:
        return people
    workers = [person.user_id for person in people_around(child=child, on=on) if person.relation == Relation.SOCIAL_WORKER]
    return User.objects.filter(pk__in=workers)


def _given(found: Mapping[str, str]) -> dict[str, str]:
    return {"grade": found.get("grade", ""), "comment": found.get("comment", "").strip()}


def _problems(grades: Grades, areas: Mapping[str, Area]) -> Iterator[tuple[str, Message]]:
    for key, given in grades.items():
        if key not in areas:
            raise NotAllowed
        if given.get("grade", "") not in {"", *Grade.values}:
            yield f"{key}_grade", _("Choose one of the grades")
        comment = given.get("comment", "")
        if len(comment) > LIMIT or "\0" in comment:
            yield f"{key}_comment", _("Write this in up to 1,000 characters")


def _check_language(language: str) -> Iterator[tuple[str, Message]]:
    if language not in LANGUAGES:
        yield "language", _("Say in which language this is written: English or Welsh")


def _check_numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    for name, most in (("below_gold", BELOW_GOLD), ("ambers", AMBERS)):
        if not 0 <= facts[name] <= most:
            yield name, _("Choose a number from 0 to %(most)s. An authority may be stricter than the national default, never laxer") % {"most": most}
    for name, shares in (("share", SHARES), ("second_share", SECOND_SHARES)):
        if facts[name] not in shares:
            yield name, _("Choose one of the shares")


def _check_besides(besides: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, Message]]:
    for key, words in besides.items():
        if key not in AREAS:
            raise NotAllowed
        texts = [words.get(language, "").strip() for language in ("en", "cy")]
        if any(texts) and not all(texts):
            yield f"{key}_{'cy' if texts[0] else 'en'}", _("Write this in both languages: it is published in both")
        if any(len(text) > LIMIT or "\0" in text for text in texts):
            yield f"{key}_en", _("Write this in up to 1,000 characters")


def _check_approval(by: Actor, effective_from: date, approved_by: str) -> Iterator[tuple[str, Message]]:
    if effective_from < by.today:
        yield "effective_from", _("Enter today or a later day: plans that were made final are judged by what held then")
    if not 0 < len(approved_by.strip()) <= 200:
        yield "approved_by", _("Enter who approved this: a person or a meeting")


def _person(by: Actor) -> int:
    if by.user_id is None:
        raise NotAllowed
    return by.user_id


def _language(by: Actor) -> str:
    return User.objects.values_list("language", flat=True).get(pk=_person(by)) or Language.ENGLISH
