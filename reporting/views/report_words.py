"""What governors asked about a report and the school replied, as the report's page shows it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, may
from lace.accounts.models import Language
from lace.core.actor import Actor
from reporting.models import ReportChallenge, TermlyReport


def laid_out(actor: Actor, report: TermlyReport) -> list[dict[str, Any]]:
    """What was asked about a report and answered, the newest first."""
    rows = ReportChallenge.objects.visible_to(actor).filter(report=report).select_related("raised_by", "replied_by")
    return [_card(actor, row) for row in rows.order_by("-raised_on", "-created_at")]


def _card(actor: Actor, row: ReportChallenge) -> dict[str, Any]:
    by = row.replied_by.name if row.replied_by else ""
    return {
        "text": row.text,
        "lang": lang_of(row.language),
        "by": row.raised_by.name,
        "on": row.raised_on,
        "due": "" if row.reply else _("A reply is due by %(day)s.") % {"day": formats.date_format(row.reply_due_on, "DATE_FORMAT")},
        "reply": {"text": row.reply, "lang": lang_of(row.reply_language), "by": by, "on": row.replied_on} if row.reply else None,
        "reply_url": reverse("report_challenge_reply", args=[row.report_id, row.pk]) if _may_reply(actor, row) else "",
    }


def _may_reply(actor: Actor, row: ReportChallenge) -> bool:
    return not row.reply and may(actor, Permission.PREPARE_REPORT)


def lang_of(language: str) -> str:
    return "cy" if language == Language.WELSH else "en"
