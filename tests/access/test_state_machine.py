"""Access through time: children enter care, move, change school, are shared, handed over and leave; staff come and go; days pass.

After each step three statements of the application must agree with a fourth that is kept here in plain Python: `visible_to` with no
policy to help it, row-level security alone, and `grants_of`. What a row gives comes from `policy`, which the application never reads.

LACE_STATE_STEPS says how many steps are taken (a nightly run takes 200,000).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from lace.accounts.access import Facet, Relation, Role
from lace.accounts.acting import actor_for
from lace.accounts.models import Membership, User
from lace.accounts.services.people import end_access
from lace.accounts.services.roles import open_membership
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Handover, grants_of
from lace.children.rules import LegalBasis
from lace.children.services import PlacementFacts, assign
from lace.children.services.sharing import ShareFacts, change_end, let_in, name_person
from lace.core.actor import Actor
from lace.core.workdays import add_months
from lace.web.middleware import serving
from schools.rules import LeavingReason
from schools.services import handover
from schools.services.emergency import Sought, open_in_emergency
from schools.services.entry import leave_care
from schools.services.placing import place_child
from schools.services.register import enrol, leave
from tests.access.known import Known, Open
from tests.access.policy.people import AUTHORITIES, BODIES, EMERGENCY, HOLDS_TOO, REACH, TABLE
from tests.world import Authority, enter, furnish, make_school, person

STEPS = int(os.environ.get("LACE_STATE_STEPS", "1000"))
AN_EXAMPLE = 40  # steps from one beginning
MOST_CHILDREN = 3

# Who comes to nothing of what the steps do needs no asking; these do.
ROLES = (
    *("lace_coordinator", "case_system", "designated_manager", "pep_reviewer", "social_worker", "iro", "foster_carer", "kinship_carer"),
    *("advocate", "designated_person", "headteacher", "child_protection_lead", "administrator"),
)
LEAVERS = ("social_worker", "foster_carer", "advocate", "lace_coordinator", "designated_person")
# What goes on after care ended (002 4.73, PRIV-17); of what these steps open, break-glass alone.
AFTER_CARE = {"emergency"}
GIVABLE = {"guest": ("identity", "education", "attendance", "care"), "advocate": ("identity", "education", "voice")}


@dataclass
class Somebody:
    """A role held by a person, and the membership under which it is held now; none: it ended."""

    role: str
    at: Authority
    membership: Membership
    holds: bool = True


class World:
    """Made once: two authorities, three schools, a second social worker in each."""

    def __init__(self) -> None:
        self.authorities = {made.row.pk: made for made in (furnish("CRF"), furnish("GWN"))}
        first, second = self.authorities.values()
        self.schools = [first.school, make_school(first.row), second.school]
        self.members = [(role, made, made.members[Role(role)]) for made in self.authorities.values() for role in ROLES]
        self.members += [("social_worker", made, person(Role.SOCIAL_WORKER, made.row)) for made in self.authorities.values()]
        self.members += [("designated_person", first, person(Role.DESIGNATED_PERSON, first.row, self.schools[1].organisation))]
        User.objects.update(last_login=timezone.now())  # a stranger to Lace may not be let in (PRIV-16)


class Access(RuleBasedStateMachine):
    world: World
    steps = 0
    asked = 0

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.day = timezone.localdate()
        self.children: list[Known] = []
        self.people = [Somebody(role, at, membership) for role, at, membership in self.world.members]
        self.before: dict[int, Any] = {}
        self.numbers = itertools.count(1)
        self.turn = itertools.count()

    def teardown(self) -> None:
        try:
            self.agree(range(len(self.people)))
        finally:
            transaction.set_rollback(True)
            self._undo.__exit__(None, None, None)

    # who acts

    def actor(self, role: str, authority: int) -> Actor:
        return replace(self.world.authorities[authority].actor(Role(role)), today=self.day)

    def other(self, authority: int) -> Authority:
        return next(made for pk, made in self.world.authorities.items() if pk != authority)

    def working(self, role: str, authority: int) -> bool:
        return any(known.holds for known in self.people if known.role == role and known.at.row.pk == authority)

    def chosen(self, data: Any, *, care: bool = True) -> Known:
        found: Known = data.draw(st.sampled_from([known for known in self.children if known.sealed is None and (known.episode or not care)]))
        return found

    def anybody(self, *, care: bool = True) -> bool:
        return any(known.sealed is None and (known.episode is not None or not care) for known in self.children)

    # what happens

    @initialize()
    def begins(self) -> None:
        self.enters()

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days=days)

    @precondition(lambda self: len(self.children) < MOST_CHILDREN)
    @rule()
    def enters(self) -> None:
        own = next(iter(self.world.authorities.values()))
        stage: Any = SimpleNamespace(row=own.row, school=own.school, user=own.user, actor=lambda role: self.actor(role, own.row.pk))
        child, episode, _placement, _enrolment = enter(stage, entered_on=self.day)
        known = Known(child, own.row.pk, episode=episode, placed_with=own.row.pk, school=own.school)
        for relation, role in (("social_worker", Role.SOCIAL_WORKER), ("iro", Role.IRO), ("carer", Role.FOSTER_CARER)):
            known.opened.append(Open(relation, ("user", own.user(role).pk), self.day))
        known.opened.append(Open("school", ("group", own.school.organisation.group_id), self.day))
        self.children.append(known)

    @precondition(lambda self: self.anybody())
    @rule(data=st.data(), where=st.sampled_from(["own", "other", "outside"]), role=st.sampled_from(["foster_carer", "kinship_carer"]))
    def moves(self, data: Any, where: str, role: str) -> None:
        known = self.chosen(data)
        own, other = self.world.authorities[known.authority], self.other(known.authority)
        host = {"own": own, "other": other, "outside": None}[where]
        carer = own.user(Role(role))
        facts = PlacementFacts(
            kind="foster",
            started_on=self.day,
            host_authority=host.row if host else None,
            outside_wales="" if host else "Chester",
            carers=(carer,),
        )
        by = self.actor("case_system", known.authority)
        with serving(by):
            place_child(by=by, episode=CareEpisode.objects.select_related("child").get(pk=known.episode.pk), facts=facts)
        known.end({"host", "home", "carer"}, self.day)
        if known.placed_with is not None:
            known.end({"guest"}, self.day, ("group", self.world.authorities[known.placed_with].row.group_id))
        known.placed_with = host.row.pk if host else None
        if host is other:
            known.opened.append(Open("host", ("group", other.row.group_id), self.day))
        known.opened.append(Open("carer", ("user", carer.pk), self.day))

    @precondition(lambda self: self.anybody(care=False))
    @rule(data=st.data())
    def changes_school(self, data: Any) -> None:
        known = self.chosen(data, care=False)
        school = data.draw(st.sampled_from([school for school in self.world.schools if school is not known.school]))
        by = self.actor("case_system", known.authority)
        with serving(by):
            enrol(by=by, child=Child.objects.get(pk=known.child.pk), school=school, on=self.day)
        known.end({"school", "school_aln", "school_authority"}, self.day)
        known.school = school
        known.opened.append(Open("school", ("group", school.organisation.group_id), self.day))
        if school.organisation.authority_id != known.authority:
            known.opened.append(Open("school_authority", ("group", self.other(known.authority).row.group_id), self.day))

    @precondition(lambda self: any(known.school is not None and known.sealed is None for known in self.children))
    @rule(data=st.data())
    def leaves_school(self, data: Any) -> None:
        known = data.draw(st.sampled_from([known for known in self.children if known.school is not None and known.sealed is None]))
        by = self.actor("case_system", known.authority)
        with serving(by):
            leave(by=by, child=Child.objects.get(pk=known.child.pk), on=self.day, reason=LeavingReason.TRANSFER)
        known.end({"school", "school_aln", "school_authority"}, self.day)
        known.school = None

    @precondition(lambda self: self.anybody())
    @rule(data=st.data(), relation=st.sampled_from(["social_worker", "iro"]))
    def gets_another(self, data: Any, relation: str) -> None:
        known = self.chosen(data)
        candidates = [one for one in self.people if one.role == relation and one.at.row.pk == known.authority]
        user = data.draw(st.sampled_from(candidates)).membership.user
        by = self.actor("case_system", known.authority)
        with serving(by):
            assign(by=by, child=Child.objects.get(pk=known.child.pk), user=user, relation=Relation(relation), on=self.day)
        if any(row.relation == relation and row.ends is None and row.holder == ("user", user.pk) for row in known.opened):
            return
        known.end({relation}, self.day)
        known.opened.append(Open(relation, ("user", user.pk), self.day))

    @precondition(lambda self: self.anybody())
    @rule(data=st.data(), relation=st.sampled_from(["guest", "advocate"]), later=st.integers(0, 20), days=st.integers(1, 60))
    def is_shared(self, data: Any, relation: str, later: int, days: int) -> None:
        known = self.chosen(data)
        own, other = self.world.authorities[known.authority], self.other(known.authority)
        if not self.working("lace_coordinator", other.row.pk) or not self.working("advocate", own.row.pk):
            return
        holder = ("group", other.row.group_id) if relation == "guest" else ("user", own.user(Role.ADVOCATE).pk)
        if any(row.relation == relation and row.holder == holder and (row.ends is None or row.ends > self.day) for row in known.opened):
            return
        facets = data.draw(st.sets(st.sampled_from(GIVABLE[relation]), min_size=1))
        starts = self.day + timedelta(days=later)
        facts = ShareFacts(
            facets=frozenset(map(Facet, facets)),
            purpose="to help",
            legal_basis=next(value for value in LegalBasis.values if value != LegalBasis.CONSENT),
            starts_on=starts,
            ends_on=starts + timedelta(days=days),
            agreement="WASPI",
        )
        by = self.actor("lace_coordinator", known.authority)
        with serving(by):
            child = Child.objects.get(pk=known.child.pk)
            if relation == "guest":
                let_in(by=by, child=child, relation=Relation.GUEST, body=other.row, facts=facts)
            else:
                name_person(by=by, child=child, relation=Relation.ADVOCATE, email=own.user(Role.ADVOCATE).email, facts=facts)
        known.opened.append(Open(relation, holder, starts, facts.ends_on, frozenset(facets)))

    def _shares(self) -> list[tuple[Known, Open]]:
        found = [(known, row) for known in self.children for row in known.opened if row.relation in GIVABLE and known.sealed is None]
        return [(known, row) for known, row in found if row.ends is not None and row.ends > self.day and known.waiting is None]

    @precondition(lambda self: self._shares())
    @rule(data=st.data())
    def is_shared_no_more(self, data: Any) -> None:
        known, row = data.draw(st.sampled_from(self._shares()))
        by = self.actor("lace_coordinator", known.authority)
        kind, holder = row.holder
        model: Any = ChildGroupGrant if kind == "group" else ChildUserGrant
        with serving(by):
            grant = model.objects.select_related("content_object").get(
                content_object=known.child.pk, permission__codename=row.relation, starts_on=row.starts, ends_on=row.ends, **{f"{kind}_id": holder}
            )
            change_end(by=by, grant=grant, ends_on=self.day)
        row.ends = max(row.starts, self.day)

    @precondition(lambda self: any(known.episode is not None and known.waiting is None for known in self.children))
    @rule(data=st.data(), overlap=st.integers(0, 60))
    def is_offered(self, data: Any, overlap: int) -> None:
        known = data.draw(st.sampled_from([known for known in self.children if known.episode is not None and known.waiting is None]))
        taker = self.other(known.authority)
        if not self.working("lace_coordinator", taker.row.pk):
            return
        until = self.day + timedelta(days=overlap)
        by = self.actor("lace_coordinator", known.authority)
        with serving(by):
            row = handover.propose(
                by=by, child=Child.objects.get(pk=known.child.pk), taker=taker.row, takes_effect_on=self.day, overlap_until=until, reason="moved"
            )
        known.waiting = (row.pk, taker.row.pk, until)
        group = ("group", taker.row.group_id)
        if not any(row.relation == "guest" and row.holder == group and (row.ends is None or row.ends > self.day) for row in known.opened):
            known.opened.append(Open("guest", group, self.day, add_months(self.day, 3), frozenset({"identity"})))

    @precondition(lambda self: any(known.waiting is not None for known in self.children))
    @rule(data=st.data())
    def is_taken_over(self, data: Any) -> None:
        known = data.draw(st.sampled_from([known for known in self.children if known.waiting is not None]))
        pk, taker, until = known.waiting
        new, old = self.world.authorities[taker], self.world.authorities[known.authority]
        worker = next((one for one in self.people if one.role == "social_worker" and one.at is new and one.holds), None)
        group = ("group", new.row.group_id)
        sees = any(row.relation in AUTHORITIES and row.holder == group and row.holds(self.day) for row in known.opened)
        if worker is None or not sees:
            return
        by = self.actor("lace_coordinator", taker)
        with serving(by):
            row = Handover.objects.select_related("child", "giver", "taker").get(pk=pk)
            handover.accept(by=by, handover=row, reference=f"TO{known.child.pk}{next(self.numbers)}"[:40], social_worker=worker.membership.user)
        known.waiting = None
        known.end({"social_worker", "iro", "personal_adviser"}, self.day)
        known.end({"leaving_care", "guest"}, self.day)
        known.end({"host", "school_authority", "previous"}, self.day, group)
        giver = ("group", old.row.group_id)
        if known.placed_with == old.row.pk:
            known.opened.append(Open("host", giver, self.day))
        if known.school is not None and known.school.organisation.authority_id == old.row.pk:
            known.opened.append(Open("school_authority", giver, self.day))
        if until > self.day:
            known.opened.append(Open("previous", giver, self.day, until))
        known.opened.append(Open("social_worker", ("user", worker.membership.user_id), self.day))
        known.authority = taker

    @precondition(lambda self: any(known.episode is not None and known.waiting is None for known in self.children))
    @rule(data=st.data(), reason=st.sampled_from(["returned_home", "adopted"]))
    def leaves_care(self, data: Any, reason: str) -> None:
        known = data.draw(st.sampled_from([known for known in self.children if known.episode is not None and known.waiting is None]))
        by = self.actor("case_system", known.authority)
        with serving(by):
            episode = CareEpisode.objects.select_related("child").get(pk=known.episode.pk)
            leave_care(by=by, episode=episode, on=self.day, reason=reason)
        known.end({row.relation for row in known.opened} - AFTER_CARE, self.day)
        known.episode = None
        known.sealed = self.day if reason == "adopted" else None

    @precondition(lambda self: self.anybody(care=False))
    @rule(data=st.data(), role=st.sampled_from(["social_worker", "iro"]))
    def is_opened_in_an_emergency(self, data: Any, role: str) -> None:
        known = self.chosen(data, care=False)
        asker = self.other(known.authority)
        by = self.actor(role, asker.row.pk)
        with serving(by):
            open_in_emergency(by=by, sought=Sought(upn=known.child.upn), reason="The child was brought to the police station tonight")
        holder = ("user", asker.user(Role(role)).pk)
        if not any(row.relation == "emergency" and row.holder == holder and row.holds(self.day) for row in known.opened):
            known.opened.append(Open("emergency", holder, self.day, self.day + timedelta(days=2)))

    @rule(data=st.data())
    def somebody_leaves_or_returns(self, data: Any) -> None:
        one = data.draw(st.sampled_from([one for one in self.people if one.role in LEAVERS]))
        by = self.actor("administrator", one.at.row.pk)
        with serving(by):
            if one.holds:
                end_access(by=by, user=one.membership.user)
            else:
                old = one.membership
                one.membership = open_membership(by=by, user=old.user, role=Role(one.role), authority=old.authority, organisation=old.organisation)
        one.holds = not one.holds

    # what must hold

    def rights(self, one: Somebody) -> dict[Any, frozenset[str]]:
        """Child -> facets, as section 3 has it; a child that is visible without any facet has none."""
        found: dict[Any, frozenset[str]] = {}
        for known in self.children if one.holds else ():
            held = list(self._relations(one, known))
            if not held:
                continue
            facets: set[str] = set()
            for relation, narrowed in held:
                row = TABLE.get((relation, one.role))
                if row:
                    facets |= row.reads if narrowed is None else row.reads & (narrowed | {HOLDS_TOO[facet] for facet in narrowed & HOLDS_TOO.keys()})
            found[known.child.pk] = frozenset(facets)
        return found

    def _relations(self, one: Somebody, known: Known) -> Iterator[tuple[str, frozenset[str] | None]]:
        reach = REACH[one.role]
        if reach == "authority" and known.authority == one.at.row.pk:
            if known.sealed is None:
                yield "responsible", None
            elif one.role == "lace_coordinator":
                yield "responsible", frozenset({"identity"})
        organisation = one.membership.organisation
        for row in known.opened:
            if not row.holds(self.day):
                continue
            wide = reach == "authority" and row.relation in AUTHORITIES and one.role == "lace_coordinator"
            named = row.relation == reach or (row.relation == "emergency" and one.role in EMERGENCY)
            body = reach in BODIES and row.relation == reach and organisation is not None
            holders = {("user", one.membership.user_id)} if named and not body else set()
            holders |= {("group", one.at.row.group_id)} if wide else set()
            holders |= {("group", organisation.group_id)} if body and organisation is not None else set()
            if row.holder in holders:
                yield row.relation, row.facets

    @invariant()
    def holds(self) -> None:
        """Those whose rights this step changed, and two others in turn; everybody at the end."""
        type(self).steps += 1
        now = {number: self.rights(one) for number, one in enumerate(self.people)}
        changed = {number for number, rights in now.items() if rights != self.before.get(number)}
        self.before = now
        self.agree(sorted(changed | {next(self.turn) % len(self.people) for _ in range(2)}))

    def agree(self, numbers: Any) -> None:
        pks = [known.child.pk for known in self.children]
        for number in numbers:
            one = self.people[number]
            rights = self.rights(one)
            open_now = Membership.objects.open_on(self.day).filter(pk=one.membership.pk, user__is_active=True).exists()
            assert open_now == one.holds, f"{one.role} of {one.at.row.code}: the membership is {'' if open_now else 'not '}open"
            type(self).asked += 1
            if not open_now:
                continue
            actor = actor_for(one.membership, today=self.day)
            with serving(actor):
                by_policy = set(Child.objects.filter(pk__in=pks).values_list("pk", flat=True))
            with serving(Actor.named_job("test", today=self.day)):
                by_query = set(Child.objects.visible_to(actor).filter(pk__in=pks).values_list("pk", flat=True))
                grants = grants_of(actor, Child.objects.filter(pk__in=pks))
            who = f"{one.role} of {one.at.row.code} on {self.day}"
            assert by_policy == set(rights), f"{who}: the policies give {by_policy}, section 3 gives {set(rights)}"
            assert by_query == set(rights), f"{who}: visible_to gives {by_query}, section 3 gives {set(rights)}"
            given = {pk: frozenset(map(str, grant.facets)) for pk, grant in grants.items()}
            assert given == {pk: rights.get(pk, frozenset()) for pk in pks}, f"{who}: grants_of gives other facets than section 3"


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.req("PRIV-17", "XLA-01", "XLA-12", "SW-05", "SW-10")
def test_rights_follow_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    Access.world = World()
    Access.steps = Access.asked = 0
    run_state_machine_as_test(
        Access,
        settings=settings(
            max_examples=max(1, STEPS // AN_EXAMPLE),
            stateful_step_count=AN_EXAMPLE,
            deadline=None,
            derandomize="LACE_STATE_STEPS" not in os.environ,
            database=None,
            phases=(Phase.generate, Phase.shrink) if "LACE_STATE_SHRINK" in os.environ else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print(f"\n{Access.steps} steps from {max(1, STEPS // AN_EXAMPLE)} beginnings, {Access.asked} people asked: rights as section 3 has them")  # noqa: T201  # the count is part of the proof
    assert Access.steps >= STEPS // 2
