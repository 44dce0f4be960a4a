"""A page for links to open, so that the outbox is tested without the doors above it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(_request: HttpRequest, child: str = "") -> HttpResponse:
    return HttpResponse(child)


urlpatterns = [
    path("children/<uuid:child>/duties/", page, name="child_duties"),
    path("", page, name="work"),
    path("messages/choices/", page, name="message_choices"),
]
