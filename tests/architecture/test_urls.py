"""Closed by default: without signing in, every address asks to sign in, refuses, or is marked public in the code."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.module_loading import import_string
from rest_framework.permissions import AllowAny

CLOSED = (401, 403, 404, 405)  # 405: nothing shown, and the other method is asked too
SAMPLES = {
    "UUIDConverter": str(uuid.UUID(int=7)),
    "IntConverter": "7",
    "SlugConverter": "x",
    "StringConverter": "x",
    "PathConverter": "x/y",
    "LanguageConverter": "cy",
}
# Libraries' views that let anyone ask, and why that is right. Ours carry `login_not_required` or AllowAny.
PUBLIC_IN_LIBRARIES: dict[str, str] = {
    "oauth2_provider.views.base.TokenView": "answers only to a client's secret",
    "oauth2_provider.views.base.RevokeTokenView": "answers only to a client's secret",
}


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every address with its parameters filled in, and its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + _filled(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def _filled(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        route = str(pattern)
        for name, converter in pattern.converters.items():
            kind = type(converter).__name__
            route = re.sub(rf"<(\w+:)?{name}>", SAMPLES.get(kind, "x"), route)
        assert "<" not in route, f"{route}: add a sample for its converter to SAMPLES"
        return route
    if isinstance(pattern, RegexPattern):  # libraries only
        return re.sub(r"\(\?P<\w+>[^()]*\)", "x", str(pattern)).replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
    return str(pattern)  # a language prefix


def is_public(view: Callable[..., Any]) -> bool:
    """Marked so in the code: Django's `login_not_required`, or the API's AllowAny."""
    view_class = getattr(view, "view_class", None)
    if view_class and f"{view_class.__module__}.{view_class.__qualname__}" in PUBLIC_IN_LIBRARIES:
        return True
    if api_class := getattr(view, "cls", None):
        return AllowAny in api_class.permission_classes
    return not all(getattr(holder, "login_required", True) for holder in (view, view_class))


def test_there_are_addresses_to_test() -> None:
    assert len(list(routes())) > 10


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_turned_away_everywhere(method: str) -> None:
    sign_in = resolve_url(settings.LOGIN_URL)
    wrong = []
    for path, view in routes():
        if is_public(view):
            continue
        answer = getattr(Client(raise_request_exception=False), method)(f"/{path}", secure=True)
        to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(sign_in)
        if not to_sign_in and answer.status_code not in CLOSED:
            wrong.append(f"{method.upper()} /{path} answers {answer.status_code}")
    assert not wrong, "Open to strangers; if that is meant, mark the view with @login_not_required:\n" + "\n".join(wrong)


@pytest.mark.parametrize("view", PUBLIC_IN_LIBRARIES)
def test_exemptions_name_views_that_exist(view: str) -> None:
    import_string(view)
