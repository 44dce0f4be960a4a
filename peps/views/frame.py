"""What every page of the plan shares: whose record it is, the plan, what the reader may see of it and do with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Facet, Permission, Role
from lace.accounts.models import Language
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildPage
from peps.models import (
    Action,
    Addition,
    Attainment,
    CatchUp,
    Contribution,
    Evaluation,
    Pep,
    Provision,
    QualityReview,
    Reply,
    Section,
    Target,
    Version,
    Wellbeing,
    ended,
    frozen,
    measures,
)
from peps.rules import TRANSITIONS, State, Step
from peps.rules.quality import ReviewState
from peps.rules.sections import SECTIONS, Circumstances, SectionRule, asked


def written(day: date) -> str:
    """A day in words, in the language in use."""
    return formats.date_format(day, "DATE_FORMAT")


def language_in_use() -> str:
    """The language in which a person who reads this page is likely to write."""
    return Language.WELSH if (get_language() or "").startswith("cy") else Language.ENGLISH


def made_final_by(version: Version) -> str:
    """The person, or the authority that gave the version with its plan (XLA-07)."""
    return version.finalised_by.name if version.finalised_by else version.origin


def may_compare(pep: Pep | None, versions: int) -> bool:
    """Are there two texts of the plan: two versions, or one and a draft?"""
    return versions > 1 or (versions == 1 and pep is not None and is_draft(pep))


def is_draft(pep: Pep) -> bool:
    """May it hold other words than its newest version?"""
    return (State(pep.state), Step.WRITE) in TRANSITIONS


class PlanPart(ChildPage):
    """A page of the plan. `pep` is the current plan; a page that cannot be without one is not found when there is none."""

    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.EDUCATION, Facet.VOICE, Facet.WELLBEING, Facet.CONTACTS, Facet.ATTENDANCE})
    needs_plan: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = None  # of the act that the page offers
    pep: Pep | None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Facet.EDUCATION not in self.grant.facets:
            raise Http404
        self.pep = Pep.objects.visible_to(self.actor).current().with_facts(self.actor.today).filter(child=self.child).first()
        if self.pep is not None:
            self.pep.child = self.child
        elif self.needs_plan:
            raise Http404
        if self.permission and self.permission not in self.grant.permissions:
            raise NotAllowed

    @property
    def plan(self) -> Pep:
        """The current plan, on pages that need one."""
        assert self.pep is not None
        return self.pep

    @property
    def circumstances(self) -> Circumstances:
        return self.plan.circumstances(self.actor.today)

    def asked(self, sections: Mapping[str, Section]) -> list[SectionRule]:
        """The sections that the plan asks today, with their questions, as far as this reader may see them; `sections` are those written."""
        rules = asked(self.circumstances, {key: row.answers for key, row in sections.items()})
        return [rule for rule in rules.values() if rule.facet in self.grant.facets]

    def may(self, permission: Permission, step: Step | None = None) -> bool:
        """Does the reader's grant give this act, and the plan's state this step?"""
        open_to = step is None or (self.pep is not None and (State(self.pep.state), step) in TRANSITIONS)
        return permission in self.grant.permissions and open_to

    def writable(self, section: SectionRule) -> bool:
        return section.may_be_written(self.actor.role, self.grant) and self.may(section.permission, Step.WRITE)

    def url(self, name: str = "child_plan", **kwargs: Any) -> str:
        return reverse(name, kwargs={"child": self.child.pk, **kwargs})

    def frame(self) -> dict[str, Any]:
        """Whose record this is, and its tabs."""
        return child_frame(self, "child_plan") | {"back_text": _("Back to the plan")}

    def way_back(self) -> dict[str, Any]:
        """To the plan; for the child to their own page."""
        if self.actor.role == Role.CHILD:
            return {"back_url": reverse("own"), "back_text": pgettext("to a child", "Back to my page")}
        return {"back_url": self.url()}

    def who_wrote(self, section: Section) -> str:
        """Who wrote, as this reader may know it: a carer by name only where the carer's identity may be known."""
        if not section.written_as:
            return section.written_by.name if section.written_by else ""
        role = Role(section.written_as)
        hidden = role in CARERS and (Facet.ADDRESS not in self.grant.facets or self.child.address_is_sensitive)
        return str(role.label) if hidden or section.written_by is None else f"{section.written_by.name} ({role.label})"

    def sections(self) -> dict[str, Section]:
        """The current plan's sections that this reader may see, by key."""
        keys = [section.key for section in SECTIONS.values() if section.facet in self.grant.facets]
        rows = Section.objects.visible_to(self.actor).filter(pep=self.plan, key__in=keys).select_related("written_by")
        return {row.key: row for row in rows}

    def targets(self) -> list[Target]:
        return list(Target.objects.visible_to(self.actor).filter(pep=self.plan).order_by("position"))

    def last_version(self) -> Version | None:
        """The newest final version of the plan, with its content; none while there is none."""
        return Version.objects.visible_to(self.actor).filter(pep=self.plan, number=self.plan.version).first() if self.plan.version else None

    def evaluations(self, version: Version) -> list[Evaluation]:
        return list(Evaluation.objects.visible_to(self.actor).filter(of_version=version))

    def pinned(self, part: str) -> dict[str, Any]:
        """What the education service wants put right in this part of the plan, until the next version is made final: `pinned`, by question or
        target ("" for the whole part), and the language of those words."""
        if self.plan.state != State.AMENDING:
            return {"pinned": {}, "pinned_lang": ""}
        decided = QualityReview.objects.visible_to(self.actor).exclude(state=ReviewState.TAKEN)
        review = decided.filter(pep=self.plan, of_version__number=self.plan.version).first()
        if review is None:
            return {"pinned": {}, "pinned_lang": ""}
        return {"pinned": review.feedback.get(part, {}), "pinned_lang": "cy" if review.language == Language.WELSH else "en"}

    def ended(self) -> list[dict[str, Any]]:
        """While an amendment is written: how the targets of the last version ended."""
        last = self.last_version() if self.plan.state == State.AMENDING else None
        return ended(last.targets(), self.evaluations(last)) if last else []

    def draft(self) -> dict[str, Any]:
        """What this reader may see of the plan as it stands, in the shape of a frozen version's content."""
        rows = self.sections()
        asked = self.asked(rows)
        parts: dict[str, Any] = {"ends": self.ended(), "actions": self.actions(), "contributions": self.contributions(), "measures": self.measures()}
        parts |= {"provisions": self.provisions(asked), "catch_ups": self.catch_ups(), "replies": self.replies(), "additions": self.additions()}
        return frozen(rows.values(), self.targets(), asked, self.circumstances.phase, **parts)

    def measures(self) -> dict[str, Any]:
        """The newest measures, as far as this reader may see them, in the frozen shape; of a final plan those that its version froze."""
        if not is_draft(self.plan):
            last = self.last_version()
            return {key: last.content[key] for key in ("attainment", "wellbeing") if key in last.content} if last else {}
        held = self.grant.facets
        return measures(
            Attainment.objects.visible_to(self.actor).filter(child=self.child) if Facet.EDUCATION in held else None,
            Wellbeing.objects.visible_to(self.actor).filter(child=self.child) if Facet.WELLBEING in held else None,
        )

    def holds_idp(self) -> bool:
        """Does the plan hold the child's development plan for additional learning needs (PEP-22)?"""
        return self.circumstances.combined and self.circumstances.needs

    def provisions(self, asked: Iterable[SectionRule]) -> list[Provision]:
        """The additional learning provision, with what ended since the last version; none where its section does not stand."""
        if not any(rule.key == "aln" for rule in asked):
            return []
        rows = Provision.objects.visible_to(self.actor).filter(pep=self.plan).standing()
        return list(rows.select_related("school__organisation").order_by("from_on", "created_at"))

    def catch_ups(self) -> list[CatchUp]:
        """What is arranged to close gaps, and how it went since the last version."""
        return list(CatchUp.objects.visible_to(self.actor).filter(pep=self.plan).standing().order_by("starts_on", "created_at"))

    def actions(self) -> list[Action]:
        """What is agreed to be done, and what was done or dropped since the last version."""
        rows = Action.objects.visible_to(self.actor).filter(pep=self.plan).standing()
        return list(rows.select_related("owner", "pep").order_by("due_on", "created_at"))

    def replies(self) -> list[Reply]:
        """What the adults did with what the child asked for; nothing for who may not read the child's own words."""
        if Facet.VOICE not in self.grant.facets:
            return []
        return list(Reply.objects.visible_to(self.actor).filter(pep=self.plan).order_by("question"))

    def additions(self, content: Mapping[str, Any] | None = None) -> list[Addition]:
        """Of the pictures and recordings on the child's page, or in a version's content, those that the child lets this reader see."""
        if Facet.VOICE not in self.grant.facets:
            return []
        rows = Addition.objects.visible_to(self.actor).filter(child=self.child).with_file()
        if content is None:
            return list(rows.filter(pep=self.plan).standing().order_by("created_at"))
        keys = [kept["id"] for kept in content.get("additions", ())]
        return list(rows.filter(key__in=keys).order_by("created_at")) if keys else []

    def contributions(self) -> list[Contribution]:
        """Whose words are asked for the version that is being written, or stand in the final one."""
        rows = list(Contribution.objects.visible_to(self.actor).filter(pep=self.plan).standing().order_by("created_at", "pk"))
        for row in rows:
            row.pep = self.plan
        return rows
