"""What messages say: a kind for each, in the recipient's language. No child's name, ever: initials and a link (PRIV-14)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Facts = Mapping[str, Any]
LEAD = gettext_lazy("Open it in Lace. You will be asked to sign in:")


def plain_facts(facts: Facts) -> dict[str, str]:
    """Facts as words: what ends in `_on` is a date, in `_at` a moment, written in the language in use; the rest as it stands."""
    return {name: _word(name, value) for name, value in facts.items()}


def _word(name: str, value: Any) -> str:
    if value and name.endswith("_on"):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if value and name.endswith("_at"):
        return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")
    return str(value)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `subject` and `body` may hold %(initials)s and the facts by name; `words` turns stored facts into words.

    `route` is the name of the page that the link opens, given the child's id where the message is about a child; `address` makes the
    page's path from the facts instead. `lead` stands before the link.

    By e-mail, `digest` says that it waits for the person's daily digest, grouped by the date `due_on` of its facts, and that `stands` is
    asked then which of the sources are still worth a reminder (all of them where it is None). A word `body` says about which school or
    other body it is. `at_once`: it goes on days off as well.
    """

    code: str
    subject: Promise
    body: Promise
    route: str
    words: Callable[[Facts], Mapping[str, str]] = plain_facts
    address: Callable[[Facts], str] | None = None
    lead: Promise = LEAD
    digest: bool = False
    stands: Callable[[Collection[UUID]], Collection[UUID]] | None = None
    at_once: bool = False


KINDS: dict[str, Kind] = {}


def gathered() -> list[str]:
    """Codes of the kinds that wait for the daily digest."""
    return [kind.code for kind in KINDS.values() if kind.digest]


def at_once() -> list[str]:
    """Codes of the kinds that go out by e-mail on days off as well."""
    return [kind.code for kind in KINDS.values() if kind.at_once]


def declare(*kinds: Kind) -> None:
    """Make an app's kinds of message known; called once, in its rules.py. Raises ValueError on a code declared twice."""
    for kind in kinds:
        if kind.code in KINDS:
            raise ValueError(f"Kind {kind.code} of message is declared twice.")
        KINDS[kind.code] = kind


@dataclass(frozen=True, slots=True)
class Text:
    """A message as its reader gets it. `whom` is about whom it is: a child's initials, or a body; `path` the page inside Lace, `url` the same
    as a full address."""

    whom: str
    subject: str
    body: str
    path: str
    lead: str

    @property
    def url(self) -> str:
        return f"{settings.SITE_URL}{self.path}"


def write(kind: str, facts: Facts, *, language: str, initials: str = "", child: UUID | None = None) -> Text:
    """The text of a message in a language. Without initials the child is "a child": the reader may no longer see the record.

    Raises KeyError for a kind that nobody declared.
    """
    chosen = KINDS[kind]
    with translation.override(language):
        words = {"initials": initials or _("a child"), **chosen.words(facts)}
        return Text(
            whom=initials or words.get("body", ""),
            subject=str(chosen.subject) % words,
            body=str(chosen.body) % words,
            path=chosen.address(facts) if chosen.address else reverse(chosen.route, args=[child] if child else None),
            lead=str(chosen.lead),
        )
