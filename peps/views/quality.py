"""The education service looks at a final version: side by side with the plan, by areas, and what came of it (PEP-20, PEP-21)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission
from lace.core.errors import NotAllowed
from peps.models import QualityReview, Version
from peps.rules.checks import remarks
from peps.rules.quality import AREAS, Area, Grade, ReviewState, Standard, agreement, paired, standing, thresholds, turnaround
from peps.rules.sections import SECTIONS, rules_of
from peps.services.quality import gradable
from peps.views.content import LANG
from peps.views.frame import PlanPart, made_final_by, written

GRADE_TAGS = {Grade.GOLD: "met", Grade.GREEN: "met", Grade.AMBER: "soon", Grade.RED: "warning"}
STATE_TAGS = {ReviewState.TAKEN: "doing", ReviewState.ACCEPTED: "done", ReviewState.RETURNED: "warning"}
OTHER_PARTS = {"targets": _("Targets"), "actions": _("Actions")}


def besides(standard: Standard, area: Area) -> str:
    """What the authority asks of an area besides, in the reader's language."""
    return str(standard.besides.get(area.key, {}).get((get_language() or "en")[:2], ""))


class OfVersion(PlanPart):
    """A page about one final version, and the check of its quality if there is one."""

    needs_plan = False
    held: Version
    review: QualityReview | None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        versions = Version.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["version"])
        held = versions.select_related("finalised_by", "pep").first()
        if held is None:
            raise Http404
        self.held = held
        reviews = QualityReview.objects.visible_to(self.actor).filter(of_version=held)
        self.review = reviews.select_related("reviewer", "second_rater", "standard").first()
        if self.review is not None:
            self.review.of_version, self.review.child = held, self.child

    def quality_url(self, name: str = "child_plan_quality", **kwargs: Any) -> str:
        return self.url(name, version=self.held.pk, **kwargs)

    def areas(self) -> list[Area]:
        """Those that this reader may judge."""
        return [area for area in standing(self.held.content) if area.facet in self.grant.facets]

    def before(self) -> dict[str, Any] | None:
        """The content of the version before."""
        found = Version.objects.visible_to(self.actor).filter(pep=self.held.pep_id, number=self.held.number - 1).first()
        return found.content if found else None

    def remarks(self) -> dict[str, list[Any]]:
        """What stands out, by the key of the area, as far as this reader may read it."""
        of_part = {part: area.key for area in AREAS.values() for part in area.parts}
        found: dict[str, list[Any]] = {}
        for remark in remarks(self.held.content, on=self.held.finalised_on, last=self.before()):
            if remark.facet in self.grant.facets:
                found.setdefault(of_part[remark.part], []).append(remark.sentence)
        return found

    def may_read(self, part: str) -> bool:
        return (SECTIONS[part].facet if part in SECTIONS else Facet.EDUCATION) in self.grant.facets


class QualityPage(OfVersion):
    """What came of the check, for those who write the plan and those who look at it."""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not {Permission.WRITE_PEP, Permission.REVIEW_PEP} & self.grant.permissions:
            raise NotAllowed

    def get(self, request: HttpRequest, child: UUID, version: UUID) -> HttpResponse:
        review, may_review = self.review, self.may(Permission.REVIEW_PEP)
        own = review is not None and review.reviewer_id == self.actor.user_id
        decided = review is not None and review.state != ReviewState.TAKEN
        shown = review is not None and (own or decided) and (own or not (may_review and review.waits_for_second()))
        rated = review if shown else None
        context = {
            **self.frame(),
            "back_url": self.url(),
            "title": gettext("Quality of version %(number)d") % {"number": self.held.number},
            "final": gettext("Made final on %(day)s by %(who)s.") % {"day": written(self.held.finalised_on), "who": made_final_by(self.held)},
            "read_url": self.url("child_plan_version", version=self.held.pk),
            "review": review,
            "state_tag": STATE_TAGS[ReviewState(review.state)] if review else "",
            "rows": self.rows(review),
            "hidden": decided and not shown,
            "grades": self.grades(rated) if rated else [],
            "whole": self.whole(rated) if rated and decided else None,
            "thresholds": thresholds(review.by_standard()) if review else [],
            "code": self.child.authority.code,
            "feedback": self.feedback(review) if review and (own or decided) else [],
            "second": self.second(rated) if rated and rated.second_rater_id else None,
            "acts": self.acts(review, own) if may_review else [],
        }
        return render(request, "peps/quality.html", context)

    def rows(self, review: QualityReview | None) -> list[dict[str, Any]]:
        if review is None:
            return []
        days = turnaround(self.held.finalised_on, review.decided_on or self.actor.today)
        number = gettext("version %(number)d of the authority") % {"number": review.by_standard().number} if review.standard_id else ""
        rows = [
            (_("Looked at by"), review.reviewer.name),
            (_("Taken on"), written(review.taken_on)),
            (_("Decided on"), written(review.decided_on) if review.decided_on else ""),
            (_("Working days since it was final"), days),
            (_("Standard"), number or _("the national default")),
        ]
        return [{"key": key, "value": value} for key, value in rows if value != ""]

    def grades(self, review: QualityReview) -> list[dict[str, Any]]:
        """By area: the grade, what was said, and what the grade asks."""
        return [
            {"title": area.title, "asks": area.asks, **self.rating(review.grades.get(area.key, {})), "lang": LANG[review.language]}
            for area in self.areas()
        ]

    @staticmethod
    def rating(given: dict[str, str]) -> dict[str, Any]:
        chosen = given.get("grade", "")
        return {
            "grade": Grade(chosen).label if chosen else _("No grade yet"),
            "kind": GRADE_TAGS[Grade(chosen)] if chosen else "none",
            "comment": given.get("comment", ""),
        }

    @staticmethod
    def whole(review: QualityReview) -> dict[str, Any]:
        return {"grade": Grade(review.overall).label, "kind": GRADE_TAGS[Grade(review.overall)]}

    def feedback(self, review: QualityReview) -> list[dict[str, Any]]:
        """In the order of the plan, each with the words of its question or target."""
        found = []
        titles = {rule.key: (rule.title, {question.key: question.label for question in rule.questions}) for rule in rules_of(self.held.content)}
        goals = {target["id"]: target["goal"] for target in self.held.targets()}
        for part in (*titles, *OTHER_PARTS):
            title, questions = titles.get(part) or (OTHER_PARTS[part], goals)
            for question, text in review.feedback.get(part, {}).items() if self.may_read(part) else ():
                where = f"{title}: {questions[question]}" if question in questions else title
                found.append({"where": where, "text": text, "lang": LANG[review.language]})
        return found

    def second(self, review: QualityReview) -> dict[str, Any]:
        """Both raters side by side, and how far they agree on this plan."""
        areas = [area for area in self.areas() if area.key in review.second_grades]
        both = agreement(paired(review.grades, review.second_grades))
        words = {"same": both.same, "pairs": both.pairs, "who": review.second_rater.name if review.second_rater else ""}
        return {
            "sentence": gettext("Second rater: %(who)s. Both gave the same grade in %(same)d of %(pairs)d areas.") % words,
            "columns": [_("Area"), _("First grade"), _("Second grade"), _("Second rater's comment")],
            "rows": [
                [
                    str(area.title),
                    self.cell(review.grades.get(area.key, {})),
                    self.cell(review.second_grades[area.key]),
                    review.second_grades[area.key]["comment"],
                ]
                for area in areas
            ],
        }

    def cell(self, given: dict[str, str]) -> dict[str, Any]:
        rating = self.rating(given)
        return {"text": rating["grade"], "tag": rating["kind"]}

    def acts(self, review: QualityReview | None, own: bool) -> list[dict[str, Any]]:
        """What a reviewer can do next."""
        newest = self.pep is not None and self.held.pep_id == self.pep.pk and self.held.number == self.pep.version
        taken = review is not None and review.state == ReviewState.TAKEN
        mine = taken and review is not None and bool(gradable(by=self.actor, review=review))
        again = review is not None and not taken and not own and review.second_rater_id is None
        offered: list[tuple[bool, Promise, str]] = [
            (review is None and newest, _("Look at this version"), "child_plan_quality_take"),
            (mine, _("Grade it beside the plan"), "child_plan_quality_grade"),
            (taken and own, _("Decide"), "child_plan_quality_decide"),
            (taken and not own, _("Take it over"), "child_plan_quality_take"),
            (again, _("Give a second rating"), "child_plan_quality_second"),
        ]
        return [{"text": text, "href": self.quality_url(name)} for shown, text, name in offered if shown]
