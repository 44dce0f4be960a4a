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


def _navigation(actor: Actor, path: str) -> list[dict[str, Any]]:
    role = Role(actor.role)
    places: list[tuple[str, str, bool]] = [
        (_("Your work"), "work", True),
        (_("Children"), "children", REACH[role] != Reach.NONE),
        (_("Schools"), "schools", role in {Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR}),
        (pgettext("place", "Dashboard"), "dashboard", may(actor, Permission.SEE_DASHBOARD)),
        (_("Reports"), "reports", may(actor, Permission.READ_REPORT)),
    ]
    links = [(text, reverse(name)) for text, name, shown in places if shown]
    return [{"text": text, "href": href, "active": path == href or (href != "/" and path.startswith(href))} for text, href in links]
