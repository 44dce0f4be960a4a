"""The REST door of social care's acts: entry to care, placements, social workers, the end of care (SW-01), education elsewhere (SCH-10)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from lace.accounts.access import CARERS, Permission, Relation, Role, require
from lace.api.duties import DUTY, explained
from lace.api.etags import demand_version, etag, version_of
from lace.api.fields import AuthorityCode, Choice, Day, Flag, Found, Holder, Input, Many, Text
from lace.api.idempotency import once
from lace.api.schema import described, many, shape
from lace.api.views import Door
from lace.children import rules
from lace.children.models import CareEpisode, Child, lock
from lace.children.services import ChildFacts, PlacementFacts, assign, require_for
from lace.children.services.sharing import mark_address
from lace.core.errors import BadInput, Refused
from schools.models import EotasPlace, School
from schools.rules import EotasKind
from schools.services.entry import EntryFacts, enter_care, leave_care
from schools.services.eotas import EotasFacts, end_eotas, record_eotas
from schools.services.placing import place_child


class SchoolNumber(Found):
    """A school of Wales by its seven digits."""

    default_error_messages = {"unknown_school": gettext_lazy("There is no school with this number. Give the seven digits of its Welsh school number")}

    def to_internal_value(self, data: Any) -> Any:
        school = School.objects.select_related("organisation__authority").filter(number=super().to_internal_value(data)).first()
        if school is None:
            self.fail("unknown_school")
        return school


class ChildInput(Input):
    reference = Text(max_length=40)
    given_names = Text(max_length=100)
    family_name = Text(max_length=100)
    preferred_name = Text(max_length=100, required=False, allow_blank=True)
    born_on = Day()
    sex = Choice(choices=rules.Sex.choices)
    ethnicity = Choice(choices=rules.Ethnicity.choices, required=False)
    upn = Text(max_length=20, required=False, allow_blank=True)
    first_language = Text(max_length=60, required=False, allow_blank=True)
    disabled = Flag(required=False)
    additional_needs = Flag(required=False)
    free_school_meals = Flag(required=False)
    address_is_sensitive = Flag(required=False)


class CareEpisodeInput(Input):
    started_on = Day()
    entry_type = Choice(choices=rules.EntryType.choices)
    reason = Choice(choices=rules.EntryReason.choices)
    legal_status = Choice(choices=rules.LegalStatus.choices)


class PlacementInput(Input):
    kind = Choice(choices=rules.PlacementType.choices)
    started_on = Day()
    host_authority = AuthorityCode(required=False, allow_null=True)
    outside_wales = Text(max_length=100, required=False, allow_blank=True)
    carer_name = Text(max_length=200, required=False, allow_blank=True)
    address = Text(max_length=300, required=False, allow_blank=True)
    postcode = Text(max_length=8, required=False, allow_blank=True)
    carers = Many(child=Holder(*CARERS), required=False, max_length=10)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["carers"] = tuple(dict.fromkeys(attrs.get("carers", ())))
        return attrs


class SchoolInput(Input):
    number = SchoolNumber()
    started_on = Day(required=False)


class EotasInput(Input):
    provider = Text(max_length=200, help_text=gettext_lazy("Who teaches the child elsewhere than at school"))
    kind = Choice(choices=EotasKind.choices)
    started_on = Day()


class EotasEndInput(Input):
    ended_on = Day()


class EntryInput(Input):
    child = ChildInput()
    care_episode = CareEpisodeInput()
    placement = PlacementInput()
    school = SchoolInput(required=False, allow_null=True)
    eotas = EotasInput(required=False, allow_null=True)
    social_worker = Holder(Role.SOCIAL_WORKER)
    iro = Holder(Role.IRO, required=False, allow_null=True)


class WorkerInput(Input):
    social_worker = Holder(Role.SOCIAL_WORKER)
    started_on = Day()


class AddressInput(Input):
    address_is_sensitive = Flag()


class EndInput(Input):
    ended_on = Day()
    reason = Choice(choices=rules.EndReason.choices)


def _facts(data: dict[str, Any]) -> EntryFacts:
    school = data.get("school") or {}
    return EntryFacts(
        child=ChildFacts(**data["child"]),
        **data["care_episode"],
        placement=PlacementFacts(**data["placement"]),
        school=school.get("number"),
        school_started_on=school.get("started_on"),
        eotas=EotasFacts(**data["eotas"]) if data.get("eotas") else None,
        social_worker=data["social_worker"],
        iro=data.get("iro"),
    )


_ROW = shape(id="id")
_NULLABLE_ROW = {"oneOf": [_ROW, {"type": "null"}]}
_CHILD = shape(id="id", reference="text")
_ENTRY = shape(child=_CHILD, care_episode=_ROW, placement=_ROW, enrolment=_NULLABLE_ROW, version="text", duties=many(DUTY))


class Entries(Door):
    """Entries to care."""

    @described(gettext_lazy("Record a child's entry to care, and get the duties that it starts"), _ENTRY, request=EntryInput, of_child=False)
    @once
    def post(self, request: Request) -> Response:
        require(self.by, Permission.RECORD_CARE)
        facts = _facts(self.read(request, EntryInput))
        try:
            made = enter_care(by=self.by, facts=facts)
        except BadInput as error:
            raise BadInput({_named(field): sentences for field, sentences in error.problems.items()}) from error
        answer = {
            "child": {"id": made.child.pk, "reference": made.child.reference},
            "care_episode": {"id": made.episode.pk},
            "placement": {"id": made.placement.pk},
            "enrolment": {"id": made.enrolment.pk} if made.enrolment else None,
            "version": version_of(made.child.pk),
            "duties": explained(made.duties, on=self.by.today),
        }
        return Response(answer, status=201, headers={"Location": reverse("api_child", args=[made.child.pk])})


def _named(field: str) -> str:
    """The service speaks of the care episode's fields without their part."""
    return f"care_episode.{field}" if field in CareEpisodeInput().fields else field


class Act(Door):
    """An act about one child: the row locked, the version that the caller read still the current one."""

    def begin(self, request: Request, pk: UUID) -> Child:
        """The child, locked. Raises Http404, NotAllowed, VersionRequired, Changed."""
        child, _grant = self.child(pk)
        require_for(by=self.by, permission=Permission.RECORD_CARE, child=child)
        child = lock(child)
        demand_version(request, child.pk)
        return child

    def episode(self, child: Child) -> CareEpisode:
        """The present time in care. Raises Refused when there is none."""
        found = CareEpisode.objects.visible_to(self.by).filter(child=child, ended_on__isnull=True).select_related("child__authority").first()
        if found is None:
            raise Refused(_("The child is not looked after now. Record the entry to care first"))
        return found

    def answer(self, child: Child, **made: Any) -> Response:
        version = version_of(child.pk)
        body = {"child": {"id": child.pk, "reference": child.reference}, **made, "version": version}
        return Response(body, status=201, headers={"Location": reverse("api_child", args=[child.pk]), "ETag": etag(version)})


class Placements(Act):
    """A move: the placement before ends on the day this one starts, and with it the access of its host and carers."""

    @described(
        gettext_lazy("Record that the child moves to another placement"),
        shape(child=_CHILD, placement=_ROW, version="text"),
        request=PlacementInput,
        changes=True,
    )
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found = self.begin(request, child)
        placement = place_child(by=self.by, episode=self.episode(found), facts=PlacementFacts(**self.read(request, PlacementInput)))
        return self.answer(found, placement={"id": placement.pk})


class SocialWorkers(Act):
    """Another social worker from a day: the one before ends that day, so that one is always named (SW-10)."""

    @described(gettext_lazy("Name the child's social worker from a day"), shape(child=_CHILD, version="text"), request=WorkerInput, changes=True)
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found = self.begin(request, child)
        values = self.read(request, WorkerInput)
        assign(by=self.by, child=found, user=values["social_worker"], relation=Relation.SOCIAL_WORKER, on=values["started_on"])
        return self.answer(found)


class Addresses(Act):
    """Whether the address may be shown, which beats every relation (goals A1)."""

    @described(
        gettext_lazy("Say whether the child's address may be shown in Lace; where it may not, nobody is shown it"),
        shape(child=_CHILD, version="text"),
        request=AddressInput,
        changes=True,
    )
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found = self.begin(request, child)
        mark_address(by=self.by, child=found, sensitive=self.read(request, AddressInput)["address_is_sensitive"])
        return self.answer(found)


class EndsOfCare(Act):
    """The child stopped being looked after: open duties close with that reason, and the access that rested on care ends (DL-06)."""

    @described(
        gettext_lazy("Record that the child stopped being looked after"),
        shape(child=_CHILD, care_episode=_ROW, version="text"),
        request=EndInput,
        changes=True,
    )
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found = self.begin(request, child)
        values = self.read(request, EndInput)
        episode = self.episode(found)
        leave_care(by=self.by, episode=episode, on=values["ended_on"], reason=values["reason"])
        return self.answer(found, care_episode={"id": episode.pk})


_EOTAS = shape(id="id", provider="text", kind="text", started_on="day", ended_on="day?")


class Eotas(Door):
    """Education other than at school, beside the register or without one (SCH-10)."""

    @described(gettext_lazy("Record that the child is taught elsewhere than at school"), _EOTAS, request=EotasInput)
    @once
    def post(self, request: Request, child: UUID) -> Response:
        found, _grant = self.child(child)
        require_for(by=self.by, permission=Permission.RECORD_SCHOOL, child=found)
        place = record_eotas(by=self.by, child=found, facts=EotasFacts(**self.read(request, EotasInput)))
        return Response(_told(place), status=201)


class EotasEnds(Door):
    """The end of it."""

    @described(gettext_lazy("Record the day from which the child is no longer taught there"), _EOTAS, request=EotasEndInput)
    @once
    def post(self, request: Request, child: UUID, place: UUID) -> Response:
        found, _grant = self.child(child)
        require_for(by=self.by, permission=Permission.RECORD_SCHOOL, child=found)
        standing = EotasPlace.objects.visible_to(self.by).filter(child=found, pk=place).select_related("child").first()
        if standing is None:
            raise Http404
        return Response(_told(end_eotas(by=self.by, place=standing, on=self.read(request, EotasEndInput)["ended_on"])), status=201)


def _told(place: EotasPlace) -> dict[str, Any]:
    return {name: getattr(place, "pk" if name == "id" else name) for name in ("id", "provider", "kind", "started_on", "ended_on")}


api_urls: list[URLPattern] = [
    path("entries/", Entries.as_view(), name="api_entries"),
    path("children/<uuid:child>/placements/", Placements.as_view(), name="api_placements"),
    path("children/<uuid:child>/social-worker/", SocialWorkers.as_view(), name="api_social_worker"),
    path("children/<uuid:child>/address/", Addresses.as_view(), name="api_address"),
    path("children/<uuid:child>/end-of-care/", EndsOfCare.as_view(), name="api_end_of_care"),
    path("children/<uuid:child>/eotas/", Eotas.as_view(), name="api_eotas"),
    path("children/<uuid:child>/eotas/<uuid:place>/end/", EotasEnds.as_view(), name="api_eotas_end"),
]
