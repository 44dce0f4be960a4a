"""What happened to one child: care, placements, schools, terms, plans and reviews, in order and without overlap."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from lace.accounts.access import Role
from lace.accounts.authorities import AUTHORITIES
from lace.children import upn
from lace.children.rules import (
    EndReason,
    EntryReason,
    EntryType,
    EthnicGroup,
    Ethnicity,
    LegalStatus,
    PlacementEndReason,
    PlacementType,
    Sex,
    academic_year,
    age,
    school_year,
)
from lace.core.workdays import add_months, add_working_days, is_working_day
from reporting.management import names
from reporting.management.places import NEIGHBOURS, WELSH, Country, across_the_border
from reporting.management.records import (
    Assignment,
    CareEpisode,
    Child,
    Enrolment,
    Pep,
    Placement,
    Population,
    Review,
    School,
    StageResult,
    TermRecord,
)
from schools.rules import LeavingReason, SchoolKind, Term

_P = PlacementType
# Placement by age, so that about 68% are with foster carers and a third of those with kin (Welsh Government, 2023-24).
_KINDS: tuple[tuple[int, tuple[PlacementType, ...], tuple[float, ...]], ...] = (
    (5, (_P.FOSTER, _P.KINSHIP, _P.PARENTS, _P.ADOPTIVE), (52, 19, 18, 11)),
    (12, (_P.FOSTER, _P.KINSHIP, _P.PARENTS, _P.RESIDENTIAL, _P.ADOPTIVE), (46, 26, 20, 6, 2)),
    (16, (_P.FOSTER, _P.KINSHIP, _P.PARENTS, _P.RESIDENTIAL, _P.RESIDENTIAL_SCHOOL, _P.SECURE), (43, 25, 16, 15, 0.6, 0.4)),
    (99, (_P.FOSTER, _P.KINSHIP, _P.PARENTS, _P.RESIDENTIAL, _P.INDEPENDENT, _P.SECURE), (34, 20, 13, 16, 16, 1)),
)
_REASONS: tuple[EntryReason, ...] = tuple(reason for reason in EntryReason if reason != EntryReason.UNACCOMPANIED)
_REASON_WEIGHTS = (60, 3, 5, 8, 13, 3, 3, 3, 2)
# Stage reached in a year group, the month and day its results are known, and the share that reached the expected result (2014 figures).
_STAGES = {2: ("foundation", (7, 15), 0.60), 6: ("ks2", (7, 15), 0.59), 9: ("ks3", (7, 15), 0.46), 11: ("ks4", (8, 26), 0.17)}
_TERMS = ((Term.AUTUMN, (9, 2), (12, 18), 140), (Term.SPRING, (1, 5), (3, 31), 112), (Term.SUMMER, (4, 20), (7, 20), 122))
OVERDUE_FOR_AT_MOST = 75  # days: what is overdue in the demonstration is recent, as in an authority that chases


@dataclass(slots=True)
class Plan:
    """What was dealt to a child before the life is told."""

    authority: str
    sex: Sex
    ethnicity: Ethnicity
    born: date
    started: date
    ended: date | None
    end_reason: EndReason | None
    entry: EntryType
    legal: LegalStatus
    placements_in_year: int
    own_area: bool
    disabled: bool
    special: bool
    aln: bool
    fsm: bool


def working_day_by(day: date) -> date:
    """The day, or the last working day before it."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


class Lives:
    """Tells lives into a population."""

    def __init__(self, rng: Random, population: Population, country: Country, overdue: float) -> None:
        self.rng, self.population, self.country, self.as_of = rng, population, country, population.as_of
        self.overdue = overdue  # the share of children in care with something overdue
        self._owed = 0.0
        self._serials: dict[tuple[int, int, bool], int] = {}
        years = range(self.as_of.year - 5, self.as_of.year + 2)
        self._terms = [
            (year, term, date(year + (term != Term.AUTUMN), *first), date(year + (term != Term.AUTUMN), *last), sessions)
            for year in range(years[0], self.as_of.year + 1)
            for term, first, last, sessions in _TERMS
        ]

    def tell(self, plan: Plan) -> None:
        """Adds one child with everything that happened."""
        rng, population = self.rng, self.population
        key = len(population.children)
        share = WELSH[plan.authority]
        given, family = names.given_and_family(rng, plan.sex, plan.ethnicity, 0.2 + share / 2)
        white = plan.ethnicity.group in (EthnicGroup.WHITE, EthnicGroup.UNKNOWN)
        language = "Cymraeg" if rng.random() < share * 0.8 else ("English" if white or rng.random() < 0.6 else "")
        until = plan.ended or self.as_of
        number = school_year(plan.born, until)
        child = Child(
            key,
            plan.authority,
            f"{plan.authority}-{key:06d}",
            given,
            family,
            names.preferred(rng, given),
            plan.born,
            plan.sex,
            plan.ethnicity,
            self._upn(plan, academic_year(until) - number - 1) if number >= -1 else "",
            language,
            plan.disabled,
            plan.aln,
            plan.fsm,
        )
        population.children.append(child)
        placements: list[Placement] = []
        episodes: list[CareEpisode] = []
        # Some came into care before, went home, and came again.
        gone_home = plan.started - timedelta(days=rng.randrange(60, 200))
        before = gone_home - timedelta(days=rng.randrange(20, 160))
        if rng.random() < 0.04 and before > max(plan.born, self.as_of - timedelta(days=1090)):
            episodes.append(self._episode(plan, key, before, gone_home, EndReason.RETURNED_HOME))
            self._place(plan, child, episodes[-1], [before, gone_home], [plan.authority], placements)
        episodes.append(self._episode(plan, key, plan.started, plan.ended, plan.end_reason))
        bounds = [plan.started, *self._moves(plan, until), until]
        self._place(plan, child, episodes[-1], bounds, self._hosts(plan, len(bounds) - 1), placements)
        population.placements += placements
        enrolments = self._school(plan, key, placements, language == "Cymraeg")
        population.enrolments += enrolments
        self._assign(plan, key, placements[0].started_on)
        chair = rng.choice(self.country.chairs[plan.authority])
        population.assignments.append(Assignment(key, chair, Role.IRO, placements[0].started_on, plan.ended))
        current = plan.ended is None
        self._owed += self.overdue if current else 0.0
        for episode in episodes:
            owing = episode.ended_on is None and self._owed >= 1
            # A plan rather than a review, where both could be: few have one due of late, and plans are what schools see.
            plan_open = self._peps(plan, episode, enrolments, owing)
            review_too = rng.random() < (0.15 if plan_open else 1.0 if self._owed >= 3 else 0.2)
            review_open = self._reviews(plan, episode, chair, owing and review_too)
            self._owed -= plan_open or review_open
        self._term_records(plan, key, enrolments, episodes[-1].started_on, until)

    # Care and placements

    def _episode(self, plan: Plan, child: int, start: date, end: date | None, why: EndReason | None) -> CareEpisode:
        rng, episodes = self.rng, self.population.episodes
        reason: EntryReason = rng.choices(_REASONS, _REASON_WEIGHTS)[0]
        if plan.ethnicity.group in (EthnicGroup.ASIAN, EthnicGroup.BLACK, EthnicGroup.OTHER) and age(plan.born, start) >= 14 and rng.random() < 0.6:
            reason = EntryReason.UNACCOMPANIED
        legal = plan.legal
        if legal == LegalStatus.REMANDED and age(plan.born, start) < 12:
            legal = LegalStatus.ACCOMMODATED
        episodes.append(CareEpisode(len(episodes), child, start, plan.entry, reason, legal, end, why))
        return episodes[-1]

    def _moves(self, plan: Plan, until: date) -> list[date]:
        """Days of moves: in the last year as many as were dealt, before it about one in three years."""
        rng = self.rng
        last_year = until - timedelta(days=365)
        recent = range(max(plan.started, last_year).toordinal() + 12, until.toordinal() - 3, 8)
        moves = rng.sample(recent, min(plan.placements_in_year - 1, len(recent)))
        early = range(plan.started.toordinal() + 20, last_year.toordinal() - 10, 9)
        moves += rng.sample(early, min(sum(rng.random() < 0.3 for _ in range(len(early) * 9 // 365 + 1)), len(early)))
        return [date.fromordinal(move) for move in sorted(moves)]

    def _hosts(self, plan: Plan, count: int) -> list[str]:
        """Where each placement lies; the last as dealt, an earlier one in the child's own authority two times in three."""
        rng = self.rng
        hosts = []
        for place in range(count):
            own = plan.own_area if place == count - 1 else rng.random() < 0.67
            if own:
                hosts.append(plan.authority)
                continue
            where = rng.random()
            if where < 0.8:
                hosts.append(rng.choice(NEIGHBOURS[plan.authority]))
            elif where < 0.88:
                hosts.append(rng.choice([authority.code for authority in AUTHORITIES if authority.code != plan.authority]))
            else:
                hosts.append(across_the_border(rng, plan.authority))
        return hosts

    def _place(self, plan: Plan, child: Child, episode: CareEpisode, bounds: list[date], hosts: list[str], into: list[Placement]) -> None:
        rng = self.rng
        for place, host in enumerate(hosts):
            start, end, last = bounds[place], bounds[place + 1], place == len(hosts) - 1
            years = age(plan.born, start)
            _limit, kinds, weights = next(row for row in _KINDS if years < row[0])
            kind = rng.choices(kinds, weights)[0]
            why: PlacementEndReason | None = None
            if not last:
                why = rng.choices(list(PlacementEndReason), (45, 6, 24, 14, 4, 0, 7))[0]
            elif episode.ended_on is not None:
                why = PlacementEndReason.LEFT_CARE
            home = self.country.home(kind, host, child.family_name)
            into.append(Placement(child.key, episode.key, home, kind, host, start, episode.ended_on if last else end, why))

    def _assign(self, plan: Plan, child: int, since: date) -> None:
        """The social worker, or two in turn."""
        rng = self.rng
        workers = self.country.workers[plan.authority]
        days = ((plan.ended or self.as_of) - since).days
        worker = rng.choice(workers)
        if days > 120 and rng.random() < 0.35 and len(workers) > 1:
            changed = since + timedelta(days=rng.randrange(60, days - 30))
            self.population.assignments.append(Assignment(child, worker, Role.SOCIAL_WORKER, since, changed))
            worker, since = rng.choice([other for other in workers if other != worker]), changed
        self.population.assignments.append(Assignment(child, worker, Role.SOCIAL_WORKER, since, plan.ended))

    # School

    def _upn(self, plan: Plan, year: int) -> str:
        """The number the first school gave, in the child's own authority; a few still have a temporary one."""
        school = self._pick(plan.authority, SchoolKind.PRIMARY, SchoolKind.PRIMARY, False)
        temporary = self.rng.random() < 0.01
        serial = self._serials[school.key, year, temporary] = self._serials.get((school.key, year, temporary), 0) + 1
        return upn.generate(authority=school.number[:3], school=school.number[3:], year=year, serial=serial, temporary=temporary)

    def _pick(self, area: str, kind: SchoolKind, instead: SchoolKind, welsh: bool) -> School:
        """A school of a kind in an area, or of the kind that every area has. Some are picked often, some never."""
        rng = self.rng
        schools = self.country.schools.get((area, kind)) or self.country.schools[area, instead]
        for _ in range(6):
            school = schools[int(len(schools) * rng.random() ** 1.35)]
            if school.welsh_medium == welsh or rng.random() < 0.06:
                break
        return school

    def _kind_for(self, plan: Plan, number: int) -> SchoolKind | None:
        """The kind of school for a year group; None for those who leave school at 16."""
        chance = self.rng.random()
        if plan.special:
            return SchoolKind.SPECIAL
        if number < 7:
            return SchoolKind.MIDDLE if chance < 0.02 else SchoolKind.PRIMARY
        if number < 12:
            return SchoolKind.PRU if chance < 0.025 else SchoolKind.MIDDLE if chance < 0.08 else SchoolKind.SECONDARY
        return SchoolKind.FE_COLLEGE if chance < 0.42 else SchoolKind.SECONDARY if chance < 0.66 else None

    def _school(self, plan: Plan, child: int, placements: list[Placement], welsh: bool) -> list[Enrolment]:
        """The registers the child was on, from the one at entry to care; moves change the school sometimes, phases always."""
        rng, born = self.rng, plan.born
        start, until = placements[0].started_on, plan.ended or self.as_of
        told: list[Enrolment] = []
        school: School | None = None
        since = start

        def join(day: date, area: str) -> None:
            nonlocal school, since
            number = school_year(born, day)
            kind = self._kind_for(plan, number)
            instead = SchoolKind.PRIMARY if number < 7 else SchoolKind.SECONDARY
            school, since = (self._pick(area, kind, instead, welsh) if kind else None), day

        def leave(day: date | None, why: LeavingReason | None) -> None:
            if school and (day is None or since < day):
                told.append(Enrolment(child, school.key, since, day, why))

        number = school_year(born, start)
        if number >= 0 or (number == -1 and rng.random() < 0.8):
            join(start, plan.authority)
            if school:
                # Older pupils of a special or all-through school have been there longer than their phase; from Year 7 is near enough.
                first = number - (-1 if number < 7 else 12 if number >= 12 and school.kind == SchoolKind.FE_COLLEGE else 7)
                since = date(academic_year(start) - first, 9, 1)
                if rng.random() < 0.3 and since < start:
                    since += timedelta(days=rng.randrange((start - since).days))
        septembers = [(date(year, 9, 1), "") for year in range(academic_year(start) + 1, academic_year(until) + 1)]
        events = sorted([(placement.started_on, placement.host) for placement in placements] + septembers)
        area = plan.authority
        for place, (day, host) in enumerate(events):
            number = school_year(born, day)
            if host:
                near, area = (host == area, host in NEIGHBOURS.get(area, ())), host
                if school and rng.random() < (0.12 if near[0] else 0.5 if near[1] else 0.88):
                    leave(day, LeavingReason.MOVED)
                    gap = rng.randrange(4, 20) if rng.random() < 0.3 else 0
                    new = day + timedelta(days=gap)
                    new += timedelta(days=7 - new.weekday() if new.weekday() > 4 else 0)  # no one starts at a weekend
                    horizon = events[place + 1][0] if place + 1 < len(events) else until
                    join(new if new < min(horizon, until) and academic_year(new) == academic_year(day) else day, area)
            elif number >= 14:
                leave(day, LeavingReason.LEFT_SCHOOL)
                school = None
            elif school is None:
                if number == 0 or (number == -1 and rng.random() < 0.8):
                    join(day, area)
            elif (number == 7 and school.kind == SchoolKind.PRIMARY) or (number == 12 and school.kind not in (SchoolKind.SPECIAL, SchoolKind.MIDDLE)):
                leave(day, LeavingReason.PHASE_END)
                join(day, area)
        leave(plan.ended, LeavingReason.LEFT_SCHOOL if plan.ended and number >= 12 else None)
        return told

    def _term_records(self, plan: Plan, child: int, enrolments: list[Enrolment], since: date, until: date) -> None:
        rng = self.rng
        usual = min(0.995, max(0.35, rng.gauss(0.94 if age(plan.born, until) < 11 else 0.9, 0.06)))
        able = min(0.97, max(0.1, rng.gauss(0.62 if not plan.aln else 0.5, 0.2)))
        for year, term, first, last, sessions in self._terms:
            if last < since or first > until:
                continue
            number = school_year(plan.born, first)
            if not 0 <= number <= 13:
                continue
            seen: set[int] = set()
            for enrolment in enrolments:
                opens, closes = max(first, since, enrolment.started_on), min(last, until, enrolment.ended_on or until)
                days = (closes - opens).days
                if days < 10 or enrolment.school in seen:
                    continue
                seen.add(enrolment.school)
                possible = sessions * days // ((last - first).days + 1)
                missed = min(possible, round(possible * max(0.0, 1 - usual + rng.gauss(0, 0.025))))
                excluded = rng.choice((0.5, 1, 1.5, 2, 3, 5)) if rng.random() < (0.05 if number >= 7 else 0.008) else 0
                assessed = 0 if last > until else 3 if number < 7 else 5 if number < 10 else 6
                on_track = sum(rng.random() < able for _ in range(assessed))
                record = TermRecord(child, enrolment.school, year, term, possible, possible - missed, missed * 2 // 5, excluded, assessed, on_track)
                self.population.terms.append(record)
                stage = _STAGES.get(number) if term == Term.SUMMER and closes == last else None
                if stage and date(last.year, *stage[1]) <= until:
                    self.population.results.append(StageResult(child, enrolment.school, year, stage[0], rng.random() < stage[2]))

    # Plans and reviews

    def _peps(self, plan: Plan, episode: CareEpisode, enrolments: list[Enrolment], forget: bool) -> bool:
        """A plan final within 20 days of entry and of each new school, else looked at again half-yearly, from Year 10 each four months.

        Says whether one was left overdue: the first or a new school's, which have a duty behind them.
        """
        rng, as_of, peps = self.rng, self.as_of, self.population.peps
        begins, until = episode.started_on, episode.ended_on or as_of
        due, kind = begins + timedelta(days=20), "initial"
        if episode.entry_type == EntryType.PLANNED:
            initiated = begins - timedelta(days=rng.randrange(1, 15))
        else:
            initiated = add_working_days(begins, rng.randrange(1, 10 if rng.random() < 0.92 else 16))
        last: Pep | None = None
        while due < until:
            school = next((enrolment.school for enrolment in reversed(enrolments) if enrolment.started_on <= due), None)
            if forget and kind != "review" and (as_of - due).days <= OVERDUE_FOR_AT_MOST:
                self._open_pep(episode, school, kind, due, initiated)
                return True
            done = due + timedelta(days=rng.randrange(3, 18) if rng.random() < 0.16 else -rng.randrange(7))
            done = working_day_by(min(done, until))
            if last:
                last.state = "closed"
            last = Pep(episode.child, episode.key, school, kind, due, "final", min(initiated, done), done)
            last.grade = rng.choices(("exceeds", "meets", "needs_work"), (20, 62, 18))[0] if (as_of - done).days > 14 else ""
            peps.append(last)
            due, kind = add_months(done, 4 if school_year(plan.born, done) >= 10 else 6), "review"
            joined = next((enrolment.started_on for enrolment in enrolments if enrolment.started_on > done), None)
            if joined and joined + timedelta(days=20) < due:
                due, kind = joined + timedelta(days=20), "new_school"
            initiated = due - timedelta(days=rng.randrange(12, 19) if kind == "new_school" else rng.randrange(18, 40))
        if episode.ended_on is not None:
            if last:
                last.state = "closed"
        elif kind != "review" or (due - as_of).days <= 42:
            self._open_pep(episode, enrolments[-1].school if enrolments else None, kind, due, initiated)
        return False

    def _open_pep(self, episode: CareEpisode, school: int | None, kind: str, due: date, initiated: date) -> None:
        pep = Pep(episode.child, episode.key, school, kind, due, "not_started")
        if initiated <= self.as_of:
            pep.initiated_on = initiated
            begun = (self.as_of - initiated).days > 3 and self.rng.random() < 0.65
            pep.state = "amending" if kind != "initial" else "developing" if begun else "initiated"
        self.population.peps.append(pep)

    def _reviews(self, plan: Plan, episode: CareEpisode, chair: int, forget: bool) -> bool:
        """Within 20 working days or 28 days, 3 months, then each 6 months (reg. 39, WSI 2015/1818). Says whether one was left overdue."""
        rng, as_of, reviews = self.rng, self.as_of, self.population.reviews
        until = episode.ended_on or as_of
        due, kind = min(add_working_days(episode.started_on, 20), episode.started_on + timedelta(days=28)), "first"
        while due < until:
            if forget and (as_of - due).days <= OVERDUE_FOR_AT_MOST:
                reviews.append(Review(episode.child, episode.key, kind, due, chair))
                return True
            held = due + timedelta(days=rng.randrange(1, 15)) if rng.random() < 0.07 else due - timedelta(days=rng.randrange(0, 8))
            held = working_day_by(min(held, until))
            took_part = age(plan.born, held) >= 4 and rng.random() < 0.8
            reviews.append(Review(episode.child, episode.key, kind, due, chair, held, took_part, rng.random() < 0.86))
            due, kind = (add_months(held, 3), "second") if kind == "first" else (add_months(held, 6), "later")
        if episode.ended_on is None:
            reviews.append(Review(episode.child, episode.key, kind, due, chair))
        return False
