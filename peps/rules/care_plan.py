"""The PEP as a part of the care and support plan: which of its sections speak to which other part of that plan (PEP-07). No database."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SOURCE = _("Making a difference, “The PEP and the care and support plan”; Social Services and Well-being (Wales) Act 2014, Part 6")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the care and support plan, and the sections of the PEP that bear on it. `measures`: so do well-being scores."""

    title: Promise
    sections: tuple[str, ...]
    measures: bool = False


PARTS: tuple[Part, ...] = (
    Part(_("Education"), ("history", "arrangements", "attainment", "aspirations", "aln", "exclusions", "elsewhere", "transition", "post_16")),
    Part(_("Health"), ("personal_development", "aln")),
    Part(_("Behaviour and emotions"), ("personal_development", "exclusions", "my_page"), measures=True),
    Part(_("Identity"), ("my_page", "history", "aspirations")),
    Part(_("Family ties"), ("contacts", "carer")),
    Part(_("Friendships"), ("my_page", "personal_development")),
    Part(_("Placement"), ("carer", "contacts", "arrangements")),
    Part(_("Becoming independent"), ("pathway", "post_16", "transition")),
)
# Plans beside it whose being ready is a duty of its own: the newest such duty says how they stand.
BESIDE: tuple[tuple[Promise, str], ...] = (
    (_("Care and support plan"), "care_plan"),
    (_("Placement plan"), "placement_plan"),
)


def parts_of(section: str) -> list[Promise]:
    """The other parts of the care and support plan on which a section bears; education goes without saying."""
    return [part.title for part in PARTS[1:] if section in part.sections]
