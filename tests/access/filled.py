"""Fills in a form as somebody would who may use it: from the page alone, field by field, until it is accepted.

So that what a refused person posts is what would have been done, had it not been refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from lxml import html

from lace.accounts.access import Role
from lace.children.rules import academic_year
from tests.access import office
from tests.access.cast import Cast
from tests.schools.test_api import entry

# Days that a form may want, from today: it happened, it is to come, it is of some time ago.
DAYS = (0, 14, -1, 60, 400, -4000)


def bodies(page: bytes, path: str, shows: str) -> Iterator[dict[str, Any]]:
    """Ways to fill in the form that posts to this path, the likelier first; nothing when there is none on the page, which `shows` names."""
    forms = html.fromstring(page.decode()).forms
    form = next((form for form in forms if form.method == "POST" and (form.action or shows).partition("?")[0] == path), None)
    if form is None:
        return
    ways = itertools.product(DAYS, (False, True), (0, -1, 1), (True, False))
    tried: list[dict[str, Any]] = []
    for days, ticked, choice, typed in sorted(ways, key=lambda way: (way[2], not way[3])):
        body = _filled(form, timezone.localdate() + timedelta(days=days), ticked=ticked, choice=choice, typed=typed)
        if body not in tried:  # not every form has all of these
            tried.append(body)
            yield body


def _filled(form: Any, day: date, *, ticked: bool, choice: int, typed: bool) -> dict[str, Any]:
    """Every date this day, of every choice this one, every box ticked or not; what is there already is typed over, or left."""
    body: dict[str, Any] = {}
    later = 0  # of several dates, each the day after the one before: an end follows its start
    for field in form.xpath(".//input[@name] | .//select[@name] | .//textarea[@name]"):
        name, kind = field.get("name"), field.get("type", field.tag)
        offered = [option.get("value", "") for option in field.xpath(".//option")] if kind == "select" else []
        if kind == "hidden":
            body[name] = field.get("value", "")
        elif name.endswith("_day"):
            at = day + timedelta(days=later)
            body |= dated(name[:-4], at)
            later += 1
        elif name in body:
            continue
        elif kind in {"radio", "checkbox"}:
            values = [other.get("value", "on") for other in form.xpath(f".//input[@name='{name}']")]
            if kind == "radio":
                body[name] = values[choice % len(values)]
            elif ticked:
                body[name] = values
        elif kind == "select":
            body[name] = ([value for value in offered if value] or [""])[choice if choice < 1 else 0]
        elif kind == "file":
            continue
        else:
            there = field.get("value") or field.text or ""
            body[name] = _text(name, kind, there) if typed else there
    return body


def _text(name: str, kind: str, there: str) -> str:
    if kind == "email":
        return "somebody.new@lace.example"
    return "14:30" if name == "time" else str(int(there) + 1) if there.isdigit() else "Ysgrifennwyd / Written"


def known(made: Cast) -> dict[str, dict[str, Any]]:
    """What a page alone does not tell, and those know who may: by the address's name, what goes over the fields of its form."""
    year = academic_year(timezone.localdate())
    (term,) = office.terms(year + 1)
    dates = {name: getattr(term, name) for name in ("starts_on", "break_from", "break_to", "ends_on")}
    lessons = {"starts_at": "8:50", "break_from": "12:00", "break_to": "13:00", "ends_at": "15:10"}
    return {
        "calendar_term": {"year": str(year + 1), "term": "autumn"}
        | {key: value for name, day in dates.items() for key, value in dated(name, day).items()},
        "child_plan_target_add": {"cost": "", "funding": ""},
        "child_attainment_correct": {"volume": "1.5"},
        "child_plan_catch_up_add": {"sessions": "6"},
        "child_plan_meeting_add": dated("day", timezone.localdate() + timedelta(days=3)),
        "access_review_of": {"decision": "confirmed"},
        "calendar_closed_add": dated("day", date(year, 11, 17)) | {"kind": "inset"},
        "calendar_lessons": {f"{part}_{day}": time for part, time in lessons.items() for day in range(5)},
        "calendar_file": {"content": f"What,From,To\nINSET day,17/11/{year},17/11/{year}\n"},
        "deadline": {"length": "5", "approved_by": "Panel", **{f"days_{step}": days for step, days in enumerate(("-3", "0", "1", "2", "", ""))}},
        "away_others": {"person": made.sets["responsible"].user(Role.IRO).email, "stand_in": ""},
        "child_share_with": {"email": made.sets["colleague"].user(Role.ADVOCATE).email},
        "emergency_open": {"upn": made.child.upn, "given_name": "", "family_name": "", "born_on_day": "", "born_on_month": "", "born_on_year": ""},
    }


def dated(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def messages(made: Cast) -> dict[str, Any]:
    """What case systems send, by the address's name."""
    today, own, others = timezone.localdate().isoformat(), made.sets["responsible"], made.sets["colleague"]
    return {
        "api_entries": entry(own),
        "api_placements": {"kind": "foster", "started_on": today, "outside_wales": "Bristol"},
        "api_social_worker": {"social_worker": others.user(Role.SOCIAL_WORKER).email, "started_on": today},
        "api_end_of_care": {"ended_on": today, "reason": "returned_home"},
        "api_address": {"address_is_sensitive": True},
        "api_eotas": {"provider": "Canolfan Dysgu", "kind": "pru", "started_on": today},
        "api_eotas_end": {"ended_on": today},
        "api_reviews": {"scheduled_for": f"{today}T14:00:00+00:00", "venue": "School", "outside_lessons": True},
    }
