"""Template tags of every page: `{% load web %}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from lace.web.forms import error_summary
from lace.web.govuk import component

register = template.Library()


@register.simple_tag
def govuk(name: str, **params: Any) -> SafeString:
    """{% govuk "button" text=label %}: one GOV.UK component with the Design System's own parameters."""
    return component(name, **params)


register.simple_tag(error_summary, name="error_summary")


@register.simple_tag(takes_context=True)
def form_token(context: Context) -> SafeString:
    """The one-time token that lets the middleware recognise a form sent twice; nothing where the page has none."""
    token = context.get("form_token")
    return format_html('<input type="hidden" name="form_token" value="{}">', token) if token else SafeString("")


# kind -> (GOV.UK tag colour, shape): colour is never the only sign
KINDS = {
    "overdue": ("red", "!"),
    "missed": ("red", "×"),
    "warning": ("red", "!"),
    "soon": ("yellow", "◔"),
    "late": ("orange", "✓"),
    "due": ("blue", "○"),
    "todo": ("blue", "○"),
    "doing": ("turquoise", "◐"),
    "met": ("green", "✓"),
    "done": ("green", "✓"),
    "waived": ("grey", "–"),
    "none": ("grey", "–"),
    "info": ("purple", "i"),
}
DUTY_STATUS = {
    "overdue": pgettext_lazy("duty", "Overdue"),
    "soon": pgettext_lazy("duty", "Due soon"),
    "due": pgettext_lazy("duty", "To do"),
    "met": pgettext_lazy("duty", "Done on time"),
    "late": pgettext_lazy("duty", "Done late"),
    "missed": pgettext_lazy("duty", "Missed"),
    "waived": pgettext_lazy("duty", "Not needed"),
}


@register.simple_tag
def tag(text: Any, kind: str) -> SafeString:
    """A status as word and shape: {% tag _("Draft") "doing" %}; kinds are those of KINDS."""
    colour, shape = KINDS[kind]
    return format_html('<strong class="govuk-tag govuk-tag--{} app-tag" data-shape="{}">{}</strong>', colour, shape, text)


@register.simple_tag
def duty_tag(status: str) -> SafeString:
    return tag(DUTY_STATUS[status], status)


@register.filter
def cells(row: Sequence[Any], columns: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Cells of a table as dicts, each with its column's name and alignment, and drawn in `html` (as link, status or text)."""
    heads: list[dict[str, Any]] = cells(columns) if columns else [{} for _cell in row]
    known = [cell if isinstance(cell, dict) else {"text": cell} for cell in row]
    return [
        {"label": head.get("text", ""), "numeric": head.get("numeric", False), "href": None, "lang": None, "sorted": None, "html": _drawn(cell)}
        | cell
        for head, cell in zip(heads, known, strict=True)
    ]


def _drawn(cell: dict[str, Any]) -> Any:
    if cell.get("href"):
        return format_html('<a class="govuk-link" href="{}">{}</a>', cell["href"], cell["text"])
    return tag(cell["text"], cell["tag"]) if cell.get("tag") else cell["text"]


@register.filter
def page_numbers(page: Page[Any]) -> list[int | None]:
    """The numbers of a pagination, None where some are left out: 1 … 4 5 6 … 20."""
    return [number if isinstance(number, int) else None for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)]
