"""What a unique index or a foreign key says when it refuses: nothing of a row that the asker may not see.

PostgreSQL checks both past row-level security. A key that a person can guess (a UPN, a reference) is therefore unique within an authority
only; an id cannot be guessed (122 random bits), and its error quotes no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from lace.accounts.access import Relation, Role
from lace.children.models import Child, relation_code
from lace.core.actor import Actor
from lace.web.middleware import serving
from schools.models import Enrolment
from schools.services.register import enrol
from tests.lace.api.callers import Caller
from tests.schools.test_api import entry
from tests.world import World

# Unique keys of protected tables that are neither within an authority nor an id, and why nobody learns from them.
GUESSABLE: dict[str, str] = {
    "accounts_roleinvitation": "the digest of a link: 256 bits that only its reader knows",
    "peps_contribution": "the digest of a link, as above; and with the id of the plan",
    "peps_reply": "with the id of the plan",
    "peps_addition": "with the id of the plan",
    "notifications_feed": "the digest of an address, 256 bits that only its reader knows; and one open address a person, for oneself alone",
    "notifications_preference": "one's own account: the policy refuses a row for anybody else before the key is looked at",
    "api_answer": "the caller's own key, under the caller's own number; asked by the API alone, for its own caller",
    "children_childusergrant": "with the child's id",
    "children_childgroupgrant": "with the child's id",
    "reporting_termlyreport": "a school's own, and a school is one authority's: whoever tries learns that the school has reported, of no child",
    "schools_schoolpolicy": "as reporting_termlyreport: whether a school has a policy is no secret",
    "reporting_termfigures": "published figures, one row for each body and term",
}


def told(by: Actor, statement: str, *values: Any) -> str:
    """What the database answers to this statement of somebody's, checks that wait for the end of the transaction included."""
    with serving(by), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        try:
            with transaction.atomic():
                cursor.execute(statement, values)
                return f"{cursor.rowcount} rows"
        except Error as error:
            return str(error)


def without(text: str, *values: object) -> str:
    """The text with these values blotted out, so that two answers can be laid on each other."""
    for value in values:
        text = text.replace(str(value), "…")
    return text


CHILD = "INSERT INTO children_child ({columns}) SELECT {values} FROM children_child WHERE id = %s"


def copy_of_child(by: Actor, child: UUID, changes: Mapping[str, str]) -> str:
    """Try to write a child like one that is there, with other values in some columns."""
    columns = [str(field.column) for field in Child._meta.concrete_fields]
    values = [changes.get(column, f'"{column}"') for column in columns]
    return told(by, CHILD.format(columns=", ".join(f'"{column}"' for column in columns), values=", ".join(values)), child)


@pytest.mark.req("PRIV-13", "LA-01")
def test_a_number_that_another_authority_uses_is_free_here(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    theirs = world.other.child
    taken = copy_of_child(by, world.own.child.pk, {"id": "gen_random_uuid()", "upn": f"'{theirs.upn}'", "reference": f"'{theirs.reference}'"})
    free = copy_of_child(by, world.own.child.pk, {"id": "gen_random_uuid()", "upn": "'A999999999999'", "reference": "'SC-FREE'"})
    assert taken == free == "1 rows"


@pytest.mark.req("PRIV-13")
def test_what_is_taken_in_the_own_authority_is_refused_without_quoting_the_row(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    for column, constraint in (("upn", "upn_once_in_authority"), ("reference", "reference_once_in_authority")):
        others = {"upn": "''", "reference": "'SC-FREE'", "id": "gen_random_uuid()"} | {column: f'"{column}"'}
        said = copy_of_child(by, world.own.child.pk, others)
        assert said.strip() == f'duplicate key value violates unique constraint "{constraint}"'


@pytest.mark.req("PRIV-13", "LA-01")
@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.ADMINISTRATOR])
def test_a_hidden_childs_id_gets_the_answer_of_an_id_that_is_not(world: World, role: Role) -> None:
    """Rows written about a child of another authority, and about a child that is not there."""
    by, other, hidden, nobody = world.own.actor(role), world.other, world.other.child.pk, uuid4()
    person, group = other.user(role).pk, other.row.group_id
    today = timezone.localdate()
    with serving(by):
        relation = relation_code(Relation.GUEST).pk
    statements: dict[str, tuple[str, tuple[Any, ...]]] = {
        "a grant to me": (
            "INSERT INTO children_childusergrant (content_object_id, user_id, permission_id, authority_id, starts_on) VALUES (%s, %s, %s, %s, %s)",
            (by.user_id, relation, by.authority_id, today),
        ),
        "a grant in their name": (
            "INSERT INTO children_childusergrant (content_object_id, user_id, permission_id, authority_id, starts_on) VALUES (%s, %s, %s, %s, %s)",
            (person, relation, other.row.pk, today),
        ),
        "a grant to a body": (
            "INSERT INTO children_childgroupgrant (content_object_id, group_id, permission_id, authority_id, starts_on) VALUES (%s, %s, %s, %s, %s)",
            (group, relation, by.authority_id, today),
        ),
        "an enrolment": (
            "INSERT INTO schools_enrolment (id, created_at, child_id, school_id, authority_id, started_on, ended_on, leaving_reason)"
            " VALUES (gen_random_uuid(), now(), %s, %s, %s, %s, current_date + 999, 'x')",
            (world.own.school.pk, by.authority_id, today),
        ),
        "an enrolment in their name": (
            "INSERT INTO schools_enrolment (id, created_at, child_id, school_id, authority_id, started_on, ended_on, leaving_reason)"
            " VALUES (gen_random_uuid(), now(), %s, %s, %s, %s, current_date + 999, 'x')",
            (other.school.pk, other.row.pk, today),
        ),
        "my row moved to the child": ("UPDATE deadlines_duty SET child_id = %s WHERE child_id = %s", (world.own.child.pk,)),
        "the child renamed": ("UPDATE children_child SET family_name = 'x' WHERE id = %s", ()),
        "the child locked": ("SELECT 1 FROM children_child WHERE id = %s FOR UPDATE", ()),
    }
    for what, (statement, values) in statements.items():
        to_hidden, to_nobody = (told(by, statement, child, *values) for child in (hidden, nobody))
        # Two foreign keys guard the same column; which of them refuses tells only whoever knows the id already.
        same = [re.sub(r'constraint "\w+"', "constraint", without(said, child)) for said, child in ((to_hidden, hidden), (to_nobody, nobody))]
        assert same[0] == same[1], what
        assert str(hidden) not in to_hidden, what
        assert "1 rows" not in to_hidden, what


@pytest.mark.req("PRIV-13")
def test_a_known_id_that_is_taken_is_refused_without_a_word_about_its_row(world: World) -> None:
    said = copy_of_child(world.own.actor(Role.CASE_SYSTEM), world.own.child.pk, {"id": f"'{world.other.child.pk}'", "upn": "''", "reference": "'X'"})
    assert re.fullmatch(r'duplicate key value violates unique constraint "\w+"', said.strip()), said


@pytest.mark.django_db
def test_what_a_person_can_guess_is_unique_within_an_authority_only() -> None:
    """Every unique index of a table under row-level security holds the authority or a random id: a new global number fails here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text), bool_or(a.atttypid = 'uuid'::regtype OR a.attname = 'authority_id')"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)"
            " WHERE c.relrowsecurity AND i.indisunique AND NOT i.indisprimary GROUP BY i.indexrelid, c.relname"
        )
        found = cursor.fetchall()
    wrong = {table: columns for table, columns, safe in found if not safe and table not in GUESSABLE}
    assert len(found) > 15
    assert not wrong, f"{wrong}: whoever tries a value learns that another authority has it; put authority_id into the key."


def body_of(answer: Any) -> Any:
    return json.loads(answer.content) if answer.content else None


@pytest.mark.req("PRIV-13", "LA-01")
def test_an_entry_with_another_authoritys_numbers_is_an_entry_like_any_other(world: World) -> None:
    caller, theirs = Caller(world.own), world.other.child
    taken = caller.post("entries/", entry(world.own, child__reference=theirs.reference, child__upn=theirs.upn))
    free = caller.post("entries/", entry(world.own, child__reference="SC-FREE"))
    assert (taken.status_code, free.status_code) == (201, 201)
    assert {key: len(str(value)) for key, value in body_of(taken)["child"].items()}.keys() == body_of(free)["child"].keys()
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert Child.objects.get(pk=body_of(taken)["child"]["id"]).upn == theirs.upn


@pytest.mark.req("PRIV-13")
def test_a_key_that_another_authority_sent_is_new_here(world: World) -> None:
    first = Caller(world.other).post("entries/", entry(world.other, child__reference="SC-A"), key="the-same-key")
    second = Caller(world.own).post("entries/", entry(world.own, child__reference="SC-B"), key="the-same-key")
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in second.headers
    assert body_of(first)["child"]["id"] != body_of(second)["child"]["id"]


@pytest.mark.req("PRIV-13")
def test_people_of_another_authority_are_as_unknown_as_nobody(world: World) -> None:
    """An entry that names their social worker, IRO or carer, and one that names an address without an account."""
    caller = Caller(world.own)
    for field, role in (("social_worker", Role.SOCIAL_WORKER), ("iro", Role.IRO)):
        known, unknown = world.other.user(role).email, "nobody.at.all@lace.example"
        answers = [caller.post("entries/", entry(world.own, **{field: email})) for email in (known, unknown)]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert without(answers[0].content.decode(), known) == without(answers[1].content.decode(), unknown)


@pytest.mark.req("PRIV-13", "LA-01")
def test_the_api_answers_for_a_hidden_child_as_for_none(world: World) -> None:
    """Every act and read about a child by its id."""
    caller, hidden, nobody = Caller(world.own), world.other.child.pk, uuid4()
    today = timezone.localdate().isoformat()
    acts: dict[str, Any] = {
        "placements/": {"kind": "foster", "started_on": today, "host_authority": world.own.row.gss},
        "social-worker/": {"social_worker": world.own.user(Role.SOCIAL_WORKER).email, "started_on": today},
        "end-of-care/": {"ended_on": today, "reason": "returned_home"},
        "reviews/": {"scheduled_for": f"{today}T14:00:00+00:00", "venue": "School"},
    }
    version = {"If-Match": '"1"'}
    for path, body in acts.items():
        there, nowhere = (caller.post(f"children/{child}/{path}", body, headers=version) for child in (hidden, nobody))
        assert there.status_code == 404, (path, there.content)
        assert without(there.content.decode(), hidden) == without(nowhere.content.decode(), nobody), path
    for path in ("", "duties/", "reviews/", "pep/"):
        there, nowhere = (caller.get(f"children/{child}/{path}") for child in (hidden, nobody))
        assert there.status_code == nowhere.status_code == 404, path
        assert without(there.content.decode(), hidden) == without(nowhere.content.decode(), nobody), path
    assert caller.get(f"children/?reference={world.other.child.reference}").json() == caller.get("children/?reference=SC-NONE").json()


@pytest.mark.req("PRIV-13")
def test_a_school_of_another_authority_takes_the_child_without_telling_who_else_is_there(world: World) -> None:
    """Schools are public bodies; that theirs has a looked-after child already is not."""
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        enrol(by=by, child=world.own.child, school=world.other.school, on=timezone.localdate())
        assert set(Enrolment.objects.values_list("child", flat=True)) == {world.own.child.pk}
