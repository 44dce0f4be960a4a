"""The world of the matrix: nine sets of people, each with a child of its own, and one child to whom all of them stand differently."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from oauth2_provider.models import AccessToken

from lace.accounts.access import Facet, Relation, Role
from lace.accounts.acting import actor_for
from lace.accounts.models import Membership, User
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, PlacementNotice, relation_code
from lace.children.services import PlacementFacts, place
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from peps.models import Pep, Target, Version
from reviews.models import EarlierReview, Invitation, Review
from schools.models import Designation, EotasPlace
from schools.services.register import enrol
from tests.access import office
from tests.access.canaries import Canaries, Planter
from tests.access.policy.people import BODIES, EMERGENCY, REACH
from tests.access.policy.standings import GUEST_READS, ONLY, SCHOOL_ROLES, STANDINGS
from tests.lace.api.callers import Caller
from tests.reporting.test_report_challenges import challenged
from tests.reporting.test_reports import published
from tests.world import Authority, furnish

MISSING = uuid.UUID("00000000-0000-4000-8000-000000000000")
LETTERS = "ABCDEFGHI"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who knocks: in which role, standing where, under which membership."""

    role: str
    standing: str
    membership: Membership

    def __str__(self) -> str:
        return f"{self.role} ({self.standing})"


@dataclass(repr=False)
class Facts:
    """What the oracle knows of a child: whose it is, and which relations are open. Planted, never read back from the application."""

    letter: str
    child: Child
    authority: int
    groups: dict[str, set[int]]  # relation -> ids of authorities, or of bodies
    named: dict[str, set[int]]  # relation -> ids of people
    narrowed: dict[str, frozenset[str]] = field(default_factory=dict)  # relation -> the facets left of it
    # Of what waits between bodies: whose it is to act, an authority or an organisation, by its id.
    sides: dict[str, tuple[str, int]] = field(default_factory=dict)
    absent: int = 0  # whose absence stands in the authority's list


@dataclass(repr=False)
class Cast:
    """Who and what there is."""

    sets: dict[str, Authority]
    facts: dict[str, Facts]  # by letter; "A" is the child of the matrix
    canaries: Canaries
    people: list[Person]
    tokens: dict[str, str]  # of each standing's case system
    parameters: dict[str, Any]  # of addresses, about the child "A"
    others: dict[str, Any]  # the same kinds of things, of the child "B" of the responsible people's colleagues

    @property
    def child(self) -> Child:
        return self.facts["A"].child


def make() -> Cast:
    """Build it."""
    sets = {standing: furnish(code) for standing, (code, _why) in STANDINGS.items()}
    _move(sets["responsible"].child, sets)
    facts = {letter: _facts(letter, held, sets) for letter, held in zip(LETTERS, sets.values(), strict=True)}
    for known in facts.values():
        _open(known, sets)
    canaries = Canaries()
    made = {letter: _plant(canaries, letter, held, sets) for letter, held in zip(LETTERS, sets.values(), strict=True)}
    people = [
        Person(str(role), standing, membership)
        for standing, held in sets.items()
        for role, membership in held.members.items()
        if standing not in ONLY or str(role) in ONLY[standing]
    ]
    tokens = {standing: Caller(held).token for standing, held in sets.items()}
    AccessToken.objects.update(expires=timezone.now() + timedelta(days=1))  # a slow machine takes longer than a token lasts
    facts["A"].absent = sets["responsible"].user(Role.SOCIAL_WORKER).pk
    things = office.furnish(sets["responsible"])  # its calendar moves due dates, so before one is made late
    ours = _parameters(made["A"], sets["responsible"], sets["school"]) | things
    theirs = _parameters(made["B"], sets["colleague"], sets["colleague"])
    return Cast(sets, facts, canaries, people, tokens, ours, theirs)


def _move(child: Child, sets: dict[str, Authority]) -> None:
    """From home to "former" and on to "host"; from the own authority's school to one of "school"."""
    own, by, today = sets["responsible"], sets["responsible"].actor(Role.CASE_SYSTEM), timezone.localdate()
    with serving(by):
        for days, standing in ((2, "former"), (1, "host")):
            place(
                by=by,
                episode=CareEpisode.objects.select_related("child").get(pk=own.episode.pk),
                facts=PlacementFacts(
                    kind="foster",
                    started_on=today - timedelta(days=days),
                    host_authority=sets[standing].row,
                    carer_name="Gofalwr",
                    address="1 Hidden Lane",
                    postcode="LL55 1AA",
                    carers=tuple(own.user(role) for role in own.members if REACH[str(role)] == "carer"),
                ),
            )
        enrol(by=by, child=child, school=sets["school"].school, on=today - timedelta(days=1))


def _facts(letter: str, held: Authority, sets: dict[str, Authority]) -> Facts:
    """Who stands to the child in which relation, as section 3 wants it: everybody whom a relation can name, in the right place."""
    at = sets["school"] if letter == "A" else held  # the authority whose school the child attends
    named: dict[str, set[int]] = {}
    groups: dict[str, set[int]] = {}
    for role, member in held.members.items():
        reach = REACH[str(role)]
        member = at.members[role] if str(role) in SCHOOL_ROLES else member
        if reach in BODIES:
            groups.setdefault(reach, set()).add(member.organisation_id or 0)
        elif reach not in {"authority", ""}:
            named.setdefault(reach, set()).add(member.user_id)
    found = Facts(letter, held.child, held.row.pk, groups, named)
    if letter == "A":
        found.groups |= {"host": {sets["host"].row.pk}, "school_authority": {at.row.pk}}
        found.groups |= {relation: {sets[relation].row.pk} for relation in ("guest", "previous")}
        found.narrowed["guest"] = GUEST_READS
        authorities = {"giver": held, "taker": sets["guest"], "host": sets["host"]}
        found.sides = {side: ("authority_id", whose.row.pk) for side, whose in authorities.items()}
        found.sides["asked"] = ("organisation_id", at.school.organisation_id)
        found.named["emergency"] = {sets["guest"].user(Role(role)).pk for role in EMERGENCY & ONLY["guest"] if role != "lace_coordinator"}
    return found


def _open(facts: Facts, sets: dict[str, Authority]) -> None:
    """Open what the entry to care and the moves have not opened. What they left open too much, the matrix finds."""
    today = timezone.localdate()
    dates = {"authority_id": facts.authority, "starts_on": today - timedelta(days=1), "ends_on": today + timedelta(days=30)}
    with everything(facts.authority):
        for relation, users in facts.named.items():
            code = relation_code(Relation(relation))
            known = set(
                ChildUserGrant.objects.filter(content_object=facts.child, permission=code).exclude(ends_on__lte=today).values_list("user", flat=True)
            )
            for user in users - known:
                ChildUserGrant.objects.create(content_object=facts.child, permission=code, user_id=user, **dates)
        for relation, held in facts.groups.items():
            code = relation_code(Relation(relation))
            for body in held:
                group = _group(relation, body, sets)
                if not ChildGroupGrant.objects.filter(content_object=facts.child, permission=code, group=group).exclude(ends_on__lte=today).exists():
                    given = {"facets": [Facet(facet) for facet in sorted(facts.narrowed[relation])]} if relation in facts.narrowed else {}
                    ChildGroupGrant.objects.create(content_object=facts.child, permission=code, group_id=group, **dates, **given)


def _group(relation: str, body: int, sets: dict[str, Authority]) -> int:
    if relation in BODIES:
        return next(
            member.organisation.group_id
            for held in sets.values()
            for member in held.members.values()
            if member.organisation is not None and member.organisation_id == body
        )
    return next(held.row.group_id for held in sets.values() if held.row.pk == body)


@contextmanager
def everything(authority: int) -> Iterator[None]:
    """Write as somebody who may write every table of this authority's children."""
    held = Membership.objects.filter(authority=authority, role=Role.LACE_COORDINATOR).select_related("authority", "organisation", "user")
    with serving(actor_for(held[0], today=timezone.localdate())):
        yield


def _plant(canaries: Canaries, letter: str, held: Authority, sets: dict[str, Authority]) -> Planter:
    school = sets["school"].school if letter == "A" else held.school
    planter = Planter(canaries, held.child, letter, school, held.user(Role.LACE_COORDINATOR), sets["guest" if letter != "H" else "host"].row)
    with everything(held.row.pk):
        planter.furnish()
        if letter == "A":
            _former(held.child, sets["former"])
            PlacementNotice.objects.filter(child=held.child).update(host=sets["host"].row, acknowledged_by=None)
            Invitation.objects.filter(child=held.child).update(review=Review.objects.get(child=held.child, state="scheduled"))
    for role in ("foster_carer", "kinship_carer"):
        carer = held.members[Role(role)].user
        word, address = (canaries.word(letter, f"carer.{name}", "address", account=carer.pk) for name in ("name", "email"))
        User.objects.filter(pk=carer.pk).update(name=word, email=f"{address.lower()}@lace.example")
        carer.refresh_from_db()
    return planter


def _former(child: Child, former: Authority) -> None:
    """The people of where the child lived were named until the move."""
    today = timezone.localdate()
    for role, member in former.members.items():
        relation = REACH[str(role)]
        if relation not in BODIES | {"authority", ""}:
            ChildUserGrant.objects.create(
                content_object=child,
                permission=relation_code(Relation(relation)),
                user=member.user,
                authority_id=child.authority_id,
                starts_on=today - timedelta(days=2),
                ends_on=today - timedelta(days=1),
            )
    assert ChildGroupGrant.objects.filter(content_object=child, group=former.row.group, ends_on__lte=today).exists()


def _share(child: Child, relation: str) -> int:
    code = relation_code(Relation(relation))
    return int(ChildUserGrant.objects.filter(content_object=child, permission=code).exclude(ends_on__lte=timezone.localdate()).get().pk)


def _parameters(planter: Planter, own: Authority, at: Authority) -> dict[str, Any]:
    child, school = planter.child, at.school
    membership = Membership.objects.filter(organisation=school.organisation_id, role=Role.DESIGNATED_PERSON)[0]
    today, report = timezone.localdate(), published(at)
    designation = Designation.objects.create(
        authority_id=school.organisation.authority_id, school=school, membership=membership, decided_on=today, started_on=today
    )
    with everything(child.authority_id):
        late = Duty.objects.filter(child=child, code="care_plan")[0]
        Duty.objects.filter(pk=late.pk).update(due_on=today - timedelta(days=1))
        return {model.__name__.lower(): row.pk for model, row in planter.made.items()} | {
            "child": child.pk,
            "version": planter.made[Version].pk,
            "target": planter.made[Target].pk,
            "review": Review.objects.get(child=child, state="scheduled").pk,
            "duty": late.pk,
            "pep": planter.made[Pep].pk,
            "number": school.number,
            "designation": designation.pk,
            "report": report.pk,
            "raised": challenged(at, report).pk,
            "notice": PlacementNotice.objects.filter(child=child).order_by("-created_at").values_list("pk", flat=True)[0],
            "place": planter.made[EotasPlace].pk,
            "share": _share(child, "advocate"),
            "consented": _share(child, "careers_adviser"),
            "kind": "person",
            "relation": "advocate",
            "role": "teacher",
            "person": own.user(Role.SOCIAL_WORKER).pk,
            "membership": own.members[Role.SOCIAL_WORKER].pk,
            "code": "2026-autumn",
            "rule": "pep_initiated_emergency",
            "asked": planter.made[EarlierReview].pk,
            "part": "history",
            "question": "achievements",
            "of_my_page": "like",
        }
