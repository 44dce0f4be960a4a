"""What every page knows: who acts, under which role, and where they may go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lace.accounts.access import REACH, Permission, Reach, Role, may
from lace.core.actor import Actor


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: actor, membership, memberships and the navigation that the actor may use."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "actor": actor,
        "membership": getattr(request, "membership", None),
        "memberships": getattr(request, "memberships", []),
        "navigation": _navigation(actor, request.path) if actor else [],
        "demo": settings.DEMO,
    }


SCHOOL_PAGES = (Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR, Role.LINK_GOVERNOR)


def _navigation(actor: Actor, path: str) -> list[dict[str, Any]]:
    role = Role(actor.role)
    if role == Role.CHILD:
        return _linked(_own_places(), path)
    places: list[tuple[str, str, bool]] = [
        (_("Your work"), "work", True),
        (_("Children"), "children", REACH[role] != Reach.NONE),
        (_("Schools"), "schools", role in SCHOOL_PAGES),
        (pgettext("place", "Dashboard"), "dashboard", may(actor, Permission.SEE_DASHBOARD)),
        (_("Quality of plans"), "quality", may(actor, Permission.REVIEW_PEP)),
        (_("Between authorities"), "handovers", may(actor, Permission.TAKE_OVER)),
        (_("Figures"), "figures", may(actor, Permission.READ_FIGURES)),
        (_("Reports"), "reports", may(actor, Permission.READ_REPORT)),
        (_("Administration"), "administration", may(actor, Permission.ADMINISTER)),
        (pgettext("place", "Audit"), "audit", may(actor, Permission.READ_AUDIT)),
    ]
    return _linked([(text, name) for text, name, shown in places if shown], path)


def _own_places() -> list[tuple[str, str]]:
    """The child's menu: none of the adults' matters."""
    return [
        (pgettext("to a child", "My page"), "own"),
        (pgettext("to a child", "What I said"), "own_said"),
        (pgettext("to a child", "Who can see my information?"), "own_who"),
    ]


def _linked(places: list[tuple[str, str]], path: str) -> list[dict[str, Any]]:
    links = [(text, reverse(name)) for text, name in places]
    homes = {"/", reverse("own")}
    return [{"text": text, "href": href, "active": path == href or (href not in homes and path.startswith(href))} for text, href in links]
