"""Addresses of lists, and the filters over them: links that can be bookmarked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise


def to(route: str, **parameters: object) -> str:
    """The address of a list, narrowed."""
    return reverse(route, query={name: str(value) for name, value in parameters.items()})


def narrowed(request: HttpRequest, **parameters: object) -> str:
    """This list with these parameters changed; None takes one away. Starts again at the first page."""
    query = request.GET.copy()
    for name in ("page", *parameters):
        query.pop(name, None)
    for name, value in parameters.items():
        if value is not None:
            query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def group(request: HttpRequest, title: str | Promise, name: str, choices: list[tuple[str, Any, int | None]]) -> dict[str, Any]:
    """A group of links of components/filters.html: (value, text, count) each; "" is the value of no filter."""
    chosen = request.GET.get(name, "")
    if chosen not in {value for value, _text, _count in choices}:
        chosen = ""
    return {
        "title": title,
        "items": [
            {"text": text, "href": narrowed(request, **{name: value or None}), "active": value == chosen, "count": count}
            for value, text, count in choices
        ],
    }
