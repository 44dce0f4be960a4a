"""Break-glass: a record opened without a relation to the child, with a reason, for two days; the authority is told and looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation, Role, require
from lace.accounts.models import LocalAuthority, Membership, User
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children import upn
from lace.children.models import Child, ChildUserGrant, EmergencyAccess, relation_code
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Message, NotAllowed, Refused, refuse
from lace.notifications.services import notify

DOOR = "emergency_open"
ATTEMPTS = 5  # a day and person that found no record; a guesser stops here
LEAST_REASON = 20  # letters


@dataclass(frozen=True, slots=True)
class Sought:
    """The child as the asker knows them: the pupil number, or both names and the date of birth. Nothing less opens a record."""

    upn: str = ""
    given_name: str = ""
    family_name: str = ""
    born_on: date | None = None


class NothingOpened(Refused):
    """No record was opened. The same whether there is no such child or more than one: it tells nothing."""


@transaction.atomic
def open_in_emergency(*, by: Actor, sought: Sought, reason: str) -> EmergencyAccess:
    """Open the child's record to the actor until the end of tomorrow, and tell the LACE coordinators and the actor's administrators.

    Raises NotAllowed; BadInput; Refused after five attempts in a day that found nothing; NothingOpened, which the door puts on record
    with `record_attempt` after the rollback.
    """
    require(by, Permission.BREAK_GLASS)
    if by.user_id is None or by.authority_id is None:
        raise NotAllowed
    refuse(_problems(sought, reason))
    if _attempts(by) >= ATTEMPTS:
        raise Refused(_("You have tried too often today. Phone the authority that is responsible for the child"))
    with connection.cursor() as cursor:
        number = str(upn.parse(sought.upn)) if sought.upn else ""
        cursor.execute("SELECT lace_break_glass(%s, %s, %s, %s)", [number, sought.given_name.strip(), sought.family_name.strip(), sought.born_on])
        found = cursor.fetchone()[0]
    if found is None:
        raise NothingOpened(_("No record was opened. Check what you typed: it must be exactly as on the child's papers"))
    child = Child.objects.select_related("authority").get(pk=found)
    relation = ChildUserGrant.objects.get(content_object=child, user=by.user_id, permission=relation_code(Relation.EMERGENCY), ends_on__gt=by.today)
    access = EmergencyAccess(
        child=child,
        authority_id=child.authority_id,
        user_id=by.user_id,
        role=by.role,
        from_authority_id=by.authority_id,
        reason=reason.strip(),
        starts_on=by.today,
        ends_on=relation.ends_on or by.today,
    )
    access.save(force_insert=True)
    record_read(by=by, children=[child.pk], facets=[], door=DOOR)
    coordinators, administrators = _holders(by, child.authority_id, Role.LACE_COORDINATOR), _holders(by, by.authority_id, Role.ADMINISTRATOR)
    notify(by=by, kind="emergency_opened", source=access.pk, child=child, recipients=coordinators, facts={})
    own = LocalAuthority.objects.get(pk=by.authority_id)
    notify(by=by, kind="emergency_opened_by_ours", source=access.pk, child=None, authority=own, recipients=administrators, facts={})
    return access


def _holders(by: Actor, authority_id: int, role: Role) -> QuerySet[User]:
    return User.objects.filter(pk__in=Membership.objects.open_on(by.today).filter(authority=authority_id, role=role).values("user"))


def _problems(sought: Sought, reason: str) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    if len(reason.strip()) < LEAST_REASON:
        problems.append(("reason", _("Say in a sentence what has happened and why the record must be opened now")))
    names = bool(sought.given_name.strip()), bool(sought.family_name.strip()), sought.born_on is not None
    if sought.upn:
        try:
            upn.parse(sought.upn)
        except upn.InvalidUpn as error:
            problems.append(("upn", error.message))
    elif not all(names):
        problems.append(("", _("Enter the unique pupil number, or the given name, the family name and the date of birth")))
    return problems


def _attempts(by: Actor) -> int:
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    assert by.user_id is not None  # asked before
    return Read.objects.filter(user_id=by.user_id, door=DOOR, act=Read.Act.REFUSED, at__gte=since).count()


@transaction.atomic
def record_attempt(*, by: Actor) -> None:
    """Put on record that the actor tried to open a record and none was opened."""
    record_read(by=by, children=[], facets=[], door=DOOR, act=Read.Act.REFUSED)


@transaction.atomic
def review_emergency(*, by: Actor, access: EmergencyAccess, finding: str) -> EmergencyAccess:
    """The responsible authority's LACE coordinator looked at an opening and says what was found; an open one ends now.

    Raises NotAllowed, also for one's own; BadInput without a finding; Refused when it was looked at before.
    """
    require_for(by=by, permission=Permission.SEE_WHO_LOOKED, child=access.child)
    access = EmergencyAccess.objects.select_for_update(of=("self",)).select_related("child").get(pk=access.pk)
    if access.user_id == by.user_id:
        raise NotAllowed
    if access.reviewed_on is not None:
        raise Refused(_("Somebody has looked at this already"))
    if not finding.strip():
        raise BadInput({"finding": [_("Say what you found: was the record opened for a good reason?")]})
    ChildUserGrant.objects.filter(
        content_object=access.child_id, user=access.user_id, permission=relation_code(Relation.EMERGENCY), ends_on__gt=by.today
    ).update(ends_on=by.today)
    access.reviewed_by_id, access.reviewed_on, access.finding = by.user_id, by.today, finding.strip()
    access.ends_on = min(access.ends_on, by.today)
    access.save(update_fields=["reviewed_by", "reviewed_on", "finding", "ends_on"])
    return access
