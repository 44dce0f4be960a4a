"""A furnished world: two authorities with the same people, schools and kinds of data, so that every stranger has something to hide."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from lace.accounts.access import GROUP_RELATION, HELD_IN_SCHOOL, NAMED_RELATION, TIME_LIMITED, Relation, Role
from lace.accounts.acting import actor_for
from lace.accounts.models import Language, LocalAuthority, Membership, Organisation, User
from lace.accounts.signing_in import MEMBERSHIP
from lace.children import rules, upn
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Placement, relation_code
from lace.children.services import ChildFacts, PlacementFacts
from lace.core.actor import Actor
from lace.web.middleware import serving
from schools.models import Enrolment, School
from schools.rules import SchoolKind
from schools.services import entry

PASSWORD = "correct-horse-battery-9"
_numbers = itertools.count(1)
_schools = itertools.count(1)


@dataclass
class Authority:
    """One authority with a member in every role, a school and a looked-after child with everything."""

    row: LocalAuthority
    school: School
    members: dict[Role, Membership] = field(default_factory=dict)
    child: Child = field(init=False)
    episode: CareEpisode = field(init=False)
    placement: Placement = field(init=False)
    enrolment: Enrolment = field(init=False)

    def actor(self, role: Role) -> Actor:
        return actor_for(self.members[role], today=timezone.localdate())

    def user(self, role: Role) -> User:
        return self.members[role].user


@dataclass
class World:
    """`own` and `other` are alike; a test acts in `own` and looks at `other`."""

    own: Authority
    other: Authority

    def client(self, role: Role, authority: Authority | None = None) -> Client:
        """A browser signed in under this role."""
        return signed_in((authority or self.own).members[role])


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session[MEMBERSHIP] = membership.pk
    session.save()
    return client


def person(role: Role, authority: LocalAuthority, organisation: Organisation | None = None, *, language: str = Language.ENGLISH) -> Membership:
    """Somebody with an account and this role from a year ago."""
    number = next(_numbers)
    user = User.objects.create_user(email=f"{role}{number}@lace.example", name=f"{role.title()} Person{number}", password=None, language=language)
    return Membership.objects.create(
        user=user, role=role, authority=authority, organisation=organisation, starts_on=timezone.localdate() - timedelta(days=365)
    )


def people(places: dict[Role, Organisation | None], authority: LocalAuthority) -> dict[Role, Membership]:
    """Somebody in each role, as `person` makes them, in two statements."""
    numbers = {role: next(_numbers) for role in places}
    users = User.objects.bulk_create(
        User(email=f"{role}{number}@lace.example", name=f"{role.title()} Person{number}", password="!") for role, number in numbers.items()
    )
    since = timezone.localdate() - timedelta(days=365)
    members = Membership.objects.bulk_create(
        Membership(user=user, role=role, authority=authority, organisation=place, starts_on=since)
        for user, (role, place) in zip(users, places.items(), strict=True)
    )
    return {Role(member.role): member for member in members}


def make_school(authority: LocalAuthority, kind: str = SchoolKind.SECONDARY) -> School:
    number = next(_schools)
    group = Group.objects.create(name=f"school:{authority.la_number}{number:04d}")
    organisation = Organisation.objects.create(
        kind=Organisation.Kind.SCHOOL, authority=authority, group=group, name_en=f"Hill School {number}", name_cy=f"Ysgol y Bryn {number}"
    )
    return School.objects.create(organisation=organisation, number=f"{authority.la_number}{number:04d}", kind=kind, roll=600)


def make_body(authority: LocalAuthority, kind: str) -> Organisation:
    number = next(_numbers)
    group = Group.objects.create(name=f"{kind}:{number}")
    return Organisation.objects.create(kind=kind, authority=authority, group=group, name_en=f"Body {number}", name_cy=f"Corff {number}")


def furnish(code: str) -> Authority:
    """An authority's school, people and child. Entry to care was an emergency, three days ago."""
    row = LocalAuthority.objects.get(code=code)
    school = make_school(row)
    made = Authority(row=row, school=school)
    home, service, college = (make_body(row, kind) for kind in ("home", "service", "provider"))
    bodies = {Role.RESIDENTIAL_LINK_WORKER: home, Role.FOSTERING_MANAGER: home, Role.LEAVING_CARE_MANAGER: service, Role.PROVIDER_LEAD: college}
    in_school = {role for role in Role if role in HELD_IN_SCHOOL or {Relation.SCHOOL, Relation.SCHOOL_ALN} & set(GROUP_RELATION.get(role, ()))}
    made.members = people({role: school.organisation if role in in_school else bodies.get(role) for role in Role}, row)
    made.child, made.episode, made.placement, made.enrolment = enter(made, entered_on=timezone.localdate() - timedelta(days=3))
    surround(made, made.child, {Relation.HOME: home, Relation.LEAVING_CARE: service, Relation.PROVIDER: college})
    return made


def surround(authority: Authority, child: Child, bodies: dict[Relation, Organisation]) -> None:
    """Everybody else whom requirements section 3 lets stand in a relation to a child, since yesterday and for a month."""
    today = timezone.localdate()
    since, until = today - timedelta(days=1), today + timedelta(days=30)
    by_itself = {Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER}  # named by the entry to care
    given: dict[str, Any] = {"content_object": child, "authority_id": child.authority_id, "starts_on": since}
    to_bodies = {**bodies, Relation.SCHOOL_ALN: authority.school.organisation}
    with serving(authority.actor(Role.CASE_SYSTEM)), transaction.atomic():
        ChildGroupGrant.objects.bulk_create(
            ChildGroupGrant(group_id=body.group_id, permission=relation_code(relation), **given) for relation, body in to_bodies.items()
        )
        ChildUserGrant.objects.bulk_create(
            ChildUserGrant(
                user=authority.user(role), permission=relation_code(relation), ends_on=until if relation in TIME_LIMITED else None, **given
            )
            for role, relation in NAMED_RELATION.items()
            if role not in by_itself
        )


def enter(authority: Authority, *, entered_on: date, **facts: Any) -> tuple[Child, CareEpisode, Placement, Enrolment]:
    """A child of this authority entering care, through the service that the API calls."""
    number = next(_numbers)
    by = authority.actor(Role.CASE_SYSTEM)
    values: dict[str, Any] = {
        "reference": f"SC{number:06d}",
        "given_names": f"Mabli{number}",
        "family_name": f"Llwyd{number}",
        "born_on": date(2012, 5, 4),
        "sex": rules.Sex.FEMALE,
        "ethnicity": rules.Ethnicity.WHITE_BRITISH,
        "upn": upn.generate(authority=authority.row.la_number, school="4001", year=2017, serial=number % 1000),
        "first_language": "Cymraeg",
    }
    with serving(by):
        result = entry.enter_care(
            by=by,
            facts=entry.EntryFacts(
                child=ChildFacts(**(values | facts)),
                started_on=entered_on,
                entry_type=rules.EntryType.EMERGENCY,
                reason=rules.EntryReason.ABUSE_OR_NEGLECT,
                legal_status=rules.LegalStatus.CARE_ORDER,
                placement=PlacementFacts(
                    kind=rules.PlacementType.FOSTER,
                    started_on=entered_on,
                    host_authority=authority.row,
                    carer_name=f"Gofalwr Cudd{number}",
                    address=f"{number} Hidden Lane",
                    postcode="LL55 1AA",
                    carers=(authority.user(Role.FOSTER_CARER),),
                ),
                school=authority.school,
                social_worker=authority.user(Role.SOCIAL_WORKER),
                iro=authority.user(Role.IRO),
            ),
        )
    assert result.enrolment is not None
    return result.child, result.episode, result.placement, result.enrolment


@pytest.fixture
def world(db: None) -> World:
    return World(own=furnish("CRF"), other=furnish("GWN"))
