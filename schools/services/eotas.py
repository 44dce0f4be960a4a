"""Education other than at school: where a child is taught beside or without a school's register (SCH-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children import rules
from lace.children.models import CareEpisode, Child, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, Refused, refuse
from schools.models import Enrolment, EotasPlace
from schools.rules import Safety, answers_for_safety


@dataclass(frozen=True, slots=True)
class EotasFacts:
    """Where a child is taught, and from when."""

    provider: str
    kind: str
    started_on: date


@dataclass(frozen=True, slots=True)
class SafetyToday:
    """Who answers for a child's safety today, by name, and why (SCH-10)."""

    answer: Safety
    name: str


@transaction.atomic
def record_eotas(*, by: Actor, child: Child, facts: EotasFacts) -> EotasPlace:
    """Record that the child is taught by a provider from a day; the school's register stays as it is.

    Raises NotAllowed, Refused when the child is taught there already, BadInput.
    """
    require_for(by=by, permission=Permission.RECORD_SCHOOL, child=child)
    child = lock(child)
    refuse(check_eotas(by=by, facts=facts, born=child.born_on))
    provider = " ".join(facts.provider.split())
    if EotasPlace.objects.filter(child=child, ended_on__isnull=True, provider__iexact=provider).exists():
        raise Refused(_("The child is taught by this provider already. End that first, or name another"))
    place = EotasPlace(child=child, authority_id=child.authority_id, provider=provider, kind=facts.kind, started_on=facts.started_on)
    place.save(force_insert=True)
    return place


def check_eotas(*, by: Actor, facts: EotasFacts, born: date) -> Iterator[tuple[str, Message]]:
    """What is wrong with these facts, by field."""
    if not facts.provider.strip():
        yield "provider", _("Enter the provider's name")
    if facts.started_on < born:
        yield "started_on", _("The first day cannot be before the date of birth, %(day)s") % {"day": date_format(born, "DATE_FORMAT")}


@transaction.atomic
def end_eotas(*, by: Actor, place: EotasPlace, on: date) -> EotasPlace:
    """Record the day from which the child is no longer taught there. Raises NotAllowed, Refused when it has ended, BadInput."""
    require_for(by=by, permission=Permission.RECORD_SCHOOL, child=place.child)
    lock(place.child)
    place = EotasPlace.objects.select_related("child").get(pk=place.pk)
    if place.ended_on is not None:
        raise Refused(_("The end of this is recorded already"))
    refuse(rules.check_period(rules.Period(place.started_on, on)))
    place.ended_on = on
    place.save(update_fields=["ended_on"])
    return place


def safety_of(*, by: Actor, child: Child) -> SafetyToday | None:
    """Who answers for the child's safety today where the child is taught elsewhere or has no school; None where that is no question."""
    enrolment = Enrolment.objects.visible_to(by).filter(child=child).on_roll(by.today).select_related("school__organisation").first()
    answer = answers_for_safety(
        on_roll=enrolment is not None,
        eotas=EotasPlace.objects.visible_to(by).filter(child=child).open_on(by.today).exists(),
        in_care=CareEpisode.objects.filter(child=child, started_on__lte=by.today).exclude(ended_on__lte=by.today).exists(),
        of_school_age=rules.of_compulsory_school_age(child.born_on, by.today),
    )
    if answer is None:
        return None
    return SafetyToday(answer, enrolment.school.name if enrolment else child.authority.name)
