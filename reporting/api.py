"""The REST door of reading: children, and every duty in its own words (SW-03, SW-16). Each read is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from lace.accounts.access import Facet, Grant, Held, Relation, Role, grant_of
from lace.accounts.models import User
from lace.api.duties import DUTY, explained
from lace.api.etags import etag, is_known, version_of
from lace.api.fields import Choice, Holder, Id, Input, Moment, Text
from lace.api.pagination import page
from lace.api.schema import described, many, pages, shape
from lace.api.views import Door
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Placement, PlacementAddress, relation_code
from lace.children.people import people_around
from lace.children.seen import Seen, seen
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.deadlines.models import Duty
from schools.models import Enrolment, EotasPlace, TermRecord
from schools.services.eotas import safety_of


class ChildrenQuery(Input):
    reference = Text(max_length=40, required=False, help_text=_("The child with this social care reference"))
    changed_since = Moment(
        required=False,
        help_text=_("Children about whom something was recorded from this moment on. Ask with the time of the last answer less one minute"),
    )
    lives = Choice(choices=["in", "out"], required=False, help_text=_("Where the child lives now: in your authority, or elsewhere"))
    cursor = Id(required=False)


class DutiesQuery(Input):
    state = Choice(choices=["open", "overdue", "closed"], required=False)
    cursor = Id(required=False)


class CaseloadQuery(DutiesQuery):
    worker = Holder(Role.SOCIAL_WORKER, required=False, help_text=_("Duties of the children of this social worker today, by e-mail address"))


# The list's columns, in its order. Address and carer are not among them, whatever the reader holds (goals A1).
LISTED = ("id", "reference", "given_names", "family_name", "preferred_name", "born_on", "sex", "upn", "first_language", "additional_needs")


def _present(column: str, of: str) -> RawSQL:
    """A column of the child's open row. As SQL: building four subqueries anew for each request took longer than running them (goals P3a)."""
    return RawSQL(f"(SELECT {column} FROM {of} WHERE here.child_id = children_child.id AND here.ended_on IS NULL LIMIT 1)", ())  # noqa: S608, S611


_IN_CARE = {
    "care_started_on": _present("here.started_on", "children_careepisode here"),
    "host_authority": _present("gss", "children_placement here JOIN accounts_localauthority authority ON authority.id = here.host_authority_id"),
    "outside_wales": _present("here.outside_wales", "children_placement here"),
}
_AT_SCHOOL = {"school": _present("number", "schools_enrolment here JOIN schools_school school ON school.organisation_id = here.school_id")}


_LISTED_CHILD = shape(
    id="id",
    reference="text",
    given_names="text",
    family_name="text",
    preferred_name="text?",
    born_on="day",
    sex="text",
    upn="text?",
    first_language="text?",
    additional_needs="flag",
    care_started_on="day?",
    host_authority="text?",
    outside_wales="text?",
    school="text?",
)
_CHILD = shape(
    id="id",
    reference="text?",
    given_names="text?",
    family_name="text?",
    preferred_name="text?",
    born_on="day?",
    sex="text?",
    ethnicity="text?",
    upn="text?",
    first_language="text?",
    disabled="flag?",
    additional_needs="flag?",
    free_school_meals="flag?",
    address_is_sensitive="flag?",
    responsible_authority="text",
    care_episodes=many(shape(id="id", started_on="day", entry_type="text", reason="text", legal_status="text", ended_on="day?", end_reason="text?")),
    placements=many(
        shape(
            id="id",
            kind="text",
            started_on="day",
            ended_on="day?",
            end_reason="text?",
            host_authority="text?",
            outside_wales="text?",
            carer_name="text?",
            address="text?",
            postcode="text?",
        )
    ),
    enrolments=many(shape(id="id", school="text", started_on="day", ended_on="day?", leaving_reason="text?")),
    eotas=many(shape(id="id", provider="text", kind="text", started_on="day", ended_on="day?")),
    safety={"oneOf": [shape(who="text", name="text", why="text", source="text"), {"type": "null"}]},
    people=many(shape(relation="text", name="text", email="text")),
    terms=many(
        shape(
            school="text",
            year="number",
            term="text",
            sessions_possible="number?",
            sessions_attended="number?",
            sessions_unauthorised="number?",
            days_excluded="number?",
            subjects_assessed="number?",
            subjects_on_track="number?",
        )
    ),
    version="text",
)


class Children(Door):
    """The children whom the caller's authority is responsible for, as a list."""

    @described(_("The children of your authority"), pages(_LISTED_CHILD), query=ChildrenQuery, of_child=False, name="children_list")
    def get(self, request: Request) -> Response:
        asked = self.query(request, ChildrenQuery)
        facets = grant_of(self.by, [Held(Relation.RESPONSIBLE)]).facets  # a case system stands in no other relation
        columns = [name for name in LISTED if Child.FACETS[name] in facets]
        present = (_IN_CARE if Facet.CARE in facets else {}) | (_AT_SCHOOL if Facet.EDUCATION in facets else {})
        rows = _matching(self.by, asked).values(*columns, **present)
        following, found = page(rows, request, order="sort_key", cursor=asked.get("cursor"))
        act = Read.Act.SEARCH if "reference" in asked else Read.Act.LIST
        shown = facets & {Facet.IDENTITY, Facet.CARE, Facet.EDUCATION}
        record_read(by=self.by, children=[row["id"] for row in found], facets=shown, door="api_children", act=act)
        return Response({"next": following, "results": [{name: None if value == "" else value for name, value in row.items()} for row in found]})


def _matching(by: Actor, asked: dict[str, Any]) -> QuerySet[Child]:
    rows: QuerySet[Child] = Child.objects.visible_to(by)
    if "reference" in asked:
        rows = rows.filter(reference=asked["reference"])
    if "lives" in asked:
        present = Placement.objects.visible_to(by).filter(ended_on__isnull=True)
        at_home = Q(host_authority=F("authority"))
        rows = rows.filter(pk__in=present.filter(at_home if asked["lives"] == "in" else ~at_home | Q(host_authority__isnull=True)).values("child"))
    if "changed_since" in asked:
        rows = rows.filter(_changed_since(by, asked["changed_since"]))
    return rows


def _changed_since(by: Actor, moment: Any) -> Q:
    """From the audit of changes, of the caller's own authority."""
    changed = Q()
    for model, column in (
        (Child, "id"),
        (CareEpisode, "child"),
        (Placement, "child"),
        (Enrolment, "child"),
        (EotasPlace, "child"),
        (ChildUserGrant, "content_object"),
        (ChildGroupGrant, "content_object"),
    ):
        events: Any = model.pgh_event_model.objects  # type: ignore[union-attr]  # made by pghistory
        changed |= Q(pk__in=events.filter(authority__in=by.authorities, pgh_created_at__gte=moment).values(column))
    return changed


def _told(row: Seen, *names: str) -> dict[str, Any]:
    """The row's fields by name; null for what is not recorded, or not for this reader."""
    values = {name: getattr(row, name) for name in names}
    return {name: None if value == "" else value for name, value in values.items()}


class OneChild(Door):
    """A child's record, as far as the caller may read it."""

    @described(_("A child's record: care, placements, schools, people, attendance and progress by term"), _CHILD, has_etag=True)
    def get(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        version = version_of(found.pk)
        record_read(by=self.by, children=[found.pk], facets=grant.facets, door="api_child")
        headers = {"ETag": etag(version), "Cache-Control": "private, no-cache"}
        if is_known(request, version):
            return Response(status=304, headers=headers)
        return Response(_record(self.by, found, grant) | {"version": version}, headers=headers)


_WHERE = ("carer_name", "address", "postcode")


def _record(by: Actor, child: Child, grant: Grant) -> dict[str, Any]:
    """The child and what belongs to the child, each part under its facet."""

    def part(model: Any, facet: Facet, *fetched: str) -> list[Seen]:
        if facet not in grant.facets:
            return []
        rows = model.objects.visible_to(by).filter(child=child).select_related("child", *fetched)
        return seen(rows.order_by("year", "created_at") if model is TermRecord else rows.order_by("started_on"), grant)

    known = PlacementAddress.objects.visible_to(by).filter(child=child).select_related("child")
    addresses = {row.placement_id: _told(Seen(row, grant), *_WHERE) for row in known} if Facet.ADDRESS in grant.facets else {}
    return {
        **_told(
            Seen(child, grant),
            *("id", "reference", "given_names", "family_name", "preferred_name", "born_on", "sex", "ethnicity", "upn", "first_language"),
            *("disabled", "additional_needs", "free_school_meals", "address_is_sensitive"),
        ),
        "responsible_authority": child.authority.gss,
        "care_episodes": [
            _told(episode, "id", "started_on", "entry_type", "reason", "legal_status", "ended_on", "end_reason")
            for episode in part(CareEpisode, Facet.CARE)
        ],
        "placements": [
            _told(placement, "id", "kind", "started_on", "ended_on", "end_reason", "outside_wales")
            | {"host_authority": getattr(placement.host_authority, "gss", None)}
            | addresses.get(placement.pk, dict.fromkeys(_WHERE))
            for placement in part(Placement, Facet.CARE, "host_authority")
        ],
        "enrolments": [
            _told(enrolment, "id", "started_on", "ended_on", "leaving_reason") | {"school": enrolment.school.number}
            for enrolment in part(Enrolment, Facet.EDUCATION, "school")
        ],
        "eotas": [_told(place, "id", "provider", "kind", "started_on", "ended_on") for place in part(EotasPlace, Facet.EDUCATION)],
        "safety": _safety(by, child, grant),
        "people": _people(by, child, grant),
        "terms": [
            _told(
                term,
                *("year", "term", "sessions_possible", "sessions_attended", "sessions_unauthorised", "days_excluded"),
                *("subjects_assessed", "subjects_on_track"),
            )
            | {"school": term.school.number}
            for term in part(TermRecord, Facet.EDUCATION, "school")
        ],
    }


def _safety(by: Actor, child: Child, grant: Grant) -> dict[str, str] | None:
    """Who answers for the safety of a child who is taught elsewhere or has no school (SCH-10)."""
    found = safety_of(by=by, child=child) if Facet.EDUCATION in grant.facets else None
    if found is None:
        return None
    return {"who": str(found.answer.who), "name": found.name, "why": str(found.answer.why), "source": str(found.answer.source)}


def _people(by: Actor, child: Child, grant: Grant) -> list[dict[str, str]]:
    """Who is around the child. A carer's name and address tell where the child lives: they go with that facet, and with the flag."""
    with_carers = Facet.ADDRESS in grant.facets and not child.address_is_sensitive
    if Facet.CONTACTS not in grant.facets:
        return []
    return [
        {"relation": str(person.relation), "name": person.name, "email": person.email}
        for person in people_around(child=child, on=by.today)
        if person.relation != Relation.CARER or with_carers
    ]


class DutiesOfChild(Door):
    """The duties for a child, open and closed, each explaining itself."""

    @described(_("The duties for a child, each with its reason"), pages(DUTY), query=DutiesQuery)
    def get(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        if Facet.EDUCATION not in grant.facets:
            raise NotAllowed
        asked = self.query(request, DutiesQuery)
        rows = _in_state(Duty.objects.visible_to(self.by).filter(child=found), asked.get("state"), self.by)
        return _duties(self.by, rows, request, asked, door="api_child_duties", of=[found.pk])


class Duties(Door):
    """The duties for every child of the caller, or of one social worker's children, by the day they are due (SW-03)."""

    @described(_("The duties for all your children or one social worker's, by due date"), pages(DUTY), query=CaseloadQuery, of_child=False)
    def get(self, request: Request) -> Response:
        asked = self.query(request, CaseloadQuery)
        if Facet.EDUCATION not in grant_of(self.by, [Held(Relation.RESPONSIBLE)]).facets:
            raise NotAllowed
        rows = Duty.objects.visible_to(self.by)
        if "worker" in asked:
            rows = rows.filter(child__in=_caseload(self.by, asked["worker"]))
        return _duties(self.by, _in_state(rows, asked.get("state", "open"), self.by), request, asked, door="api_duties")


def _in_state(rows: Any, state: str | None, by: Actor) -> Any:
    match state:
        case "open":
            return rows.open()
        case "overdue":
            return rows.overdue_on(by.today)
        case "closed":
            return rows.filter(closed_on__isnull=False)
        case _:
            return rows


def _caseload(by: Actor, worker: User) -> Any:
    """The children to whom this social worker is named today."""
    return (
        ChildUserGrant.objects.filter(user=worker, permission=relation_code(Relation.SOCIAL_WORKER), starts_on__lte=by.today)
        .exclude(ends_on__lte=by.today)
        .values("content_object")
    )


def _duties(by: Actor, rows: Any, request: Request, asked: dict[str, Any], *, door: str, of: Iterable[UUID] = ()) -> Response:
    following, found = page(rows, request, order="due_on", cursor=asked.get("cursor"))
    children = {duty.child_id for duty in found} | set(of)
    beside = Duty.objects.visible_to(by).open().filter(child__in=children)
    record_read(by=by, children=children, facets=[Facet.EDUCATION], door=door, act=Read.Act.READ if of else Read.Act.LIST)
    return Response({"next": following, "results": explained(found, on=by.today, beside=beside)})


api_urls: list[URLPattern] = [
    path("children/", Children.as_view(), name="api_children"),
    path("children/<uuid:child>/", OneChild.as_view(), name="api_child"),
    path("children/<uuid:child>/duties/", DutiesOfChild.as_view(), name="api_child_duties"),
    path("duties/", Duties.as_view(), name="api_duties"),
]
