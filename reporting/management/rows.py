"""From the made population to rows: set-based, by the same pure rules that the services use, so that the two cannot disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group

from lace.accounts.access import Relation, Role
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildOwned, ChildUserGrant, Placement, PlacementAddress, relation_code
from lace.children.rules import EntryType, PlacementType, age, phase, school_year, sort_key
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES, Done, Fact, Opening, openings
from peps.models import Pep, Section, Target, Version, digest, frozen
from peps.rules import DEVELOPED, INITIATED, State
from peps.rules.sections import Circumstances, asked
from reporting.management import records, words
from reporting.management.calendars import SAMPLE
from reporting.management.records import Population
from reviews.models import Review
from reviews.rules import FIRST, Participation, ReviewState
from schools.models import Designation, Enrolment, School, TermRecord


class Rows:
    """The rows of a population. Each method gives one table's, in the order in which `seed` writes them."""

    def __init__(self, population: Population) -> None:
        self.p = population
        self.rng = Random(population.seed)  # made-up people
        self.authorities = {row.code: row for row in LocalAuthority.objects.all()}
        self.schools = [school for school in population.schools if school.in_wales]
        self.homes = [home for home in population.homes if home.kind == PlacementType.RESIDENTIAL and home.authority in self.authorities]
        self.child_ids = [uuid4() for _ in population.children]
        self.episode_ids = [uuid4() for _ in population.episodes]
        self.language: dict[int, str] = {}
        self.relations: dict[Relation, int] = {relation: relation_code(relation).pk for relation in Relation if relation != Relation.RESPONSIBLE}
        self.ended = {episode.child: episode.ended_on for episode in population.episodes}  # of the last episode
        self.duties_met: dict[tuple[str, UUID], date] = {}

    def groups(self) -> Iterator[Group]:
        yield from (Group(name=f"school:{school.number}") for school in self.schools)
        yield from (Group(name=f"home:{home.key}") for home in self.homes)

    def organisations(self, groups: dict[str, int]) -> Iterator[Organisation]:
        for school in self.schools:
            yield self._organisation(school, Organisation.Kind.SCHOOL, groups[f"school:{school.number}"])
        for home in self.homes:
            yield self._organisation(home, Organisation.Kind.HOME, groups[f"home:{home.key}"])

    def _organisation(self, body: records.School | records.Home, kind: str, group: int) -> Organisation:
        authority = self.authorities[body.authority]
        return Organisation(kind=kind, authority=authority, group_id=group, name_en=body.name_en, name_cy=body.name_cy)

    def school_rows(self, organisations: list[Organisation]) -> Iterator[School]:
        """Remembers the organisations by the population's keys for the tables to come."""
        by_school = dict(zip((school.key for school in self.schools), organisations, strict=False))
        self.school_of: dict[int, Organisation] = by_school
        self.home_of = dict(zip((home.key for home in self.homes), organisations[len(self.schools) :], strict=True))
        for school in self.schools:
            yield School(
                organisation=by_school[school.key], number=school.number, kind=school.kind, roll=school.roll, welsh_medium=school.welsh_medium
            )

    def people(self) -> Iterator[User]:
        """Those with a role in Wales; parents and carers in England have no account."""
        unusable = User()
        unusable.set_unusable_password()
        self.with_account = sorted({held.person for held in self.p.memberships if held.authority in self.authorities})
        for key in self.with_account:
            person = self.p.people[key]
            yield User(email=person.email.lower(), name=person.name, language=person.language, password=unusable.password)

    def memberships(self, users: list[User]) -> Iterator[Membership]:
        self.users = dict(zip(self.with_account, users, strict=True))
        for held in self.p.memberships:
            if held.authority not in self.authorities:
                continue
            organisation = self.school_of.get(held.school) if held.school is not None else None
            if held.school is not None and organisation is None:
                continue
            if held.home is not None:
                organisation = self.home_of.get(held.home)
            yield Membership(
                user=self.users[held.person],
                role=held.role,
                authority=self.authorities[held.authority],
                organisation=organisation,
                starts_on=held.starts_on,
                ends_on=held.ends_on,
            )

    def designations(self, memberships: dict[tuple[int, str, int | None], Membership]) -> Iterator[Designation]:
        for made in self.p.designations:
            school = self.school_of.get(made.school)
            held = self.p.memberships[made.membership]
            if school is None:
                continue
            yield Designation(
                authority_id=school.authority_id,
                school_id=school.pk,
                membership=memberships[(self.users[held.person].pk, held.role, school.pk)],
                decided_on=made.decided_on,
                headteacher_consulted=made.headteacher_consulted,
                started_on=made.started_on,
                ended_on=made.ended_on,
            )

    def children(self) -> Iterator[Child]:
        names = [name for name in records.Child.__dataclass_fields__ if name not in {"key", "authority"}]
        for child, pk in zip(self.p.children, self.child_ids, strict=True):
            yield Child(
                pk=pk,
                authority=self.authorities[child.authority],
                sort_key=sort_key(f"{child.family_name} {child.given_names}"),
                **{name: getattr(child, name) for name in names},
            )

    def _owned(self, child: int) -> dict[str, Any]:
        return {"child_id": self.child_ids[child], "authority_id": self.authorities[self.p.children[child].authority].pk}

    def episodes(self) -> Iterator[CareEpisode]:
        for episode, pk in zip(self.p.episodes, self.episode_ids, strict=True):
            yield CareEpisode(
                pk=pk,
                started_on=episode.started_on,
                entry_type=episode.entry_type,
                reason=episode.reason,
                legal_status=episode.legal_status,
                ended_on=episode.ended_on,
                end_reason=episode.end_reason or "",
                **self._owned(episode.child),
            )

    def placements(self) -> Iterator[Placement]:
        """Remembers each placement's row for its address."""
        self.placed: list[tuple[records.Placement, Placement]] = []
        abroad = {host.code: host.english for host in self.p.hosts}
        for placement in self.p.placements:
            row = Placement(
                episode_id=self.episode_ids[placement.episode],
                kind=placement.kind,
                started_on=placement.started_on,
                ended_on=placement.ended_on,
                end_reason=placement.end_reason or "",
                host_authority=self.authorities.get(placement.host),
                outside_wales=abroad.get(placement.host, ""),
                **self._owned(placement.child),
            )
            self.placed.append((placement, row))
            yield row

    def addresses(self) -> Iterator[PlacementAddress]:
        for placement, row in self.placed:
            home = self.p.homes[placement.home]
            yield PlacementAddress(
                placement_id=row.pk,
                home=self.home_of.get(placement.home),
                carer_name=" / ".join(self.p.people[carer].name for carer in home.carers),
                address=home.address,
                **self._owned(placement.child),
            )

    def enrolments(self) -> Iterator[Enrolment]:
        """Schools in England keep no register here. Remembers each enrolment's row for the duties of a new school."""
        self.enrolment_rows: list[tuple[records.Enrolment, Enrolment]] = []
        for made in self.p.enrolments:
            school = self.school_of.get(made.school)
            if school is not None:
                row = Enrolment(
                    school_id=school.pk,
                    started_on=made.started_on,
                    ended_on=made.ended_on,
                    leaving_reason=made.leaving_reason or "",
                    **self._owned(made.child),
                )
                self.enrolment_rows.append((made, row))
                yield row

    def user_grants(self) -> Iterator[ChildUserGrant]:
        for made in self.p.assignments:
            if made.role in {Role.SOCIAL_WORKER, Role.IRO}:
                yield self._user_grant(made.child, made.person, Relation(made.role), made.starts_on, made.ends_on)
        for placement in self.p.placements:
            for carer in self.p.homes[placement.home].carers:
                if carer not in self.users:
                    continue
                yield self._user_grant(placement.child, carer, Relation.CARER, placement.started_on, placement.ended_on)

    def _user_grant(self, child: int, person: int, relation: Relation, starts_on: date, ends_on: date | None) -> ChildUserGrant:
        return ChildUserGrant(
            content_object_id=self.child_ids[child],
            authority_id=self._owned(child)["authority_id"],
            user=self.users[person],
            permission_id=self.relations[relation],
            starts_on=starts_on,
            ends_on=ends_on,
        )

    def group_grants(self) -> Iterator[ChildGroupGrant]:
        for made, row in self.enrolment_rows:
            school = self.school_of[made.school]
            until = min((day for day in (made.ended_on, self.ended[made.child]) if day), default=None)
            if until is None or until >= made.started_on:
                yield self._group_grant(row, school.group_id, Relation.SCHOOL, made.started_on, until)
                if self.p.children[made.child].additional_needs:
                    yield self._group_grant(row, school.group_id, Relation.SCHOOL_ALN, made.started_on, until)
                if school.authority_id != row.authority_id:
                    yield self._group_grant(row, school.authority.group_id, Relation.SCHOOL_AUTHORITY, made.started_on, until)
        for placement in self.p.placements:
            host, owned = self.authorities.get(placement.host), self._owned(placement.child)
            if host is not None and host.pk != owned["authority_id"]:
                yield self._group_grant(Placement(**owned), host.group_id, Relation.HOST, placement.started_on, placement.ended_on)
            home = self.home_of.get(placement.home)
            if home is not None:
                yield self._group_grant(Placement(**owned), home.group_id, Relation.HOME, placement.started_on, placement.ended_on)

    def _group_grant(self, row: ChildOwned, group: int, relation: Relation, starts_on: date, ends_on: date | None) -> ChildGroupGrant:
        return ChildGroupGrant(
            content_object_id=row.child_id,
            authority_id=row.authority_id,
            group_id=group,
            permission_id=self.relations[relation],
            starts_on=starts_on,
            ends_on=ends_on,
        )

    def terms(self) -> Iterator[TermRecord]:
        names = [name for name in records.TermRecord.__dataclass_fields__ if name not in {"child", "school"}]
        for made in self.p.terms:
            school = self.school_of.get(made.school)
            if school is not None:
                yield TermRecord(school_id=school.pk, **{name: getattr(made, name) for name in names}, **self._owned(made.child))

    def reviews(self) -> Iterator[Review]:
        """Held ones and the next arranged; one that is late is arranged nowhere. Meets the duties of those held."""
        numbers: dict[int, int] = defaultdict(int)
        self.held: dict[int, list[tuple[UUID, date]]] = defaultdict(list)
        for made in self.p.reviews:
            if made.held_on is None and made.due_on < self.p.as_of:
                continue
            numbers[made.episode] += 1
            day = made.held_on or made.due_on
            row = Review(
                episode_id=self.episode_ids[made.episode],
                number=numbers[made.episode],
                state=ReviewState.HELD if made.held_on else ReviewState.SCHEDULED,
                scheduled_for=datetime.combine(day, time(15, 45), UTC),
                chair=self.users[made.chair],
                held_on=made.held_on,
                participation=(Participation.ATTENDED if made.child_took_part else Participation.VIEWS_SENT) if made.held_on else "",
                **self._owned(made.child),
            )
            if made.held_on:
                self.held[made.episode].append((row.pk, made.held_on))
            yield row

    def plans(self) -> tuple[list[Pep], list[Section], list[Target], list[Version]]:
        """One plan a child, its versions frozen as the service freezes them."""
        peps: list[Pep] = []
        sections: list[Section] = []
        targets: list[Target] = []
        versions: list[Version] = []
        self.plans_of: dict[int, list[records.Pep]] = defaultdict(list)
        for made in self.p.peps:
            self.plans_of[made.child].append(made)
        for child, history in self.plans_of.items():
            started = [made for made in history if made.initiated_on]
            if not started:
                continue
            pep = self._pep(child, history, started)
            language = self.rng.choices(("en-gb", "cy"), (75, 25))[0]
            of = self._circumstances(child, pep)
            written = self._sections(pep, of, language) if pep.state != State.INITIATED else []
            aims = self._targets(pep, language) if pep.version or pep.state == State.DEVELOPING else []
            content = frozen(written, aims, asked(of).values(), of.phase) if pep.version else {}
            sha256 = digest(content)
            for number, made in enumerate((made for made in started if made.final_on), start=1):
                assert made.final_on is not None
                version = Version(pep=pep, number=number, content=content, sha256=sha256, finalised_on=made.final_on, **self._owned(child))
                version.reason = "" if number == 1 else ("Adolygiad" if language == "cy" else "Review")
                versions.append(version)
            peps.append(pep)
            sections += written
            targets += aims
        return peps, sections, targets, versions

    def _pep(self, child: int, history: list[records.Pep], started: list[records.Pep]) -> Pep:
        finals = [made.final_on for made in started if made.final_on]
        last, left = started[-1], self.ended[child]
        pep = Pep(
            initiated_on=started[0].initiated_on,
            developing_on=started[0].initiated_on if finals or last.state != "initiated" else None,
            developed_on=finals[0] if finals else None,
            finalised_on=finals[-1] if finals else None,
            version=len(finals),
            **self._owned(child),
        )
        school = self.school_of.get(last.school) if last.school is not None else None
        pep.school_id = school.pk if school else None
        if left is not None:
            pep.state, pep.closed_on = State.CLOSED, left
        elif last.final_on:
            pep.state = State.FINAL
        elif finals:
            pep.state, pep.amending_on, pep.amendment_reason = State.AMENDING, last.initiated_on, "Review"
        else:
            pep.state = State.INITIATED if last.state == "initiated" else State.DEVELOPING
        return pep

    def _circumstances(self, child: int, pep: Pep) -> Circumstances:
        """Of the day of the newest version, else of today."""
        made, on = self.p.children[child], pep.finalised_on or self.p.as_of
        return Circumstances(on, phase(made.born_on, on), school_year(made.born_on, on), age(made.born_on, on), needs=made.additional_needs)

    def _sections(self, pep: Pep, of: Circumstances, language: str) -> list[Section]:
        rules = list(asked(of).values())
        owned = {"child_id": pep.child_id, "authority_id": pep.authority_id}
        now = datetime.combine(pep.finalised_on or pep.initiated_on or self.p.as_of, time(12), UTC)
        return [
            Section(
                pep=pep,
                key=rule.key,
                answers=words.answers(self.rng, rule, language),
                language=language,
                written_as=Role.DESIGNATED_PERSON,
                written_at=now,
                **owned,
            )
            for rule in (rules if pep.version else rules[:3])
        ]

    def _targets(self, pep: Pep, language: str) -> list[Target]:
        owned = {"child_id": pep.child_id, "authority_id": pep.authority_id}
        review_on = self.p.as_of + timedelta(days=self.rng.randrange(30, 150))
        return [
            Target(pep=pep, position=position, review_on=review_on, child_agrees=True, teacher_agrees=True, language=language, **facts, **owned)
            for position, facts in enumerate(words.targets(language), start=1)
        ]

    def duties(self) -> Iterator[Duty]:
        """What the facts of three years opened, closed by what was done and by the end of care. Rungs before today count as told."""
        for place, episode in enumerate(self.p.episodes):
            plans = [made for made in self.plans_of.get(episode.child, []) if made.episode == place]
            fact = Fact.EMERGENCY_ENTRY if episode.entry_type == EntryType.EMERGENCY else Fact.PLANNED_ENTRY
            held = self.held.get(place, [])
            initiated = next((made.initiated_on for made in plans if made.initiated_on), None)
            final = next((made.final_on for made in plans if made.final_on), None)
            done: dict[str, date | None] = {}
            for codes, day in ((INITIATED, initiated), (DEVELOPED, final), (FIRST, held[0][1] if held else None)):
                done.update((code, day) for code in codes)
            yield from self._duties(episode, fact, episode.started_on, self.episode_ids[place], done)
            for number, (review, held_on) in enumerate(held):
                following = held[number + 1][1] if number + 1 < len(held) else None
                code = "review_second" if number == 0 else "review_later"
                yield from self._duties(episode, Fact.FIRST_REVIEW if number == 0 else Fact.LATER_REVIEW, held_on, review, {code: following})
        first: set[int] = set()
        current = {episode.child: episode for episode in self.p.episodes}
        for made, row in self.enrolment_rows:
            episode = current[made.child]
            if made.child not in first or made.started_on <= episode.started_on:
                first.add(made.child)
                continue
            finals = [plan for plan in self.plans_of.get(made.child, []) if plan.final_on and plan.final_on >= made.started_on]
            there = [plan.final_on for plan in finals if plan.kind == "new_school" and plan.school == made.school]
            final = next(iter(there or [plan.final_on for plan in finals]), None)
            yield from self._duties(episode, Fact.SCHOOL_START, made.started_on, row.pk, {"pep_developed_new_school": final})

    def _duties(self, episode: records.CareEpisode, fact: Fact, on: date, subject: UUID, done: dict[str, date | None]) -> Iterable[Duty]:
        child = self.p.children[episode.child]
        clocks = {"developed_clock": self.authorities[child.authority].developed_clock}
        for opened in openings(fact, on, clocks=clocks, school_days=SAMPLE.reckon, told_to=self.p.as_of - timedelta(days=1)):
            duty = Duty(subject=subject, **{name: getattr(opened, name) for name in Opening.__dataclass_fields__}, **self._owned(episode.child))
            met = done.get(opened.code)
            if opened.code not in done and (RULES[opened.code].done == Done.RECORD or opened.code == "entry_recorded"):
                met = min(opened.due_on, self.p.as_of) if on < self.p.as_of else None
            if met is not None:
                duty.closed_on, duty.outcome = met, Duty.Outcome.ON_TIME if met <= duty.due_on else Duty.Outcome.LATE
            elif episode.ended_on is not None:
                duty.closed_on, duty.outcome = episode.ended_on, Duty.Outcome.CARE_ENDED
            if duty.closed_on is not None:
                duty.next_look_on = None
            yield duty
