"""Who works with Lace in an authority, for its administrator: read only, and of that authority only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, require
from lace.accounts.models import AccessReview, LocalAuthority, Membership, MembershipQuerySet, User
from lace.accounts.rules import ROLE_CHOSEN, SIGNED_IN
from lace.core.actor import Actor


def roles_of(actor: Actor) -> MembershipQuerySet:
    """Every role of the administrator's authority and its bodies, open, coming or ended: where each of their pages starts. Raises NotAllowed."""
    require(actor, Permission.ADMINISTER)
    return Membership.objects.filter(authority_id=actor.authority_id or 0)


def find_person(actor: Actor, pk: int) -> User:
    """A person who holds or held a role in the administrator's authority. Raises User.DoesNotExist for anybody else."""
    return User.objects.get(pk__in=roles_of(actor).filter(user=pk).values("user"))


def authority_of(actor: Actor) -> LocalAuthority:
    """The authority that the actor acts in."""
    return LocalAuthority.objects.get(pk=actor.authority_id or 0)


def never_used(memberships: MembershipQuerySet) -> MembershipQuerySet:
    """Those of these roles under which nobody ever signed in or worked."""
    trail = Membership.pgh_event_model.objects.filter(pgh_label__in=(SIGNED_IN, ROLE_CHOSEN))  # type: ignore[attr-defined]  # made by pghistory
    return memberships.exclude(pk__in=trail.filter(id__in=memberships.values("pk")).values("id"))


def last_used(memberships: list[int]) -> dict[int, datetime]:
    """When each of these roles was last signed in under or changed to; one that never was is not there."""
    trail = Membership.pgh_event_model.objects  # type: ignore[attr-defined]  # made by pghistory
    used = trail.filter(id__in=memberships, pgh_label__in=(SIGNED_IN, ROLE_CHOSEN)).values_list("id").annotate(last=Max("pgh_created_at"))
    return dict(used.order_by())


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that lives. What was done in it, and from which address, is not the administrator's business here."""

    id: int
    browser: str
    since: datetime
    last_seen: datetime


def sessions_of(user: User) -> list[SignedIn]:
    """Where a person is signed in now, the latest first."""
    known = {session.session_key: session for session in UserSession.objects.filter(user_id=user.pk)}
    alive = Session.objects.filter(session_key__in=known, expire_date__gt=timezone.now()).values_list("session_key", "expire_date")
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)  # each request puts the end of the session that far away
    found = [
        SignedIn(id=known[key].pk, browser=browser(known[key].user_agent), since=known[key].created_at, last_seen=expires - idle)
        for key, expires in alive
    ]
    return sorted(found, key=lambda session: session.last_seen, reverse=True)


# In this order: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser(user_agent: str) -> str:
    """The browser and the kind of device that a User-Agent header names, without the versions that would mark out one machine."""
    name = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    if name and system:
        return _("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system or _("Unknown browser")


def reviews_of(actor: Actor) -> QuerySet[AccessReview]:
    """The access reviews of the administrator's authority. Raises NotAllowed."""
    require(actor, Permission.ADMINISTER)
    return AccessReview.objects.filter(authority_id=actor.authority_id or 0)
