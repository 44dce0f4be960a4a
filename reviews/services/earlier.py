"""The next review brought forward for a cause of regulation 39(3) and (4); the child may ask for it too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation, Role
from lace.accounts.models import Language, Membership, User
from lace.children.models import CareEpisode, Child, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.services import bring_forward
from lace.notifications.services import notify
from reviews.models import EarlierReview
from reviews.rules import MOVABLE, Cause

LONGEST = EarlierReview._meta.get_field("words").max_length or 0


@transaction.atomic
def bring_review_forward(*, by: Actor, child: Child, cause: str, needed_by: date, words: str = "", language: str = Language.ENGLISH) -> EarlierReview:
    """Record why the next review is needed sooner, and make its duty due on that day; reviewing officer and social worker are told.

    Never later than it is due already. Raises NotAllowed; Refused when the child is not looked after; BadInput.
    """
    require_for(by=by, permission=Permission.ARRANGE_REVIEW, child=child)
    child = _looked_after(child)
    problems = [*_day_problems(by, child, needed_by), *_long("words", words)]
    if cause not in Cause:
        problems.append(("cause", _("Choose why the review is brought forward")))
    refuse(problems)
    row = EarlierReview(
        child=child,
        authority_id=child.authority_id,
        cause=cause,
        words=words.strip(),
        language=language,
        asked_by_id=by.user_id,
        asked_on=by.today,
        needed_by=needed_by,
        answered_by_id=by.user_id,
        answered_on=by.today,
    )
    row.save(force_insert=True)
    _move(by, row, needed_by)
    return row


@transaction.atomic
def ask_for_review(*, by: Actor, child: Child, words: str = "", language: str = Language.ENGLISH) -> EarlierReview:
    """The child asks for a review sooner; the reviewing officer is told, and answers. No duty moves yet.

    Raises NotAllowed for anybody but the child; Refused when the child is not looked after or waits for an answer already; BadInput.
    """
    require_for(by=by, permission=Permission.CHOOSE_READERS, child=child)  # the child alone holds it
    child = _looked_after(child)
    if EarlierReview.objects.unanswered().filter(child=child).exists():
        raise Refused(_("You have asked already. You will get an answer"))
    refuse(_long("words", words))
    row = EarlierReview(
        child=child,
        authority_id=child.authority_id,
        cause=Cause.CHILD_ASKS,
        words=words.strip(),
        language=language,
        asked_by_id=by.user_id,
        asked_on=by.today,
    )
    row.save(force_insert=True)
    notify(by=by, kind="child_asks_review", source=row.pk, child=child, recipients=_officers(by, child), facts={"asked_on": by.today.isoformat()})
    return row


def answers(*, by: Actor, child: Child) -> bool:
    """Is it this person's to answer the child: the reviewing officer's, or where none is named the LACE coordinator's?"""
    return by.role == Role.IRO or (by.role == Role.LACE_COORDINATOR and not _named(child, by.today, Relation.IRO))


@transaction.atomic
def answer_child(*, by: Actor, request: EarlierReview, needed_by: date | None, answer: str) -> EarlierReview:
    """Name the day by which the review the child asked for is held, or say with None why it is not justified (regulation 39(4)).

    Raises NotAllowed, BadInput, Refused once it is answered.
    """
    require_for(by=by, permission=Permission.ARRANGE_REVIEW, child=request.child)
    if not answers(by=by, child=request.child):
        raise NotAllowed
    child = _looked_after(request.child)
    row = EarlierReview.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
    if row.answered_on is not None:
        raise Refused(_("This is answered already"))
    problems = [*_long("answer", answer), *(_day_problems(by, child, needed_by) if needed_by else [])]
    if not answer.strip():
        problems.append(("answer", _("Write an answer that the child can read")))
    refuse(problems)
    row.child = child
    row.needed_by, row.answer, row.answered_by_id, row.answered_on = needed_by, answer.strip(), by.user_id, by.today
    row.save(update_fields=["needed_by", "answer", "answered_by", "answered_on"])
    if needed_by:
        _move(by, row, needed_by)
    return row


def _looked_after(child: Child) -> Child:
    child = lock(child)
    if not CareEpisode.objects.filter(child=child, ended_on__isnull=True).exists():
        raise Refused(_("The child is not looked after now, so there is no review to bring forward"))
    return child


def _day_problems(by: Actor, child: Child, needed_by: date) -> list[tuple[str, Message]]:
    """The day is to come, and no later than the law has it anyway."""
    if needed_by < by.today:
        return [("needed_by", _("Choose today or a day to come"))]
    due = Duty.objects.open().filter(child=child, code__in=MOVABLE).order_by("due_on").values_list("due_on", flat=True).first()
    if due is None:
        raise Refused(_("No review is due now. Arrange one: it needs no bringing forward"))
    if needed_by > due:
        return [("needed_by", _("The review is due on %(day)s already. Give that day, or an earlier one") % {"day": date_format(due, "DATE_FORMAT")})]
    return []


def _long(field: str, text: str) -> list[tuple[str, Message]]:
    return [(field, _("Shorten this to %(longest)s characters or fewer") % {"longest": LONGEST})] if len(text.strip()) > LONGEST else []


def _move(by: Actor, row: EarlierReview, needed_by: date) -> None:
    for code in MOVABLE:
        bring_forward(by=by, child=row.child, code=code, due_on=needed_by)
    people = [*_named(row.child, by.today, Relation.IRO), *_named(row.child, by.today, Relation.SOCIAL_WORKER)]
    facts = {"needed_on": needed_by.isoformat()}
    notify(by=by, kind="review_wanted_earlier", source=row.pk, child=row.child, recipients=User.objects.filter(pk__in=people), facts=facts)


def _named(child: Child, on: date, relation: Relation) -> list[int]:
    return [person.user_id for person in people_around(child=child, on=on) if person.relation == relation]


def _officers(by: Actor, child: Child) -> Iterable[User]:
    """The reviewing officer; where none is named, the LACE coordinators."""
    named = _named(child, by.today, Relation.IRO)
    if named:
        return User.objects.filter(pk__in=named)
    held = Membership.objects.open_on(by.today).filter(authority=child.authority_id, role=Role.LACE_COORDINATOR)
    return User.objects.filter(pk__in=held.values("user"))
