"""What a made population consists of: plain rows, named like the tables they are meant for.

Rows refer to each other by `key`, which is the row's place in its list in `Population`. An end day is the first day no longer covered.
"""

from dataclasses import dataclass, field
from datetime import date

from lace.accounts.access import Role
from lace.accounts.authorities import Authority
from lace.children.rules import (
    EndReason,
    EntryReason,
    EntryType,
    Ethnicity,
    LegalStatus,
    PlacementEndReason,
    PlacementType,
    Sex,
)
from schools.rules import LeavingReason, SchoolKind, Term


@dataclass(slots=True)
class School:
    """`authority` is the three-letter code, or for a school in England the code of an entry of places.ENGLAND."""

    key: int
    authority: str
    number: str
    name_en: str
    name_cy: str
    kind: SchoolKind
    welsh_medium: bool
    roll: int
    policy_adopted_on: date | None

    @property
    def in_wales(self) -> bool:
        return len(self.authority) == 3


@dataclass(slots=True)
class Person:
    key: int
    name: str
    email: str
    language: str


@dataclass(slots=True)
class Membership:
    """A person's role in an authority, or in one of its schools or homes; `team` for social workers."""

    key: int
    person: int
    role: Role
    authority: str
    starts_on: date
    school: int | None = None
    home: int | None = None
    team: str = ""
    ends_on: date | None = None


@dataclass(slots=True)
class Designation:
    """Notice to the LACE coordinator and training may still be owing."""

    school: int
    membership: int
    decided_on: date
    headteacher_consulted: bool
    started_on: date
    notified_on: date | None
    trained_on: date | None
    ended_on: date | None = None


@dataclass(slots=True)
class Home:
    """A household or a children's home. `authority` is where it stands; `carers` are people, none for a young person living alone."""

    key: int
    kind: PlacementType
    authority: str
    name_en: str
    name_cy: str
    address: str
    carers: tuple[int, ...]


@dataclass(slots=True)
class Child:
    key: int
    authority: str
    reference: str
    given_names: str
    family_name: str
    preferred_name: str
    born_on: date
    sex: Sex
    ethnicity: Ethnicity
    upn: str
    first_language: str
    disabled: bool
    additional_needs: bool
    free_school_meals: bool


@dataclass(slots=True)
class CareEpisode:
    key: int
    child: int
    started_on: date
    entry_type: EntryType
    reason: EntryReason
    legal_status: LegalStatus
    ended_on: date | None = None
    end_reason: EndReason | None = None


@dataclass(slots=True)
class Placement:
    """`host` is the code of the authority where the home stands, in Wales or England."""

    child: int
    episode: int
    home: int
    kind: PlacementType
    host: str
    started_on: date
    ended_on: date | None = None
    end_reason: PlacementEndReason | None = None


@dataclass(slots=True)
class Enrolment:
    """`leaving_reason` is None on the last enrolment of a child who stopped being looked after: the child stayed, Lace stopped following."""

    child: int
    school: int
    started_on: date
    ended_on: date | None = None
    leaving_reason: LeavingReason | None = None


@dataclass(slots=True)
class Assignment:
    """A named person's relation to a child."""

    child: int
    person: int
    role: Role
    starts_on: date
    ends_on: date | None = None


@dataclass(slots=True)
class TermRecord:
    child: int
    school: int
    year: int
    term: Term
    sessions_possible: int
    sessions_attended: int
    sessions_unauthorised: int
    days_excluded: float
    subjects_assessed: int
    subjects_on_track: int


@dataclass(slots=True)
class StageResult:
    """Whether the expected result of a key stage was reached ("Raising the ambitions", 2.6)."""

    child: int
    school: int
    year: int
    stage: str
    reached: bool


@dataclass(slots=True)
class Pep:
    """One version of a child's plan: `initial`, `review` or `new_school`. Open while `final_on` is None.

    `state` is not_started (nothing written yet: the version before it stands), initiated, developing, amending (a later version under way), final
    (the present one) or closed (an earlier one, or the child left care). `grade` is the quality check's, for finished versions.
    """

    child: int
    episode: int
    school: int | None
    kind: str
    due_on: date
    state: str
    initiated_on: date | None = None
    final_on: date | None = None
    grade: str = ""


@dataclass(slots=True)
class Review:
    """A looked-after review: `first`, `second` or `later`. To come, or overdue, while `held_on` is None."""

    child: int
    episode: int
    kind: str
    due_on: date
    chair: int
    held_on: date | None = None
    child_took_part: bool = False
    pep_available: bool = False


@dataclass(slots=True)
class Population:
    """Everything made for one `as_of`. `hosts` are the authorities in England where some children live."""

    as_of: date
    seed: int
    authorities: tuple[Authority, ...]
    hosts: tuple[Authority, ...]
    schools: list[School] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    designations: list[Designation] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    episodes: list[CareEpisode] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    terms: list[TermRecord] = field(default_factory=list)
    results: list[StageResult] = field(default_factory=list)
    peps: list[Pep] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    def in_care(self) -> list[Child]:
        """The children looked after on `as_of`."""
        return [self.children[episode.child] for episode in self.episodes if episode.ended_on is None]
