"""What an e-mail says: one message, or the lines of a digest. Initials, what and by when; never a name (PRIV-14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from lace.notifications.channels import Letter
from lace.notifications.digest import DIGEST, due_on
from lace.notifications.kinds import write
from lace.notifications.models import Notification

SHOWN = 100  # lines of one digest; whoever has more reads on in Lace


@dataclass(frozen=True, slots=True)
class Line:
    """One reminder in a digest."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Reminders under a heading."""

    title: str
    lines: list[Line]


def letter_of(row: Notification) -> Letter:
    """The e-mail of a notification, in its language. `row` comes with its recipient and child, a digest with its parts and their children."""
    with translation.override(row.language):
        subject, body = _digest(row) if row.kind == DIGEST else _single(row)
    return Letter(row.reference, row.recipient.name, row.recipient.email, row.language, subject, body)


def _single(row: Notification) -> tuple[str, str]:
    text = write(row.kind, row.facts, language=row.language, initials=_initials(row), child=row.child_id)
    return text.subject, render_to_string("emails/message.txt", {"name": row.recipient.name, "text": text})


def _initials(row: Notification) -> str:
    return row.child.initials if row.child else ""


def _digest(row: Notification) -> tuple[str, str]:
    day = date.fromisoformat(row.facts["day_on"])
    # Of several reminders of one duty, the newest says it all.
    newest = {part.source: part for part in sorted(row.parts.all(), key=lambda part: (part.created_at, part.step))}
    parts = sorted(newest.values(), key=lambda part: (due_on(part) or date.max, part.kind, part.pk))
    late = sum(when < day for part in parts if (when := due_on(part)))
    number = len(parts)
    subject = ngettext("Lace: %(number)d reminder", "Lace: %(number)d reminders", number) % {"number": number}
    if late:
        subject += ngettext(", %(late)d late", ", %(late)d late", late) % {"late": late}
    context = {
        "name": row.recipient.name,
        "day": day,
        "groups": _grouped(parts[:SHOWN], day, row.language),
        "more": max(0, number - SHOWN),
        "url": settings.SITE_URL + reverse("work"),
        "choose": settings.SITE_URL + reverse("message_choices"),
    }
    return subject, render_to_string("emails/digest.txt", context)


def _grouped(parts: list[Notification], day: date, language: str) -> list[Group]:
    groups = [Group(pgettext("reminders", "Late"), []), Group(_("Due today"), []), Group(_("Coming"), [])]
    for part in parts:
        when = due_on(part)
        groups[2 if when is None or when > day else 1 if when == day else 0].lines.append(_line(part, when, language))
    return [group for group in groups if group.lines]


def _line(part: Notification, when: date | None, language: str) -> Line:
    text = write(part.kind, part.facts, language=language, initials=_initials(part), child=part.child_id)
    words = f"{text.whom}: {text.subject}" if text.whom else text.subject
    by = date_format(when, "DATE_FORMAT") if when else ""
    return Line(words if not by or by in words else f"{words} ({by})", text.url)
