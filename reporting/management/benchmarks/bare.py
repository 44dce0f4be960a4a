"""What pages and API are measured against: the least that Django can do for the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lace.accounts.acting import context_of
from lace.accounts.models import LocalAuthority
from lace.children.models import CareEpisode, Child, Placement
from lace.core.actor import Actor
from lace.database import context
from reporting.management.benchmarks.people import HOST
from schools.models import Enrolment

# What `startproject` writes, and nothing of ours.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "reporting.management.benchmarks.bare.own_addresses",
]
SERVED: list[Actor] = []  # whose children the two lists show: set by the subject

_CHILDREN = """
SELECT json_build_object('next', NULL, 'results', coalesce(json_agg(found), '[]'))::text FROM (
    SELECT c.id, nullif(c.reference, '') AS reference, nullif(c.given_names, '') AS given_names, nullif(c.family_name, '') AS family_name,
        nullif(c.preferred_name, '') AS preferred_name, c.born_on, c.sex, nullif(c.upn, '') AS upn,
        nullif(c.first_language, '') AS first_language, c.additional_needs,
        (SELECT e.started_on FROM children_careepisode e WHERE e.child_id = c.id AND e.ended_on IS NULL LIMIT 1) AS care_started_on,
        (SELECT a.gss FROM children_placement p JOIN accounts_localauthority a ON a.id = p.host_authority_id
            WHERE p.child_id = c.id AND p.ended_on IS NULL LIMIT 1) AS host_authority,
        (SELECT nullif(p.outside_wales, '') FROM children_placement p WHERE p.child_id = c.id AND p.ended_on IS NULL LIMIT 1) AS outside_wales,
        (SELECT s.number FROM schools_enrolment n JOIN schools_school s ON s.organisation_id = n.school_id
            WHERE n.child_id = c.id AND n.ended_on IS NULL LIMIT 1) AS school
    FROM children_child c WHERE c.authority_id = ANY(%s) ORDER BY c.sort_key, c.id LIMIT 50
) found
"""


def own_addresses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The addresses below in place of the application's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__  # where Django's handler looks
        return get_response(request)

    return middleware


@transaction.non_atomic_requests
def one_query(_request: HttpRequest) -> HttpResponse:
    """One indexed query and a short answer."""
    return HttpResponse(LocalAuthority.objects.get(pk=1).name_en)


@transaction.non_atomic_requests
def json_agg(_request: HttpRequest) -> HttpResponse:
    """The list of children as PostgreSQL writes it, passed through."""
    actor = SERVED[-1]
    with context.use(context_of(actor)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CHILDREN, [list(actor.authorities)])
        return HttpResponse(cursor.fetchone()[0], content_type="application/json")


class ChildSerializer(serializers.ModelSerializer[Child]):
    """As the framework's tutorial has it, with what belongs to the child fetched beforehand."""

    care_started_on = serializers.SerializerMethodField()
    host_authority = serializers.SerializerMethodField()
    outside_wales = serializers.SerializerMethodField()
    school = serializers.SerializerMethodField()

    class Meta:
        model = Child
        fields: ClassVar[list[str]] = [
            *("id", "reference", "given_names", "family_name", "preferred_name", "born_on", "sex", "upn", "first_language", "additional_needs"),
            *("care_started_on", "host_authority", "outside_wales", "school"),
        ]

    def get_care_started_on(self, child: Any) -> Any:
        return child.times_in_care[0].started_on if child.times_in_care else None

    def get_host_authority(self, child: Any) -> Any:
        host = child.lives[0].host_authority if child.lives else None
        return host.gss if host else None

    def get_outside_wales(self, child: Any) -> Any:
        return child.lives[0].outside_wales if child.lives else None

    def get_school(self, child: Any) -> Any:
        return child.learns[0].school.number if child.learns else None


class SerializedChildren(APIView):
    """The list of children by ModelSerializer."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)

    def get(self, request: Request) -> Response:
        actor = SERVED[-1]
        with context.use(context_of(actor)), transaction.atomic():
            rows = list(Child.objects.filter(authority__in=actor.authorities).order_by("sort_key", "pk")[:50])
            attach(rows, CareEpisode.objects.filter(ended_on__isnull=True), "times_in_care")
            attach(rows, Placement.objects.filter(ended_on__isnull=True).select_related("host_authority"), "lives")
            attach(rows, Enrolment.objects.filter(ended_on__isnull=True).select_related("school"), "learns")
            return Response({"next": None, "results": ChildSerializer(rows, many=True).data})


def attach(children: list[Any], rows: Any, name: str) -> None:
    """What prefetch_related does for a relation that has no name on the child."""
    by_child: dict[Any, list[Any]] = {child.pk: [] for child in children}
    for row in rows.filter(child__in=children):
        by_child[row.child_id].append(row)
    for child in children:
        setattr(child, name, by_child[child.pk])


def client() -> Client:
    """A browser of the bare Django."""
    made = Client(SERVER_NAME=HOST)
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        made.handler.load_middleware()
    return made


urlpatterns = [
    path("one/", one_query),
    path("json_agg/", json_agg),
    path("serialized/", transaction.non_atomic_requests(SerializedChildren.as_view())),
]
