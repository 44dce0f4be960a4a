"""Grading a final version: the plan on one side, grades on the other; feedback on one place of it; the decision; the second rating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission
from lace.web.forms import ChoiceField
from lace.web.pages import TOKEN, ChildFormPage, new_token
from peps.forms import Words, language_field
from peps.models import QualityReview
from peps.rules.quality import (
    ACTIONS,
    LAST_TARGETS,
    LIMIT,
    MONEY,
    TARGETS,
    Area,
    Decision,
    Grade,
    ReviewState,
    goes_back,
    overall,
    places,
    standing,
    thresholds,
    unfinished,
)
from peps.rules.sections import rules_of
from peps.services.quality import decide, give_feedback, gradable, grade, grade_again, take
from peps.views.content import LANG, laid_out, targets_laid_out
from peps.views.measured import with_measures
from peps.views.outcomes import ends_laid_out, laid_out_action
from peps.views.quality import GRADE_TAGS, OfVersion, besides

WHOLE = "all"  # in an address: the part as a whole


class GradesForm(forms.Form):
    """A grade and a comment for each area. What a grade asks stands with it."""

    mark_optional = False

    def __init__(self, areas: Iterable[Area], *args: Any, grades: Mapping[str, Mapping[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.areas = list(areas)
        for area in self.areas:
            given = (grades or {}).get(area.key, {})
            self.fields[f"{area.key}_grade"] = ChoiceField(
                label=format_lazy(_("Grade: {area}"), area=area.title),
                choices=Grade.choices,
                hints={Grade.GOLD: area.best, Grade.GREEN: area.asks, Grade.AMBER: _("Something of that is missing."), Grade.RED: area.poor},
                required=False,
                initial=given.get("grade", ""),
            )
            comment = Words(limit=LIMIT, label=format_lazy(_("Comment: {area}"), area=area.title), required=False, initial=given.get("comment", ""))
            comment.widget.attrs["rows"] = 3
            self.fields[f"{area.key}_comment"] = comment
        self.add_last()

    def add_last(self) -> None:
        self.fields["language"] = language_field()
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean(self) -> dict[str, Any]:
        """As the service takes it."""
        cleaned = super().clean() or {}
        grades = {area.key: {"grade": cleaned.get(f"{area.key}_grade", ""), "comment": cleaned.get(f"{area.key}_comment", "")} for area in self.areas}
        return {"grades": grades} | {name: cleaned[name] for name in ("language", "version") if name in cleaned}


class SecondForm(GradesForm):
    """The second rater's: every area, once."""

    def add_last(self) -> None:
        """Nothing: it is never changed, and its words are the second rater's own."""


class FeedbackForm(forms.Form):
    text = Words(
        limit=LIMIT,
        label=_("Feedback"),
        help_text=_("It stands beside this place, for whoever writes there, until the next version is final. Leave it empty to take it back."),
        required=False,
    )


class DecideForm(forms.Form):
    decision = ChoiceField(
        label=_("What happens with the plan?"),
        choices=Decision.choices,
        reveals={Decision.RETURN: "reason"},
        error_messages={"required": _("Choose what happens with the plan")},
    )
    reason = forms.CharField(
        label=_("Why is it returned?"),
        help_text=_("The reason stands in the next version, for everyone who reads it, the child too."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    mark_optional = False


class QualityAct(OfVersion, ChildFormPage):
    """An act of those who look at a version."""

    permission = Permission.REVIEW_PEP
    submit_text: ClassVar[Promise] = _("Save")

    @property
    def found(self) -> QualityReview:
        assert self.review is not None
        return self.review

    def is_time(self) -> bool:
        """Is the act possible now? If not, the page leads back to the check's own page."""
        return self.review is not None and self.review.state == ReviewState.TAKEN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.is_time() else redirect(self.quality_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if self.review is not None else redirect(self.quality_url())

    def context(self) -> dict[str, Any]:
        back = self.quality_url()
        return {"caption": self.seen.name, "back_url": back, "cancel_url": back, "submit_text": self.submit_text}

    def success_url(self, result: Any) -> str:
        return self.quality_url()


class TakePage(QualityAct):
    form_class = forms.Form
    title = _("Look at this version")
    submit_text = _("Take it")

    def is_time(self) -> bool:
        return self.review is None or self.review.state == ReviewState.TAKEN

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ChildFormPage.post(self, request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        if self.review is None:
            intro = gettext("It is then yours to grade, and no longer waits in the queue.")
        else:
            intro = gettext("%(who)s is looking at it. Take it over with what is done so far?") % {"who": self.review.reviewer.name}
        return super().context() | {"intro": intro}

    def act(self, cleaned: dict[str, Any]) -> QualityReview:
        return take(by=self.actor, version=self.held)

    def success_url(self, result: Any) -> str:
        return self.quality_url("child_plan_quality_grade")


class GradePage(QualityAct):
    """The plan and the grades side by side."""

    template_name = "peps/quality_grade.html"
    takes_feedback: ClassVar[bool] = True  # on places of the plan
    title: ClassVar[Promise] = _("Grade it beside the plan")
    success_message = _("The grades are saved")

    def is_time(self) -> bool:
        return super().is_time() and bool(self.graded())

    def graded(self) -> list[Area]:
        """The areas with fields."""
        return gradable(by=self.actor, review=self.found)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        found = self.found
        initial = {"language": found.language, "version": found.version}
        return GradesForm(self.graded(), data, grades=found.grades, initial=initial)

    def act(self, cleaned: dict[str, Any]) -> QualityReview:
        return grade(by=self.actor, review=self.found, **cleaned)

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What was typed is kept, and the next press replaces what a colleague saved."""
        if not isinstance(current, QualityReview):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        context = {"form": form, TOKEN: new_token(self.request), **self.frame(), **self.context(), **self.side_by_side(form)}
        return render(self.request, self.template_name, context, status=status)

    def context(self) -> dict[str, Any]:
        return super().context() | {"title": self.title, "back_text": _("Back")}

    def side_by_side(self, form: forms.Form) -> dict[str, Any]:
        graded = {area.key for area in self.graded()}
        content, found = self.held.content, self.remarks()
        laid = with_measures(laid_out(rules_of(content), content["sections"], self.grant), content, self.grant)
        sections = {section["key"]: section for section in laid}
        areas = [
            {
                "key": area.key,
                "title": area.title,
                "source": area.source,
                "besides": besides(self.found.by_standard(), area),
                "remarks": found.get(area.key, []),
                "sections": [self.commented(sections[part]) for part in area.parts if part in sections],
                "grade": form[f"{area.key}_grade"] if area.key in graded else None,
                "comment": form[f"{area.key}_comment"] if area.key in graded else None,
                **self.others(area),
            }
            for area in self.areas()
        ]
        unread = [area.title for area in standing(content) if area.facet not in self.grant.facets]
        return {"areas": areas, "unread": unread, "whole_url": self.url("child_plan_version", version=self.held.pk)}

    def others(self, area: Area) -> dict[str, Any]:
        """Parts of the plan that are no sections."""
        content, parts = self.held.content, area.parts
        found: dict[str, Any] = {}
        if TARGETS in parts:
            found["targets"] = [self.place(target, TARGETS, target["id"]) for target in targets_laid_out(self.held.targets())]
        if LAST_TARGETS in parts:
            found["ends"] = ends_laid_out(content.get("ended", []))
        if MONEY in parts:
            found["costs"] = [target for target in targets_laid_out(content["targets"]) if target["money"]]
        if ACTIONS in parts:
            found["actions"] = [laid_out_action(action) for action in content.get("actions", [])]
            found["of_actions"] = self.place({}, ACTIONS, "")
        return found

    def commented(self, section: dict[str, Any]) -> dict[str, Any]:
        answers = [self.place(answer, section["key"], answer["key"]) for answer in section["answers"]]
        return self.place(section, section["key"], "") | {"answers": answers}

    def place(self, shown: Mapping[str, Any], part: str, question: str) -> dict[str, Any]:
        """What is shown there, with the feedback on it and where that is written."""
        text = self.found.feedback.get(part, {}).get(question, "") if self.takes_feedback else ""
        url = self.quality_url("child_plan_quality_feedback", part=part, question=question or WHOLE) if self.takes_feedback else ""
        return {**shown, "feedback": text, "feedback_lang": LANG[self.found.language], "feedback_url": url}


class SecondPage(GradePage):
    """The second rating. What the first rater gave is shown after it, not before."""

    title = _("Give a second rating")
    success_message = _("The second rating is saved")
    takes_feedback = False

    def is_time(self) -> bool:
        found = self.review
        return found is not None and found.state != ReviewState.TAKEN and found.second_rater_id is None and found.reviewer_id != self.actor.user_id

    def graded(self) -> list[Area]:
        return self.areas()

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return SecondForm(self.graded(), data)

    def act(self, cleaned: dict[str, Any]) -> QualityReview:
        return grade_again(by=self.actor, review=self.found, grades=cleaned["grades"])


class FeedbackPage(QualityAct):
    """Feedback on one place of the plan."""

    form_class = FeedbackForm
    title = _("Feedback")
    part: str
    question: str

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.part, self.question = kwargs["part"], "" if kwargs["question"] == WHOLE else kwargs["question"]
        if (self.part, self.question) not in places(self.held.content) or not self.may_read(self.part):
            raise Http404

    def initial(self) -> dict[str, Any]:
        return {"text": self.found.feedback.get(self.part, {}).get(self.question, "")}

    def context(self) -> dict[str, Any]:
        back = f"{self.quality_url('child_plan_quality_grade')}#{self.part}"
        return super().context() | {"back_url": back, "cancel_url": back, "intro": self.where()}

    def where(self) -> str:
        """The place in words."""
        rules = {rule.key: rule for rule in rules_of(self.held.content)}
        if self.part in rules:
            labels = {question.key: question.label for question in rules[self.part].questions}
            title = str(rules[self.part].title)
        else:
            labels = {target["id"]: target["goal"] for target in self.held.targets()}
            title = gettext("Targets") if self.part == TARGETS else gettext("Actions")
        return f"{title}: {labels[self.question]}" if self.question in labels else title

    def act(self, cleaned: dict[str, Any]) -> QualityReview:
        return give_feedback(by=self.actor, review=self.found, part=self.part, question=self.question, text=cleaned["text"])

    def success_url(self, result: Any) -> str:
        return f"{self.quality_url('child_plan_quality_grade')}#{self.part}"


class DecidePage(QualityAct):
    """The grade of the whole as it is reckoned, and what happens with the plan."""

    form_class = DecideForm
    template_name = "peps/quality_decide.html"
    title = _("Decide")
    submit_text = _("Decide")
    success_message = _("It is decided. The school's designated person is told")

    def is_time(self) -> bool:
        return super().is_time() and self.found.reviewer_id == self.actor.user_id

    def initial(self) -> dict[str, Any]:
        return {"version": self.found.version, "reason": gettext("Returned by the education service, so that it becomes a better plan")}

    def context(self) -> dict[str, Any]:
        found, standard = self.found, self.found.by_standard()
        areas = standing(self.held.content)
        missing = unfinished(areas, found.grades)
        grade_url = self.quality_url("child_plan_quality_grade")
        context = {
            "missing": [{"text": sentence, "href": f"{grade_url}#{key}"} for key, sentence in missing],
            "thresholds": thresholds(standard),
            "code": self.child.authority.code,
        }
        if not missing:
            whole = overall((found.grades[area.key]["grade"] for area in areas), standard)
            context |= {"whole": whole.label, "kind": GRADE_TAGS[whole], "goes_back": goes_back(whole, standard)}
        return super().context() | context

    def act(self, cleaned: dict[str, Any]) -> QualityReview:
        return decide(by=self.actor, review=self.found, **cleaned)
