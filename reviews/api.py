"""The REST door of reviews: read them, arrange the next (SW-16, REV-01)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from lace.accounts.access import Facet, Grant
from lace.api.fields import Flag, Id, Input, Moment, Text
from lace.api.idempotency import once
from lace.api.pagination import page
from lace.api.schema import described, many, pages, shape
from lace.api.views import Door
from lace.audit.services import record_read
from lace.children.seen import Seen, seen
from lace.core.errors import NotAllowed
from reviews.models import Decision, Review
from reviews.services import schedule


class ReviewsQuery(Input):
    cursor = Id(required=False)


class ReviewInput(Input):
    scheduled_for = Moment()
    venue = Text(max_length=200, required=False, allow_blank=True)
    outside_lessons = Flag(required=False)
    lesson_reason = Text(max_length=300, required=False, allow_blank=True, help_text=_("Why in lesson time, and in which private room"))


_REVIEW = shape(
    id="id",
    number="number",
    state="text",
    scheduled_for="moment",
    venue="text?",
    outside_lessons="flag",
    lesson_reason="text?",
    held_on="day?",
    participation="text?",
    summary="text?",
    version="number",
    decisions=many(shape(text="text", owner="text", due_on="day?")),
)


class Reviews(Door):
    """A child's reviews."""

    @described(_("The child's reviews with their decisions, by date"), pages(_REVIEW), query=ReviewsQuery)
    def get(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        if Facet.EDUCATION not in grant.facets:
            raise NotAllowed
        asked = self.query(request, ReviewsQuery)
        decisions = Prefetch("decisions", Decision.objects.visible_to(self.by).order_by("position"))
        rows = Review.objects.visible_to(self.by).filter(child=found).prefetch_related(decisions)
        following, reviews = page(rows, request, order="scheduled_for", cursor=asked.get("cursor"))
        record_read(by=self.by, children=[found.pk], facets=grant.facets & {Facet.EDUCATION, Facet.CARE, Facet.VOICE}, door="api_reviews")
        return Response({"next": following, "results": [_said(review, grant) for review in reviews]})

    @described(_("Arrange the child's next review; those entitled are invited"), _REVIEW, request=ReviewInput)
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        values = {"venue": "", **self.read(request, ReviewInput)}
        review = schedule(by=self.by, child=found, **values)
        return Response(_said(review, grant), status=201)


def _said(review: Review, grant: Grant) -> dict[str, Any]:
    shown = Seen(review, grant)
    names = ("id", "number", "state", "scheduled_for", "venue", "outside_lessons", "lesson_reason", "held_on", "participation", "summary", "version")
    values = {name: getattr(shown, name) for name in names}
    decisions = [{"text": decision.text, "owner": decision.owner, "due_on": decision.due_on} for decision in seen(review.decisions.all(), grant)]
    return {name: None if value == "" else value for name, value in values.items()} | {"decisions": decisions}


api_urls: list[URLPattern] = [
    path("children/<uuid:child>/reviews/", Reviews.as_view(), name="api_reviews"),
]
