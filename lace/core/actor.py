"""Who acts: a person under one of their roles, or a named job. Never nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting under one membership, or a named job.

    `authorities` are the ids of the authorities whose every child the role covers; `groups` the ids of the groups
    (a school's, an authority's) whose relations the role may use; `relations` the codenames of those relations;
    `own_relations` those that hold for the person by name (social worker, carer, the child). `today` is the day on which
    memberships and relations must be open, in Europe/London.
    """

    label: str
    today: date
    user_id: int | None = None
    membership_id: int | None = None
    role: str = ""
    job: str = ""
    authority_id: int | None = None
    organisation_id: int | None = None
    authorities: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    relations: frozenset[str] = frozenset()
    own_relations: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if bool(self.user_id) == bool(self.job):
            raise ValueError("An actor is either a person or a named job.")

    @classmethod
    def named_job(cls, job: str, *, today: date) -> Actor:
        """A job such as the sweep: acts under its own database role, sees what that role's policies give."""
        return cls(label=job, job=job, today=today)

    @property
    def is_person(self) -> bool:
        return self.user_id is not None
