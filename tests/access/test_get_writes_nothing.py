"""A GET that writes is a defect of its door, and is refused before the statement reaches the database."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.web.middleware import Acting, WriteInGet
from tests.world import World


def answered(world: World, method: str, view: object) -> HttpResponse:
    request: HttpRequest = getattr(RequestFactory(), method)("/")
    request.user = world.own.user(Role.LACE_COORDINATOR)
    request.session = {}  # type: ignore[assignment]  # all that the middleware asks of one
    return Acting(view)(request)  # type: ignore[arg-type]  # of views it only asks that they answer


def renames(_request: HttpRequest) -> HttpResponse:
    User.objects.filter(name="nobody of that name").update(name="x")
    return HttpResponse()


def test_a_get_may_not_write_and_a_post_may(world: World) -> None:
    with pytest.raises(WriteInGet), transaction.atomic():
        answered(world, "get", renames)
    with pytest.raises(WriteInGet), transaction.atomic():
        answered(world, "head", renames)
    assert answered(world, "post", renames).status_code == 200


def test_a_get_may_record_that_somebody_read(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)

    def reads(_request: HttpRequest) -> HttpResponse:
        record_read(by=by, children=[world.own.child.pk], facets=["identity"], door="test")
        return HttpResponse(str(Read.objects.filter(door="test").count()))

    assert answered(world, "get", reads).content == b"1"
