"""The triggers of the audit cannot be talked out of it, and keep nothing beside the event."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from lace.accounts.access import Role
from lace.children.models import Child
from lace.web.middleware import serving
from tests.world import World


@pytest.mark.req("PRIV-12")
def test_no_setting_of_a_session_switches_the_audit_off(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    events = Child.pgh_event_model.objects.filter(id=world.own.child.pk)  # type: ignore[attr-defined]  # made by pghistory
    with serving(by), transaction.atomic(), connection.cursor() as cursor:
        before = events.count()
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{update_update,pgtrigger_update_update}', true)")
        cursor.execute("UPDATE children_child SET first_language = 'Saesneg' WHERE id = %s", [world.own.child.pk])
        assert events.count() == before + 1


def test_a_write_in_raw_sql_says_who_acted_and_leaves_no_row_beside(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE children_child SET first_language = 'Polish' WHERE id = %s", [world.own.child.pk])
        event = Child.pgh_event_model.objects.filter(id=world.own.child.pk).latest("pgh_id")  # type: ignore[attr-defined]  # made by pghistory
        assert event.pgh_context["user"] == by.user_id
        assert event.pgh_context["role"] == Role.LACE_COORDINATOR
        cursor.execute("SELECT count(*) FROM pghistory_context")
        assert cursor.fetchone() == (0,)
