"""A person's duties in their own calendar, under a secret address: how many are due on a day, and nothing else (REV-18).

No child, no school, no initials: a calendar is read by phones, by whoever shares it, and by the firm that keeps it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, Facet, Reach, Role
from lace.accounts.acting import actor_for
from lace.accounts.models import Membership, User
from lace.accounts.signing_in import client_ip
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from lace.notifications.feeds import Found, find_feed
from lace.notifications.rules import digest_of
from lace.web.limits import is_worn_out, too_often
from lace.web.middleware import serving

BEHIND, AHEAD = timedelta(days=92), timedelta(days=366)  # what a calendar shows: a term back, a year on
# Readings of one address, and addresses that do not work from one place, in an hour. Calendars ask every few minutes at most.
READINGS, MISSES = 60, 30


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of the person whose address this is. One that was revoked or never was, or of somebody suspended: not found, all alike."""
    place = f"feed-misses:{client_ip(request)}"
    if is_worn_out(place, MISSES) or too_often(f"feed:{digest_of(secret)}", READINGS):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    found = find_feed(secret)
    memberships = _memberships(found.person) if found else []
    if found is None or not memberships:
        too_often(place, MISSES)
        raise Http404
    due: dict[UUID, date] = {}
    for membership in memberships:
        due |= _read(answering(actor_for(membership, today=timezone.localdate())))
    with translation.override(found.person.language):
        text = calendar(found, Counter(due.values()))
    etag = quote_etag(digest_of(text.decode())[:32])
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8", headers={"ETag": etag, "Cache-Control": "private, no-cache"})
    answer = get_conditional_response(request, etag=etag, response=response)
    assert answer is not None
    return answer


def _memberships(person: User) -> list[Membership]:
    return list(Membership.objects.open_on(timezone.localdate()).filter(user=person).select_related("authority", "organisation").order_by("pk"))


def answering(actor: Actor) -> Actor:
    """The person in those relations alone through which the role answers for duties, as the sweep finds them: not as a host, nor as
    somebody who broke the glass."""
    role = Role(actor.role)
    own = frozenset({str(NAMED_RELATION[role])}) if role in NAMED_RELATION else frozenset[str]()
    shared = frozenset({str(GROUP_RELATION[role][0])}) if REACH[role] == Reach.ORGANISATION else frozenset[str]()
    return replace(actor, own_relations=own, relations=shared)


def _read(actor: Actor) -> dict[UUID, date]:
    """Open duties that the role answers for, with the day on which each is due; recorded as read."""
    with serving(actor):
        reached: Any = Duty.objects.visible_to(actor)
        duties = reached.open().filter(role=actor.role, due_on__range=(actor.today - BEHIND, actor.today + AHEAD))
        if actor.authorities:
            duties = duties.filter(authority_id__in=actor.authorities)
        found = dict(duties.values_list("pk", "due_on"))
        record_read(by=actor, children=[], facets=[Facet.EDUCATION], door="feed", act=Read.Act.EXPORT)
    return found


def calendar(found: Found, days: Counter[date]) -> bytes:
    """RFC 5545, in the language in use: an all-day event for each day with duties due. Equal days give an equal text, for the ETag."""
    made = Calendar()
    made.add("prodid", "-//Lace//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", "Lace")
    made.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    for day, number in sorted(days.items()):
        event = Event()
        event.add("uid", f"{day:%Y%m%d}-{found.feed}@{urlsplit(settings.SITE_URL).hostname}")
        event.add("dtstamp", datetime.combine(timezone.localdate(), time(), tzinfo=UTC))
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", ngettext("Lace: %(number)d duty due", "Lace: %(number)d duties due", number) % {"number": number})
        event.add("description", _("Sign in to Lace to see what is due."))
        event.add("url", settings.SITE_URL + reverse("work"))
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        made.add_component(event)
    return bytes(made.to_ical())


feed_urls: list[URLPattern | URLResolver] = [path("calendar/<str:secret>.ics", feed, name="feed")]
