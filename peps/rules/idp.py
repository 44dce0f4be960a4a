"""The individual development plan inside the PEP (PEP-22): its headings in their fixed order, and the provisions of 2B. No database.

For a looked-after child the plan for additional learning needs is kept by the authority that looks after the child and is folded into the
PEP (Additional Learning Needs and Education Tribunal (Wales) Act 2018, sections 16 and 19).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from peps.rules import Gap
from peps.rules.sections import IDP_KINDS, SectionRule

_CODE = _("Additional Learning Needs Code for Wales 2021, chapter 23 and annex A")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the standard form, as it holds from a day. `verified`: its words were read at the source, or told by two who read them."""

    number: str
    title: Promise
    question: str = ""  # of the section "aln", whose answer stands here
    drawn: tuple[tuple[str, tuple[str, ...]], ...] = ()  # sections and their questions from which the record fills it
    verified: bool = True
    source: Promise = _CODE
    since: date = date(2021, 9, 1)


# The main headings stand in this order and no other; the sub-items of one may be put as suits the child.
HEADINGS: tuple[Heading, ...] = (
    Heading("1A", _("Basic information"), drawn=(("arrangements", ("school",)),)),
    Heading("1B", _("Contacts and the responsible body"), "contact", (("contacts", ("people",)),)),
    Heading("1C", _("About me"), drawn=(("my_page", ("like", "good_at", "matters", "helps")),)),
    Heading("2A", _("The additional learning needs and their effect"), "need"),
    Heading("2B", _("The additional learning provision")),
    Heading("2C", _("Provision by an NHS body"), "nhs", verified=False),
    Heading("2D", _("Provision that the local authority secures"), "authority", verified=False),
    Heading("3A", _("Record of the information used"), "record", verified=False),
    Heading("3B", _("Moving on"), "moves", (("transition", ("to", "steps")),), verified=False),
    Heading("3C", _("Travel"), "travel", verified=False),
)


class InWelsh(TextChoices):
    """2B.3: is the provision to be in Welsh? (sections 12(6), 14(5) and 19(3) of the Act)."""

    YES = "yes", pgettext_lazy("provision", "In Welsh")
    NO = "no", pgettext_lazy("provision", "It need not be in Welsh")


# 2B of each element, in its order: the number and what it asks.
ELEMENTS: tuple[tuple[str, Promise], ...] = (
    ("2B.1", _("The outcome")),
    ("2B.2", _("The provision")),
    ("2B.3", _("Is it to be in Welsh?")),
    ("2B.4", _("Who provides it")),
    ("2B.5", _("From")),
    ("2B.6", _("Review or end")),
    ("2B.7", _("Why")),
)


def holds_idp(rules: Iterable[SectionRule]) -> bool:
    """Do these sections ask for the headings of a development plan?"""
    return any(rule.key == "aln" and any(question.key == "need" for question in rule.questions) for rule in rules)


def unprovided(rules: Iterable[SectionRule], answers: Mapping[str, Mapping[str, Any]], provisions: int) -> list[Gap]:
    """What stands in the way of a final version: a development plan in the PEP without any provision."""
    if provisions or not holds_idp(rules) or answers.get("aln", {}).get("kind") not in IDP_KINDS:
        return []
    return [Gap("provisions", _("Additional learning provision (2B): add at least one provision"))]
