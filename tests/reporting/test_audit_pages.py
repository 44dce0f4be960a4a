"""Who looked at a child, for the responsible authority; and the auditor's own pages, which name no child."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit import chain
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import CareEpisode, Child
from lace.children.services import PlacementFacts, place
from lace.core.actor import Actor
from lace.web.middleware import serving
from tests.reporting.pages import body
from tests.world import World


@pytest.fixture
def hosted(world: World) -> World:
    """Our child lives in the other authority, whose coordinator opened the record."""
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by), transaction.atomic():
        place(
            by=by,
            episode=CareEpisode.objects.select_related("child").get(pk=world.own.episode.pk),
            facts=PlacementFacts(kind="foster", started_on=timezone.localdate(), host_authority=world.other.row),
        )
    assert world.client(Role.LACE_COORDINATOR, world.other).get(f"/children/{world.own.child.pk}/").status_code == 200
    return world


def looks(world: World, role: Role = Role.LACE_COORDINATOR, query: str = "") -> Any:
    return world.client(role).get(reverse("child_looks", args=[world.own.child.pk]) + query)


@pytest.mark.req("PRIV-12")
def test_the_responsible_authority_sees_who_looked_in_every_authority(hosted: World) -> None:
    hosted.client(Role.SOCIAL_WORKER).get(f"/children/{hosted.own.child.pk}/plan/")
    page = body(looks(hosted))
    for person in (hosted.other.user(Role.LACE_COORDINATOR), hosted.own.user(Role.SOCIAL_WORKER)):
        assert person.name in page
    assert hosted.other.row.name_en in page
    assert "Opened: Plan" in page
    assert "LACE coordinator" in page


@pytest.mark.req("PRIV-12")
def test_who_was_turned_away_is_shown_to_the_childs_authority_only(world: World) -> None:
    assert world.client(Role.LACE_COORDINATOR, world.other).get(f"/children/{world.own.child.pk}/").status_code == 404
    page = body(looks(world, query="?act=refused"))
    assert world.other.user(Role.LACE_COORDINATOR).name in page
    assert "Turned away: Overview" in page
    with serving(world.other.actor(Role.ADMINISTRATOR)), transaction.atomic():
        row = Read.objects.get(act=Read.Act.REFUSED)
        assert row.children == [world.own.child.pk]  # what was asked for; not whether there is such a child, nor whose


@pytest.mark.req("PRIV-13")
def test_only_the_responsible_authoritys_coordinator_sees_who_looked(hosted: World) -> None:
    address = reverse("child_looks", args=[hosted.own.child.pk])
    allowed = {role for role in Role if hosted.client(role).get(address).status_code == 200}
    assert allowed == {Role.LACE_COORDINATOR}
    assert hosted.client(Role.LACE_COORDINATOR, hosted.other).get(address).status_code == 403  # sees the child, not who looked
    for route in ("child_looks_csv", "child_changes"):
        assert hosted.client(Role.SOCIAL_WORKER).get(reverse(route, args=[hosted.own.child.pk])).status_code == 403
        assert hosted.client(Role.ADMINISTRATOR).get(reverse(route, args=[hosted.own.child.pk])).status_code == 404


@pytest.mark.req("PRIV-13")
def test_the_database_itself_tells_looks_of_own_children_only(hosted: World) -> None:
    from django.db import connection

    def number(actor: Actor, child: Child) -> int:
        with serving(actor), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM lace_looks_at(%s)", [child.pk])
            return int(cursor.fetchone()[0])

    assert number(hosted.own.actor(Role.LACE_COORDINATOR), hosted.own.child) == 1
    assert number(hosted.other.actor(Role.LACE_COORDINATOR), hosted.own.child) == 0
    with serving(hosted.own.actor(Role.LACE_COORDINATOR)), transaction.atomic():
        assert not Read.objects.filter(authority_id=hosted.other.row.pk).exists()


def test_filters_and_pages_of_looks(hosted: World) -> None:
    by = hosted.own.actor(Role.SOCIAL_WORKER)
    with serving(by), transaction.atomic():
        for _look in range(60):
            record_read(by=by, children=[hosted.own.child.pk], facets=["identity"], door="children", act=Read.Act.LIST)
    assert "61 times" in body(looks(hosted))
    assert "60 times" in body(looks(hosted, query="?act=listed"))
    assert "1 time ·" in body(looks(hosted, query="?whose=others"))
    assert body(looks(hosted, query="?act=listed&page=2")).count("The list of children") == 10
    assert "Nothing found" in body(looks(hosted, query="?act=files"))
    assert looks(hosted, query="?act=nonsense&days=-1&page=999").status_code == 200


@pytest.mark.req("PRIV-12")
def test_the_file_of_looks_is_itself_recorded_and_harmless_in_a_spreadsheet(hosted: World) -> None:
    worker = hosted.own.user(Role.SOCIAL_WORKER)
    worker.name = '=HYPERLINK("x")'
    worker.save(update_fields=["name"])
    hosted.client(Role.SOCIAL_WORKER).get(f"/children/{hosted.own.child.pk}/")
    answer = hosted.client(Role.LACE_COORDINATOR).get(reverse("child_looks_csv", args=[hosted.own.child.pk]))
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["When", "Who", "Role"]
    assert {row[1] for row in rows[1:]} == {'\'=HYPERLINK("x")', hosted.other.user(Role.LACE_COORDINATOR).name}
    assert hosted.own.child.family_name not in answer.content.decode()
    newest = Read.objects  # as the coordinator sees it
    with serving(hosted.own.actor(Role.LACE_COORDINATOR)), transaction.atomic():
        assert newest.filter(act=Read.Act.EXPORT, door="child_looks_csv", children=[hosted.own.child.pk]).count() == 1


@pytest.mark.req("PRIV-12")
def test_what_changed_is_shown_field_by_field_with_who(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by), transaction.atomic():
        Child.objects.filter(pk=world.own.child.pk).update(first_language="Polish")
    page = body(world.client(Role.LACE_COORDINATOR).get(reverse("child_changes", args=[world.own.child.pk])))
    assert "Child changed" in page
    assert world.own.user(Role.SOCIAL_WORKER).name in page
    assert "First language" in page
    assert "Cymraeg" in page
    assert "Polish" in page


def test_a_sensitive_address_is_not_among_the_changes(world: World) -> None:
    """The flag beats every grant, in the audit too (goals A1)."""
    by = world.own.actor(Role.SOCIAL_WORKER)
    address = reverse("child_changes", args=[world.own.child.pk])
    assert "Hidden Lane" in body(world.client(Role.LACE_COORDINATOR).get(address))
    with serving(by), transaction.atomic():
        Child.objects.filter(pk=world.own.child.pk).update(address_is_sensitive=True)
    assert "Hidden Lane" not in body(world.client(Role.LACE_COORDINATOR).get(address))


# ---- the auditor ----


AUDITORS = ("audit", "audit_reads", "audit_thresholds", "audit_head")


@pytest.mark.req("PRIV-12")
def test_the_audit_is_the_administrators(world: World) -> None:
    chain.seal(by=Actor.named_job("audit", today=timezone.localdate()))
    clients = {role: world.client(role) for role in Role}
    for route in AUDITORS:
        allowed = {role for role, client in clients.items() if client.get(reverse(route)).status_code == 200}
        assert allowed == {Role.ADMINISTRATOR}, route


@pytest.mark.req("PRIV-12")
def test_the_administrator_sees_reads_without_any_child(world: World) -> None:
    for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR):
        world.client(role).get(f"/children/{world.own.child.pk}/")
    world.client(Role.LACE_COORDINATOR).get("/children/?q=Llwyd")
    pages = "".join(body(world.client(Role.ADMINISTRATOR).get(reverse(route))) for route in AUDITORS[:2])
    assert world.own.user(Role.SOCIAL_WORKER).name in pages
    assert "Opened: Overview" in pages
    assert "Found by a search: The list of children" in pages
    for word in (world.own.child.given_names, world.own.child.family_name, str(world.own.child.pk)):
        assert word not in pages
    assert world.other.user(Role.ADMINISTRATOR).name not in pages
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        assert Read.objects.filter(door__in=["audit", "audit_reads"], role=Role.ADMINISTRATOR).count() == 2


def alerted(world: World) -> Client:
    """An alert about the social worker; the administrator's browser."""
    from tests.lace.audit.test_unusual import alerts, at, looked

    looked(world.own.actor(Role.SOCIAL_WORKER), [at(3, minute) for minute in range(6)], child=world.own.child.pk)
    assert alerts(world)
    return world.client(Role.ADMINISTRATOR)


def test_an_alert_is_read_and_answered(world: World) -> None:
    client = alerted(world)
    page = body(client.get(reverse("audit")))
    assert "Opened records at night" in page
    assert world.own.user(Role.SOCIAL_WORKER).name in page
    address = page.split('href="/audit/alerts/')[1].split('"')[0]
    empty = client.post(f"/audit/alerts/{address}", {"answer": ""})
    assert "Enter what you found out" in body(empty)
    done = client.post(f"/audit/alerts/{address}", {"answer": "Asked her: an emergency placement"}, follow=True)
    assert "Asked her: an emergency placement" in body(done)
    again = client.post(f"/audit/alerts/{address}", {"answer": "Once more"})
    assert "Somebody has answered this already" in body(again)
    assert world.client(Role.ADMINISTRATOR, world.other).get(f"/audit/alerts/{address}").status_code == 404


def test_the_authority_sets_its_own_numbers(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    numbers = {"many": "40", "night": "3", "searches": "10", "refused": "0", "outside": "20", "emergency": "1"}
    wrong = body(client.post(reverse("audit_thresholds"), numbers))
    assert "Enter a number from 1 up" in wrong
    assert 'value="40"' in wrong
    client.post(reverse("audit_thresholds"), numbers | {"refused": "7"})
    assert 'value="7"' in body(client.get(reverse("audit_thresholds")))
    assert 'value="7"' not in body(world.client(Role.ADMINISTRATOR, world.other).get(reverse("audit_thresholds")))


def test_the_page_says_how_far_the_audit_is_sealed_and_what_waits(world: World) -> None:
    job = Actor.named_job("audit", today=timezone.localdate())
    client = world.client(Role.ADMINISTRATOR)
    assert "Rows sealed" in body(client.get(reverse("audit")))
    assert chain.seal(by=job)
    world.client(Role.SOCIAL_WORKER).get(f"/children/{world.own.child.pk}/")
    chain.verify(by=job)
    page = body(client.get(reverse("audit")))
    assert "Every row agrees" in page
    head = client.get(reverse("audit_head"))
    [row] = csv.DictReader(StringIO(head.content.decode("utf-8-sig")))
    assert (row["authority"], row["digest"]) == (
        str(world.own.row.pk),
        next(h.chain for h in chain.heads(by=job) if h.authority_id == world.own.row.pk),
    )


def test_the_command_verifies_and_keeps_heads(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain.seal(by=Actor.named_job("audit", today=timezone.localdate()))
    kept = tmp_path / "heads.csv"
    call_command("verify_audit", keep=kept)
    printed = capsys.readouterr().out
    assert f"{world.own.row.code} {world.own.row.name_en}: " in printed
    assert " 0 faults" in printed
    call_command("verify_audit", kept=[kept])
    lines = kept.read_text().splitlines()
    kept.write_text("\n".join([lines[0], *(line.replace(line.split(",")[3], "00" * 32) for line in lines[1:])]))
    with pytest.raises(SystemExit):
        call_command("verify_audit", kept=[kept])
    assert "FAULT head seal" in capsys.readouterr().out


def test_both_languages(world: World) -> None:
    world.client(Role.SOCIAL_WORKER).get(f"/children/{world.own.child.pk}/")
    for role, address in ((Role.LACE_COORDINATOR, reverse("child_looks", args=[world.own.child.pk])), (Role.ADMINISTRATOR, reverse("audit"))):
        client = world.client(role)
        client.cookies["language"] = "cy"
        assert 'lang="cy"' in body(client.get(address))
