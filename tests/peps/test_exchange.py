"""A plan given away as a file and taken over from one: nothing lost, nothing changed, and nothing taken over that does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Field
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty
from peps import services
from peps.models import ACTION_FIELDS, TARGET_FIELDS, Action, Pep, Section, Target, Version, digest
from peps.rules import State, TargetArea
from peps.rules.actions import ActionState, Owner
from peps.rules.exchange import MOST_BYTES, misfits, schema
from peps.rules.sections import FORM
from peps.rules.targets import Funding, Outcome
from peps.services.contributions import decline
from peps.services.evaluation import let_go_on
from peps.services.exchange import export_plan, import_plan, read_plan
from tests.peps.plans import ANSWERS, acting, final, plan, started, text, written
from tests.peps.test_contributions import asked as asked_of
from tests.peps.test_contributions import given as gave
from tests.peps.test_differences import amended
from tests.world import World

Document = dict[str, Any]


def exported(world: World, pep: Pep) -> Document:
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        return export_plan(by=by, pep=Pep.objects.get(pk=pep.pk))


def for_other(world: World, found: Document) -> Document:
    """The same, said of the other authority's child."""
    child = world.other.child
    return found | {"child": {"upn": child.upn, "reference": "elsewhere", "born_on": child.born_on.isoformat()}}


def packed(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=False).encode()


def taken_over(world: World, found: Document) -> Pep:
    with acting(world.other, Role.LACE_COORDINATOR) as by:
        return import_plan(by=by, child=world.other.child, data=packed(found))


def wrong(world: World, found: Any) -> list[str]:
    """What the other authority is told of the file."""
    with acting(world.other, Role.LACE_COORDINATOR) as by, pytest.raises(BadInput) as refusal:
        read_plan(by=by, child=world.other.child, data=found if isinstance(found, bytes) else packed(found))
    return [str(sentence) for sentence in refusal.value.problems["file"]]


# -- there and back ------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-23", "XLA-07")
@pytest.mark.parametrize("state", [State.INITIATED, State.DEVELOPING, State.FINAL, State.AMENDING])
def test_a_plan_goes_out_and_in_and_out_again_unchanged(world: World, state: State) -> None:
    match state:
        case State.INITIATED:
            pep = started(world.own)
        case State.DEVELOPING:
            pep = written(world.own)
        case _:
            pep = amended(world)[1].pep
    if state == State.AMENDING:
        with acting(world.own, Role.DESIGNATED_PERSON) as by:
            pep = services.amend(by=by, pep=pep, reason="Once more")
            answers = {**ANSWERS["history"], "needs": "Ŵyn, “Anghenion”"}
            services.write_section(by=by, pep=pep, key="history", answers=answers, language="cy", version=2)
    first = for_other(world, exported(world, pep))
    assert first["plan"]["state"] == state
    copy = taken_over(world, first)
    with acting(world.other, Role.SOCIAL_WORKER) as by:
        second = export_plan(by=by, pep=copy)
    assert second["plan"] == first["plan"]
    assert second["versions"] == first["versions"]
    assert second["authority"] != first["authority"]


@pytest.mark.req("PEP-11", "PEP-23")
def test_versions_stay_frozen_with_their_days_and_their_authority(world: World) -> None:
    found = for_other(world, exported(world, amended(world)[1].pep))
    pep = taken_over(world, found)
    with acting(world.other, Role.LACE_COORDINATOR):
        versions = list(Version.objects.filter(pep=pep).order_by("number"))
        assert [(row.number, row.sha256, row.reason) for row in versions] == [(v["number"], v["sha256"], v["reason"]) for v in found["versions"]]
        assert all(row.is_intact() and row.origin == found["authority"] and row.finalised_by_id is None for row in versions)
        section = Section.objects.get(pep=pep, key="carer")
        assert (section.written_as, section.written_by_id) == (Role.FOSTER_CARER, None)
        assert timezone.localdate(section.written_at).isoformat() == found["plan"]["content"]["sections"]["carer"]["written_on"]
    client = world.client(Role.IRO, world.other)
    page = text(client.get(f"/children/{world.other.child.pk}/plan/versions/{versions[0].pk}/"))
    assert f"by {found['authority']}." in page
    assert "Swimming badge" in page


def test_the_plan_taken_over_is_amended_and_made_final_here(world: World) -> None:
    pep = taken_over(world, for_other(world, exported(world, final(world.own).pep)))
    with acting(world.other, Role.DESIGNATED_PERSON) as by:
        pep = services.amend(by=by, pep=pep, reason="Moved here")
        assert let_go_on(by=by, pep=pep) == 2
        version = services.finalise(by=by, pep=pep, on=by.today)
    assert (version.number, version.origin) == (2, "")


@pytest.mark.req("PEP-01")
def test_taking_over_meets_the_duty_to_start_a_plan_and_no_other(world: World) -> None:
    taken_over(world, for_other(world, exported(world, final(world.own).pep)))
    with acting(world.other, Role.LACE_COORDINATOR):
        closed = Duty.objects.filter(child=world.other.child, code__startswith="pep_", closed_on__isnull=False)
        assert {duty.code for duty in closed} == {"pep_initiated_emergency"}


# -- the format ----------------------------------------------------------------------------------------------------------


def test_the_schema_is_one_and_an_export_fits_it(world: World) -> None:
    Draft202012Validator.check_schema(schema())
    assert list(Draft202012Validator(schema()).iter_errors(exported(world, amended(world)[1].pep))) == []


def test_the_schema_knows_a_target_as_the_table_does() -> None:
    """A field that is added to a target is added to the format, or a plan loses it on its way."""
    said = schema()["$defs"]["content"]["properties"]["targets"]["items"]["properties"]
    assert set(said) == {"id", *TARGET_FIELDS}
    action = schema()["$defs"]["action"]["properties"]
    assert set(action) == set(ACTION_FIELDS)
    assert set(schema()["$defs"]["standing_action"]["properties"]) == {*ACTION_FIELDS, "since", "until"}
    assert (said["area"]["enum"], said["funding"]["enum"]) == (TargetArea.values, [*Funding.values, ""])
    assert (action["owner_role"]["enum"], action["state"]["enum"]) == (Owner.values, ActionState.values)
    end = schema()["$defs"]["content"]["properties"]["ended"]["items"]["properties"]
    assert end["outcome"]["enum"] == [*Outcome.values, ""]
    for model, parts in ((Target, said), (Action, action)):
        for name, part in parts.items():
            column: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
            assert part.get("maxLength") in {None, column.max_length}, name
    assert schema()["properties"]["plan"]["properties"]["state"]["enum"] == [state for state in State.values if state != State.CLOSED]


def test_an_export_names_nobody_but_what_was_written(world: World) -> None:
    found = json.dumps(exported(world, final(world.own).pep), ensure_ascii=False)
    child = world.own.child
    assert not [word for word in (child.given_names, child.family_name, world.own.user(Role.FOSTER_CARER).name) if word in found]


# -- what does not fit ---------------------------------------------------------------------------------------------------


def drop(*path: Any) -> Callable[[Document], None]:
    def change(found: Any) -> None:
        for part in path[:-1]:
            found = found[part]
        del found[path[-1]]

    return change


def put(value: Any, *path: Any) -> Callable[[Document], None]:
    def change(found: Any) -> None:
        for part in path[:-1]:
            found = found[part]
        found[path[-1]] = value

    return change


MISFITS: list[tuple[Callable[[Document], None], str]] = [
    (put("lace-pep/9", "format"), "/format: "),
    (drop("versions"), "/versions: This is missing"),
    (put(1, "diary"), "/diary: The format has no such part"),
    (put("yesterday", "plan", "initiated_on"), "/plan/initiated_on: "),
    (put("2026-02-30", "exported_on"), "/exported_on: "),
    (put("closed", "plan", "state"), "/plan/state: "),
    (put(None, "plan", "finalised_on"), "/plan/finalised_on: A plan in this state has this day"),
    (put([], "versions"), "/versions: A plan is final"),
    (put("2999-01-01", "plan", "developed_on"), "/plan/developed_on: "),
    (put("1999-01-01", "plan", "initiated_on"), "/plan/initiated_on: "),
    (put(2, "versions", 0, "number"), "/versions/0/number: "),
    (put("0" * 64, "versions", 0, "sha256"), "/versions/0/sha256: "),
    (put("Other", "versions", 0, "content", "sections", "history", "answers", "needs"), "/versions/0/sha256: "),
    (put("1999-01-01", "versions", 0, "finalised_on"), "/versions/0/finalised_on: "),
    (put("Other", "plan", "content", "sections", "history", "answers", "needs"), "/plan/content: "),
    (put("x" * 3001, "plan", "content", "sections", "history", "answers", "needs"), "/plan/content/sections/history/answers/needs: "),
    (put("x", "plan", "content", "sections", "history", "answers", "un/asked"), "/plan/content/sections/history/answers: "),
    (put("wizard", "plan", "content", "sections", "history", "written_as"), "/plan/content/sections/history/written_as: "),
    (
        put({"answers": {}, "language": "cy", "written_as": "", "written_on": "2026-01-01"}, "plan", "content", "sections", "magic"),
        "/sections/magic: ",
    ),
    (put("magic", "plan", "content", "targets", 0, "area"), "/plan/content/targets/0/area: "),
    (put("a\0b", "plan", "content", "targets", 0, "goal"), "/plan/content/targets/0/goal: "),
    (put("\ud800", "plan", "content", "targets", 0, "goal"), "/plan/content/targets/0/goal: "),
    (put(FORM + 1, "plan", "content", "form"), "/plan/content/form: "),
    (put("1999-01-01", "child", "born_on"), "/child/born_on: This is the plan of another child"),
    (put("A123456789012", "child", "upn"), "/child/upn: This is the plan of another child"),
]


@pytest.mark.req("XLA-07")
def test_every_misfit_is_named_with_its_place_and_nothing_is_taken_over(world: World) -> None:
    good = for_other(world, exported(world, final(world.own).pep))
    world.other.child.upn, good["child"]["upn"] = "A999999999999", ""
    for change, beginning in MISFITS:
        found = json.loads(packed(good))  # not deepcopy, which keeps one content for plan and version
        change(found)
        told = wrong(world, json.dumps(found).encode())
        assert any(beginning in sentence for sentence in told), (beginning, told)
    with acting(world.other, Role.LACE_COORDINATOR) as by:
        assert not Pep.objects.filter(child=world.other.child).exists()
        assert read_plan(by=by, child=world.other.child, data=packed(good))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a": 1, "a": 2}', b"NaN", b" " * (MOST_BYTES + 1), b"[]", b"null", b'"lace-pep/1"'],
    ids=["empty", "not text", "cut off", "deep", "twice", "no number", "large", "list", "null", "text"],
)
def test_what_is_no_such_document_is_refused_in_a_sentence(world: World, data: bytes) -> None:
    (sentence,) = wrong(world, data)
    assert len(sentence) > 20


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["format", "child", "plan", "versions", "x"]), inner, max_size=4),
    max_leaves=12,
)


@given(found=json_values)
def test_no_document_is_too_odd_to_be_told_what_is_wrong(found: Any) -> None:
    told = misfits(found, today=timezone.localdate(), digest=digest, edition=FORM)
    assert told
    assert all(str(misfit) for misfit in told)


def test_a_child_with_a_current_plan_takes_no_other_over(world: World) -> None:
    found = for_other(world, exported(world, final(world.own).pep))
    started(world.other)
    with pytest.raises(Refused) as refusal:
        taken_over(world, found)
    assert not isinstance(refusal.value, BadInput)


@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.IRO, Role.FOSTER_CARER, Role.HEADTEACHER, Role.CHILD])
def test_who_may_neither_give_nor_take(world: World, role: Role) -> None:
    pep = final(world.own).pep
    found = packed(exported(world, pep))
    with acting(world.own, role) as by:
        with pytest.raises(NotAllowed):
            export_plan(by=by, pep=pep)
        with pytest.raises(NotAllowed):
            import_plan(by=by, child=world.own.child, data=found)


# -- the pages -----------------------------------------------------------------------------------------------------------


def sent(world: World, data: bytes) -> Any:
    client = world.client(Role.LACE_COORDINATOR, world.other)
    address = f"/children/{world.other.child.pk}/plan/import/"
    return client, address, client.post(address, {"file": SimpleUploadedFile("plan.json", data, "application/json")})


@pytest.mark.req("XLA-07", "PRIV-12", "PRIV-14")
def test_the_export_is_a_file_that_names_nobody_and_is_recorded(world: World) -> None:
    final(world.own)
    client = world.client(Role.LACE_COORDINATOR)
    assert "plan.json" in text(client.get(plan(world)))
    response = client.get(plan(world, "plan.json"))
    assert response["Content-Disposition"] == 'attachment; filename="plan.json"'
    assert response.json()["format"] == "lace-pep/1"
    with acting(world.own, Role.LACE_COORDINATOR):
        look = Read.objects.latest("id")
    assert (look.door, look.act, look.children) == ("child_plan_export", Read.Act.EXPORT, [world.own.child.pk])


def test_a_file_is_looked_at_before_it_is_taken_over(world: World) -> None:
    client, address, page = sent(world, packed(for_other(world, exported(world, amended(world)[1].pep))))
    shown = text(page)
    assert "What the file holds" in shown
    assert "Version 2" in shown
    with acting(world.other, Role.LACE_COORDINATOR):
        assert not Pep.objects.filter(child=world.other.child).exists()
    content = re.search(r'name="content" value="([^"]*)"', page.content.decode())
    assert content
    done = client.post(address, {"content": unescape(content[1])}, follow=True)
    assert "The plan is taken over" in text(done)
    with acting(world.other, Role.LACE_COORDINATOR):
        assert Pep.objects.get(child=world.other.child).version == 2
    assert client.get(address).status_code == 302  # there is a plan now


def test_what_came_back_changed_is_refused_too(world: World) -> None:
    found = for_other(world, exported(world, final(world.own).pep))
    found["versions"][0]["reason"], found["versions"][0]["sha256"] = "x", "0" * 64
    client, address, _page = sent(world, b"{}")
    response = client.post(address, {"content": packed(found).decode()})
    assert "/versions/0/sha256" in text(response)


def test_a_bad_file_is_told_on_the_page(world: World) -> None:
    _client, _address, page = sent(world, b'{"format": "x"}')
    assert "There is a problem" in text(page)
    assert "/versions: This is missing" in text(page)


@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.IRO, Role.FOSTER_CARER])
def test_the_links_are_there_for_those_who_may(world: World, role: Role) -> None:
    client = world.client(role)
    assert "/import/" not in text(client.get(plan(world)))
    assert client.get(plan(world, "import/")).status_code == 403
    final(world.own)
    assert "plan.json" not in text(client.get(plan(world)))
    assert client.get(plan(world, "plan.json")).status_code == 403


@pytest.mark.req("PEP-23", "PEP-10")
def test_contributions_go_along_and_who_is_asked_there_is_not_asked_here(world: World) -> None:
    pep = written(world.own)
    rows = asked_of(world, pep, "carer", "iro", "social_worker")
    gave(world, pep, Role.FOSTER_CARER, rows["carer"], answers={"well": "Canu"}, language="cy")
    with acting(world.own, Role.IRO) as by:
        decline(by=by, pep=pep, contribution=rows["iro"].pk, reason="Too soon", version=1)
    first = for_other(world, exported(world, pep))
    assert {row["state"] for row in first["plan"]["content"]["contributions"]} == {"given", "declined", "awaited"}
    copy = taken_over(world, first)
    with acting(world.other, Role.LACE_COORDINATOR) as by:
        second = export_plan(by=by, pep=copy)
    said = [row for row in first["plan"]["content"]["contributions"] if row["state"] != "awaited"]
    assert second["plan"]["content"]["contributions"] == said
    assert first["plan"]["content"] | {"contributions": said} == second["plan"]["content"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"said_on": ""}, "said_on"),
        ({"answers": {}}, "answers"),
        ({"answers": {"nonsense": "x"}}, "answers/nonsense"),
        ({"role": "governor"}, "role"),
        ({"state": "awaited"}, "said_on"),
    ],
)
def test_a_contribution_that_does_not_fit_is_named(world: World, change: dict[str, Any], pointer: str) -> None:
    pep = written(world.own)
    gave(world, pep, Role.FOSTER_CARER, asked_of(world, pep, "carer")["carer"])
    found = for_other(world, exported(world, pep))
    found["plan"]["content"]["contributions"][0] |= change
    told = wrong(world, found)
    assert told[0].startswith(f"/plan/content/contributions/0/{pointer}:"), told
