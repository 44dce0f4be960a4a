"""The REST door of reviews: read them, arrange the next (SW-16, REV-01)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lace.accounts.access import Facet, Grant
from lace.api.fields import Choice, Flag, Id, Input, Many, Moment, Text
from lace.api.idempotency import once
from lace.api.pagination import page
from lace.api.schema import described, many, pages, shape
from lace.api.views import Door
from lace.audit.services import record_read
from lace.children.seen import Seen, seen
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, refuse
from reviews.models import Decision, Invitation, Review
from reviews.rules import Capacity
from reviews.services import Candidate, Invitee, candidates, schedule


class ReviewsQuery(Input):
    cursor = Id(required=False)


class InviteeInput(Input):
    email = Text(max_length=254, required=False, help_text=_("Of somebody around the child, or of the child's school"))
    name = Text(max_length=200, required=False, help_text=_("Of anybody else; not a carer's"))
    capacity = Choice(choices=Capacity.choices, required=False, help_text=_("As what somebody without an account is invited"))
    reason = Text(max_length=300, required=False, help_text=_("Why this member of school staff has to be there"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("email")) == bool(attrs.get("name")):
            raise ValidationError(_("Give either the e-mail address of somebody around the child, or a name"))
        if attrs.get("name") and not attrs.get("capacity"):
            raise ValidationError({"capacity": _("Say as what this person is invited")})
        return attrs


class ReviewInput(Input):
    scheduled_for = Moment()
    venue = Text(max_length=200, required=False, allow_blank=True)
    outside_lessons = Flag(required=False)
    lesson_reason = Text(max_length=300, required=False, allow_blank=True, help_text=_("Why in lesson time"))
    private_room = Text(max_length=200, required=False, allow_blank=True, help_text=_("Needed in lesson time"))
    invitees = Many(child=InviteeInput(), required=False, max_length=50, help_text=_("Left out: those expected at every review, and no school staff"))
    large_is_needed = Flag(required=False, help_text=_("Everybody invited to a large meeting has to be there"))


_REVIEW = shape(
    id="id",
    number="number",
    state="text",
    scheduled_for="moment",
    venue="text?",
    outside_lessons="flag",
    lesson_reason="text?",
    private_room="text?",
    held_on="day?",
    participation="text?",
    summary="text?",
    version="number",
    decisions=many(shape(text="text", owner="text", due_on="day?")),
    invitations=many(shape(capacity="text", name="text?", reason="text?", attendance="text?")),
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
        rows = Review.objects.visible_to(self.by).filter(child=found).select_related("child").prefetch_related(decisions, _invitations(self.by))
        following, reviews = page(rows, request, order="scheduled_for", cursor=asked.get("cursor"))
        record_read(
            by=self.by, children=[found.pk], facets=grant.facets & {Facet.EDUCATION, Facet.CARE, Facet.VOICE, Facet.CONTACTS}, door="api_reviews"
        )
        return Response({"next": following, "results": [_said(review, grant) for review in reviews]})

    @described(_("Arrange the child's next review; those entitled are invited"), _REVIEW, request=ReviewInput)
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        values = {"venue": "", **self.read(request, ReviewInput)}
        if "invitees" in values:
            values["invitees"] = _invitees(values["invitees"], candidates(by=self.by, child=found))
        review = schedule(by=self.by, child=found, **values)
        prefetch_related_objects([review], _invitations(self.by))
        return Response(_said(review, grant), status=201)


def _invitees(given: list[dict[str, Any]], people: list[Candidate]) -> list[Invitee]:
    """Raises BadInput for an address of nobody around the child."""
    known = {person.user.email: person for person in people}
    found: list[Invitee] = []
    problems: list[tuple[str, Message]] = []
    for number, invitee in enumerate(given):
        person = known.get(invitee.get("email", "").lower())
        if invitee.get("email") and person is None:
            problems.append((f"invitees.{number}.email", gettext("Nobody around the child, nor at the child's school, has this address")))
        capacity = person.capacity if person else invitee.get("capacity", "")
        found.append(Invitee(capacity, person.user if person else None, invitee.get("name", ""), invitee.get("reason", "")))
    refuse(problems)
    return found


def _invitations(by: Actor) -> Prefetch[Any]:
    rows: Any = Invitation.objects.visible_to(by)
    return Prefetch("invitations", rows.standing().select_related("child", "user").order_by("created_at", "pk"))


def _invitation(row: Seen) -> dict[str, Any]:
    name = row.name or (row.user.name if row.capacity == Capacity.CARER and row.user else None)
    return {"capacity": row.capacity, "name": name, "reason": row.reason or None, "attendance": row.attendance or None}


def _said(review: Review, grant: Grant) -> dict[str, Any]:
    shown = Seen(review, grant)
    names = (
        "id",
        "number",
        "state",
        "scheduled_for",
        "venue",
        "outside_lessons",
        "lesson_reason",
        "private_room",
        "held_on",
        "participation",
        "summary",
        "version",
    )
    values = {name: getattr(shown, name) for name in names}
    decisions = [{"text": decision.text, "owner": decision.owner, "due_on": decision.due_on} for decision in seen(review.decisions.all(), grant)]
    invitations = [_invitation(row) for row in seen(review.invitations.all(), grant)]
    return {name: None if value == "" else value for name, value in values.items()} | {"decisions": decisions, "invitations": invitations}


api_urls: list[URLPattern] = [
    path("children/<uuid:child>/reviews/", Reviews.as_view(), name="api_reviews"),
]
