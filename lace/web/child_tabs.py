"""A child's pages: whose record it is, and the tabs that this reader may open. The apps above fill the pages; only their names are known here."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role
from lace.children.rules import age, year_group
from lace.web.pages import ChildPage

# Route, words, and the facets of which one must be held.
TABS: tuple[tuple[str, Promise, frozenset[Facet]], ...] = (
    ("child", pgettext_lazy("tab", "Overview"), frozenset({Facet.CALLED})),
    ("child_plan", pgettext_lazy("tab", "Plan"), frozenset({Facet.EDUCATION})),
    ("child_targets", pgettext_lazy("tab", "Targets"), frozenset({Facet.TARGETS})),
    ("child_meetings", pgettext_lazy("tab", "Meetings"), frozenset({Facet.EDUCATION})),
    ("child_duties", pgettext_lazy("tab", "Duties"), frozenset({Facet.EDUCATION})),
    ("child_school", pgettext_lazy("tab", "School"), frozenset({Facet.EDUCATION, Facet.ATTENDANCE})),
    ("child_measures", pgettext_lazy("tab", "Attainment and well-being"), frozenset({Facet.EDUCATION, Facet.WELLBEING})),
    ("child_people", pgettext_lazy("tab", "People"), frozenset({Facet.CONTACTS})),
    ("child_said", pgettext_lazy("tab", "Own words"), frozenset({Facet.VOICE})),
    ("child_no_contact", pgettext_lazy("tab", "Keep away"), frozenset({Facet.NO_CONTACT})),
    ("child_safety", pgettext_lazy("tab", "Safety"), frozenset({Facet.SAFEGUARDING, Facet.REFERRALS})),
    ("child_disputes", pgettext_lazy("tab", "Disagreements"), frozenset({Facet.DISPUTES})),
    ("child_timeline", pgettext_lazy("tab", "Timeline"), frozenset({Facet.EDUCATION, Facet.CARE})),
    ("child_access", pgettext_lazy("tab", "Who can see"), frozenset({Facet.IDENTITY})),
)


def child_frame(page: ChildPage, active: str) -> dict[str, Any]:
    """Context of web/child_page.html for a page about a child: child (Seen), facts and notes of the identity bar, tabs.

    `active` is the route of the tab that is open, or under which the page lies.
    """
    child, today = page.seen, page.actor.today
    facts: list[tuple[Promise, object]] = []
    if page.seen.holds(Facet.IDENTITY):
        year = year_group(page.child.born_on, today)
        facts = [
            (_("Date of birth"), child.born_on),
            (_("Age"), age(page.child.born_on, today)),
            (_("School year"), year.label if year is not None else _("none")),
            (_("Responsible authority"), page.child.authority.name),
        ]
    notes = []
    if page.child.address_is_sensitive:
        notes.append({"text": gettext("Do not tell anyone where the child lives"), "tag": "warning"})
    looks = []
    if Permission.SEE_WHO_LOOKED in page.grant.permissions:
        href = reverse("child_looks", kwargs={"child": page.child.pk})
        looks = [{"text": pgettext("tab", "Who looked"), "href": href, "active": active == "child_looks"}]
    return {
        "child": child,
        "facts": [{"key": key, "value": value} for key, value in facts],
        "notes": notes,
        "tabs": [
            {"text": text, "href": reverse(route, kwargs={"child": page.child.pk}), "active": route == active}
            for route, text, facets in TABS
            if facets & page.grant.facets
            and page.actor.role != Role.CHILD  # the child has pages of their own
            and (route != "child_targets" or Facet.EDUCATION not in page.grant.facets)  # who reads the plan finds the targets there
        ]
        + looks,
    }
