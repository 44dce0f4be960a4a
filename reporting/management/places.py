"""Schools, the people who work in them and in the authorities, and the homes where children live."""

from datetime import date, timedelta
from random import Random

from lace.accounts.access import Role
from lace.accounts.authorities import AUTHORITIES, BY_CODE, Authority
from lace.children.rules import Ethnicity, PlacementType, Sex
from reporting.management import names
from reporting.management.records import Designation, Home, Membership, Person, Population, School
from schools.rules import SchoolKind

# Across the border: where some children live, and go to school. Codes of more than three letters keep them apart from the tenants.
ENGLAND: tuple[Authority, ...] = (
    Authority("E06000019", "ENG-HEF", "884", "Herefordshire", "Swydd Henffordd"),
    Authority("E06000050", "ENG-CHW", "896", "Cheshire West and Chester", "Gorllewin Swydd Gaer a Chaer"),
    Authority("E06000051", "ENG-SHR", "893", "Shropshire", "Swydd Amwythig"),
    Authority("E08000015", "ENG-WRL", "344", "Wirral", "Cilgwri"),
    Authority("E10000013", "ENG-GLS", "916", "Gloucestershire", "Swydd Gaerloyw"),
)
# People in thousands, roughly (2021): the weight by which children and schools are shared out.
WEIGHT = {
    "AGY": 69, "GWN": 117, "CWY": 115, "DEN": 96, "FLN": 155, "WRX": 135, "POW": 133, "CGN": 72, "PEM": 124, "CMN": 189, "SWA": 241,
    "NTL": 142, "BGE": 146, "VGL": 133, "RCT": 239, "MTY": 59, "CAY": 176, "BGW": 67, "TOF": 93, "MON": 93, "NWP": 160, "CRF": 369,
}  # fmt: skip
# Share of people who use Welsh first, roughly; decides names, schools' medium and languages of accounts.
WELSH = dict.fromkeys(WEIGHT, 0.1) | {
    "AGY": 0.5, "GWN": 0.62, "CWY": 0.25, "DEN": 0.22, "POW": 0.16, "CGN": 0.44, "PEM": 0.17, "CMN": 0.38, "NTL": 0.13, "RCT": 0.13, "CRF": 0.12,
}  # fmt: skip
NEIGHBOURS: dict[str, tuple[str, ...]] = {
    code: tuple(near.split())
    for code, near in {
        "AGY": "GWN CWY", "GWN": "AGY CWY DEN POW CGN", "CWY": "GWN DEN AGY", "DEN": "CWY FLN WRX POW GWN", "FLN": "DEN WRX",
        "WRX": "FLN DEN POW", "POW": "CGN CMN NTL RCT MTY BGW MON WRX GWN", "CGN": "CMN PEM POW GWN", "PEM": "CMN CGN",
        "CMN": "PEM CGN SWA NTL POW", "SWA": "NTL CMN", "NTL": "SWA BGE RCT CMN POW", "BGE": "NTL RCT VGL", "VGL": "CRF BGE RCT",
        "RCT": "MTY CAY CRF VGL BGE NTL POW", "MTY": "RCT CAY POW", "CAY": "RCT MTY BGW TOF NWP CRF", "BGW": "CAY TOF MON POW",
        "TOF": "BGW CAY MON NWP", "MON": "TOF NWP BGW POW", "NWP": "TOF MON CAY CRF", "CRF": "VGL RCT CAY NWP",
    }.items()
}  # fmt: skip
ACROSS = {
    code: near
    for near, codes in {"ENG-WRL ENG-CHW": "AGY GWN CWY DEN FLN WRX", "ENG-SHR ENG-HEF": "POW CGN PEM CMN"}.items()
    for code in codes.split()
}  # where in England, by authority; the south looks to the Severn's other bank

# Schools in Wales by kind, roughly (about 1,470 with colleges), and the first of the four digits of their numbers by custom.
_SCHOOLS = {
    SchoolKind.PRIMARY: (1200, 2000),
    SchoolKind.SECONDARY: (180, 4000),
    SchoolKind.MIDDLE: (26, 5500),
    SchoolKind.SPECIAL: (35, 7000),
    SchoolKind.PRU: (20, 1100),
    SchoolKind.FE_COLLEGE: (13, 9000),
}
_RURAL = {"AGY", "GWN", "POW", "CGN", "CMN", "PEM"}
_ROLL = {
    SchoolKind.PRIMARY: (40, 420), SchoolKind.SECONDARY: (450, 1600), SchoolKind.MIDDLE: (500, 1300), SchoolKind.SPECIAL: (50, 220),
    SchoolKind.PRU: (20, 90), SchoolKind.FE_COLLEGE: (1500, 6000),
}  # fmt: skip
_TITLES: dict[SchoolKind, tuple[tuple[str, str], ...]] = {
    SchoolKind.PRIMARY: (
        ("{} Primary School", "Ysgol Gynradd {}"),
        ("{} Primary School", "Ysgol Gynradd {}"),
        ("{} Church in Wales Primary School", "Ysgol Gynradd yr Eglwys yng Nghymru {}"),
        ("{} Community Primary School", "Ysgol Gynradd Gymunedol {}"),
    ),
    SchoolKind.SECONDARY: (("{} High School", "Ysgol Uwchradd {}"), ("{} Comprehensive School", "Ysgol Gyfun {}")),
    SchoolKind.MIDDLE: (("{} All-through School", "Ysgol Pob Oed {}"),),
    SchoolKind.SPECIAL: (("{} Special School", "Ysgol Arbennig {}"),),
    SchoolKind.PRU: (("{} Pupil Referral Unit", "Uned Cyfeirio Disgyblion {}"),),
    SchoolKind.FE_COLLEGE: (("{} College", "Coleg {}"),),
}


class Country:
    """Makes schools and staff at once, and homes as children need them."""

    def __init__(self, rng: Random, population: Population, children: int) -> None:
        self.rng = rng
        self.population = population
        self.schools: dict[tuple[str, SchoolKind], list[School]] = {}
        self.workers: dict[str, list[int]] = {}
        self.chairs: dict[str, list[int]] = {}
        self._open_homes: dict[tuple[str, PlacementType], list[list[int]]] = {}
        self._mailboxes: dict[str, int] = {}
        self._head_of: dict[int, int] = {}
        self._last_governor: int | None = None
        self._places = {authority.code: (names.welsh_places(rng), names.english_places(rng)) for authority in (*AUTHORITIES, *ENGLAND)}
        # Wales has some 1,460 schools for some 7,200 children; a small demonstration gets a small country, a great one a greater.
        scale = max(1.0, children / 7200) if children >= 2000 else children / 2000
        total = sum(WEIGHT.values())
        for authority in AUTHORITIES:
            share = WEIGHT[authority.code] / total
            self._build_schools(authority, share, scale)
            self._build_offices(authority, share * children)
        for authority in ENGLAND:
            for kind, number in ((SchoolKind.PRIMARY, 6), (SchoolKind.SECONDARY, 4), (SchoolKind.SPECIAL, 1), (SchoolKind.FE_COLLEGE, 1)):
                self.schools[authority.code, kind] = [self._school(authority, kind, serial) for serial in range(max(1, round(number * scale)))]

    def person(self, authority: str, family: str = "", welsh: float | None = None) -> int:
        """A new grown-up with an address under the authority's own reserved domain; gives the key."""
        rng = self.rng
        share = WELSH.get(authority, 0.0) if welsh is None else welsh
        given, surname = names.given_and_family(rng, Sex.FEMALE if rng.random() < 0.72 else Sex.MALE, Ethnicity.WHITE_BRITISH, share)
        surname = family or surname
        domain = "england" if authority not in BY_CODE else BY_CODE[authority].english.lower().replace(" ", "-")
        mailbox = names.mailbox(given, surname).replace(" ", "").replace("'", "")
        address = f"{mailbox}@{domain}.lace.example"
        seen = self._mailboxes[address] = self._mailboxes.get(address, 0) + 1
        if seen > 1:
            address = f"{mailbox}{seen}@{domain}.lace.example"
        people = self.population.people
        people.append(Person(len(people), f"{given} {surname}", address, "cy" if rng.random() < share else "en-gb"))
        return len(people) - 1

    def join(self, person: int, role: Role, authority: str, *, school: int | None = None, home: int | None = None, team: str = "") -> int:
        """Gives the person a role that began some time ago; gives the membership's key."""
        memberships = self.population.memberships
        since = self.population.as_of - timedelta(days=self.rng.randrange(200, 3000))
        memberships.append(Membership(len(memberships), person, role, authority, since, school=school, home=home, team=team))
        return len(memberships) - 1

    def home(self, kind: PlacementType, authority: str, child_family: str) -> int:
        """A home of this kind in this authority with room, or a new one; gives the key."""
        rng, homes = self.rng, self.population.homes
        waiting = self._open_homes.setdefault((authority, kind), [])
        if waiting and rng.random() < 0.7:
            at = rng.randrange(len(waiting))
            place = waiting[at]
            place[1] -= 1
            if place[1] == 0:
                waiting[at] = waiting[-1]
                waiting.pop()
            return place[0]
        key = len(homes)
        name_en = name_cy = ""
        if kind in (PlacementType.RESIDENTIAL, PlacementType.SECURE, PlacementType.RESIDENTIAL_SCHOOL):
            name = next(self._places[authority][0])
            name_en, name_cy = f"{name} House", f"Tŷ {name}"
        carers = 0 if kind == PlacementType.INDEPENDENT else (3 if name_en else rng.choice((1, 1, 2)))
        family = child_family if kind in (PlacementType.PARENTS, PlacementType.KINSHIP) and rng.random() < 0.6 else ""
        people = tuple(self.person(authority, family) for _ in range(carers))
        homes.append(Home(key, kind, authority, name_en, name_cy, f"{names.street(rng)}, {next(self._places[authority][1])}", people))
        if kind != PlacementType.PARENTS and authority in BY_CODE:
            for carer in people:
                self.join(carer, Role.FOSTER_CARER, authority, home=key if name_en else None)
        room = {PlacementType.FOSTER: 3, PlacementType.KINSHIP: 2}.get(kind, 8 if name_en else 1)
        if room > 1:
            waiting.append([key, room - 1])
        return key

    def _school(self, authority: Authority, kind: SchoolKind, serial: int) -> School:
        rng, schools = self.rng, self.population.schools
        welsh_medium = kind != SchoolKind.FE_COLLEGE and rng.random() < WELSH.get(authority.code, 0.0) * 1.1
        smallest, largest = _ROLL[kind]
        welsh_name = welsh_medium or (authority.code in BY_CODE and rng.random() < 0.5)
        place = next(self._places[authority.code][0 if welsh_name else 1])
        english, cymraeg = rng.choice(_TITLES[kind])
        if welsh_medium and kind in (SchoolKind.PRIMARY, SchoolKind.SECONDARY):
            english = cymraeg if rng.random() < 0.7 else "Ysgol {}"
            cymraeg = english
        policy = None if rng.random() < 0.06 else self.population.as_of - timedelta(days=rng.randrange(20, 700))
        school = School(
            len(schools),
            authority.code,
            f"{authority.number}{_SCHOOLS[kind][1] + serial:04d}",
            english.format(place),
            cymraeg.format(place),
            kind,
            welsh_medium,
            int(smallest + (largest - smallest) * rng.random() ** 1.6),
            policy,
        )
        schools.append(school)
        return school

    def _build_schools(self, authority: Authority, share: float, scale: float) -> None:
        self._last_governor = None
        for kind, (number, _first) in _SCHOOLS.items():
            spread = 1.35 if authority.code in _RURAL else 0.9
            wanted = round(number * share * scale * (spread if kind == SchoolKind.PRIMARY else 1.0))
            wanted = max(
                wanted, {SchoolKind.PRIMARY: 3, SchoolKind.SECONDARY: 2, SchoolKind.MIDDLE: 0}.get(kind, 1 if kind == SchoolKind.SPECIAL else 0)
            )
            if kind == SchoolKind.FE_COLLEGE:
                wanted = max(1, wanted)
            built = [self._school(authority, kind, serial) for serial in range(wanted)]
            if kind in (SchoolKind.PRIMARY, SchoolKind.SECONDARY) and not any(school.welsh_medium for school in built):
                built[0].welsh_medium = True
                built[0].name_en = built[0].name_cy
            self.schools[authority.code, kind] = built
            for place, school in enumerate(built):
                self._staff(school, built[place - 1] if place else None)

    def _staff(self, school: School, before: School | None) -> None:
        """Headteacher, designated person and two governors; in small schools one person is head and designated person, or head of two."""
        rng, code, memberships = self.rng, school.authority, self.population.memberships
        federated = before is not None and school.kind == SchoolKind.PRIMARY and rng.random() < 0.03
        head = self._head_of[before.key] if federated and before else self.person(code)
        self._head_of[school.key] = head
        self.join(head, Role.HEADTEACHER, code, school=school.key)
        if self._last_governor is None or rng.random() > 0.1:
            self._last_governor = self.person(code)
        for governor in (self._last_governor, self.person(code)):
            self.join(governor, Role.GOVERNOR, code, school=school.key)
        if rng.random() < 0.012:
            return  # nobody designated: the grid of schools must show it
        small = school.kind == SchoolKind.PRIMARY and school.roll < 150
        designated = head if small and rng.random() < 0.5 else self.person(code)
        membership = self.join(designated, Role.DESIGNATED_PERSON, code, school=school.key)
        started = memberships[membership].starts_on
        self.population.designations.append(
            Designation(
                school.key,
                membership,
                decided_on=started - timedelta(days=rng.randrange(0, 30)),
                headteacher_consulted=rng.random() < 0.95,
                started_on=started,
                notified_on=None if rng.random() < 0.03 else started + timedelta(days=rng.randrange(0, 9)),
                trained_on=None if rng.random() < 0.08 else started + timedelta(days=rng.randrange(10, 190)),
            )
        )

    def _build_offices(self, authority: Authority, children: float) -> None:
        code = authority.code
        for role, number in ((Role.LACE_COORDINATOR, 1 + (children > 300)), (Role.DESIGNATED_MANAGER, 1), (Role.ADMINISTRATOR, 1)):
            for _ in range(number):
                self.join(self.person(code), role, code)
        self.workers[code] = [self.person(code) for _ in range(max(1, round(children / 15)))]
        for place, worker in enumerate(self.workers[code]):
            self.join(worker, Role.SOCIAL_WORKER, code, team=f"Team {1 + place // 7}")
        self.chairs[code] = [self.person(code) for _ in range(max(1, round(children / 60)))]
        for chair in self.chairs[code]:
            self.join(chair, Role.IRO, code)


def across_the_border(rng: Random, code: str) -> str:
    """An authority in England near this one."""
    return rng.choice(ACROSS.get(code, "ENG-GLS ENG-HEF").split())


def years_before(day: date, years: int) -> date:
    """The latest date of birth of someone who is `years` old on a day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)
