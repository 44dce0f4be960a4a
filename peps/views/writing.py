"""Writing the plan: a section with its autosave and its merge page, and the targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Relation, Role
from lace.children.people import people_around
from lace.children.rules import academic_year_label, year_group
from lace.core.errors import Changed, NotAllowed, Refused
from lace.web.pages import TOKEN, ChildFormPage, new_token
from peps import services
from peps.forms import RemoveTargetForm, SectionForm, TargetForm
from peps.models import TARGET_FIELDS, AnswerReaders, Section, Target
from peps.rules import Step
from peps.rules.care_plan import parts_of
from peps.rules.guidance import TARGETS as OF_TARGETS
from peps.rules.quality import TARGETS
from peps.rules.readers import QUESTIONS as MAY_BE_KEPT
from peps.rules.readers import for_whom, kept_from
from peps.rules.replies import PAGE
from peps.rules.sections import SECTIONS, Question, SectionRule
from peps.views.additions import laid_out_addition
from peps.views.content import LANG, laid_out_answer
from peps.views.frame import PlanPart, language_in_use
from peps.views.guidance import guidance_on
from peps.views.idp import known as known_of_idp
from peps.views.measured import measures_of
from schools.models import Designation, Enrolment, TermRecord

WITH_MEASURES = frozenset({"attainment", "personal_development"})  # sections above which the newest measures stand
STAY = "stay"  # the button that saves and stays on the page
READERS = "readers"  # the child's button that saves and goes on to who may read the answer to the question it names


class SectionPage(PlanPart, ChildFormPage):
    """One section: a form that saves by itself while somebody types, and by its buttons without scripts."""

    template_name = "peps/section.html"
    for_child = True  # of whom a section asks that they write it
    rule: SectionRule
    section: Section | None
    kept: list[Question]

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        rule = SECTIONS.get(kwargs["key"])
        if rule is None or rule.facet not in self.grant.facets:
            raise Http404
        self.section = Section.objects.visible_to(self.actor).filter(pep=self.plan, key=rule.key).select_related("written_by").first()
        standing = {held.key: held for held in self.asked({rule.key: self.section} if self.section else {})}
        if rule.key not in standing:
            raise Http404
        if not rule.may_be_written(self.actor.role, self.grant):
            raise NotAllowed
        self.kept = self.kept_questions(standing[rule.key])
        asked = tuple(question for question in standing[rule.key].questions if question not in self.kept)
        self.rule = replace(standing[rule.key], questions=asked)

    def kept_questions(self, rule: SectionRule) -> list[Question]:
        """Those whose answers the child keeps from the writer, who neither reads nor changes them (VOICE-15)."""
        if rule.key != PAGE:
            return []
        if self.section is not None:
            kept = self.section.kept
        else:
            choices = AnswerReaders.objects.visible_to(self.actor).choices_for(self.actor, self.child)
            kept = frozenset() if choices is None else kept_from(self.actor.role, choices)
        return [question for question in rule.questions if question.key in kept]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.writable(self.rule):
            return redirect(f"{self.url('child_plan_read')}#{self.rule.key}")
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            return self.autosave(request)
        return super().post(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> SectionForm:
        held = self.section
        if held is not None:
            return SectionForm(self.rule, data, answers=held.answers, language=held.language, version=held.version)
        return SectionForm(self.rule, data, answers=known(self) if data is None else {}, language=language_in_use())

    def act(self, cleaned: dict[str, Any]) -> Section:
        return services.write_section(by=self.actor, pep=self.plan, key=self.rule.key, **cleaned)

    def success_url(self, result: Any) -> str:
        chosen = self.request.POST.get(READERS, "")
        if self.by_the_child and chosen in MAY_BE_KEPT:
            return reverse("own_answer_readers", args=[chosen])
        return self.url("child_plan_section", key=self.rule.key) if STAY in self.request.POST else self.way_back()["back_url"]

    @property
    def by_the_child(self) -> bool:
        return self.actor.role == Role.CHILD

    def readers(self) -> dict[str, Any]:
        """For the child who writes: by question, for whom the answer is."""
        if not self.by_the_child:
            return {}
        chosen = AnswerReaders.objects.visible_to(self.actor).choices_of(self.child)
        return {question: for_whom(chosen.get(question)) for question in MAY_BE_KEPT}

    def context(self) -> dict[str, Any]:
        return {
            **self.frame(),
            "title": self.rule.title,
            "rule": self.rule,
            "held": self.section,
            "who": self.who_wrote(self.section) if self.section else "",
            **self.way_back(),
            "by_the_child": self.by_the_child,
            "kept": self.kept,
            "fewer": self.section is not None and self.section.fewer,
            "readers": self.readers() if self.rule.key == PAGE else {},
            "child_speaks": self.rule.facet == Facet.VOICE,
            "care_plan_parts": parts_of(self.rule.key),
            "guidance": {} if self.by_the_child else guidance_on(self.child, self.rule.key),
            **self.pinned(self.rule.key),
            **(self.added() if self.rule.key == PAGE else {}),
            "idp": self.idp() if self.rule.key == "aln" else None,
            "measures": measures_of(self.measures(), self.grant).get(self.rule.key) if self.rule.key in WITH_MEASURES else None,
        }

    def added(self) -> dict[str, Any]:
        """On the child's page: pictures and recordings."""
        return {"additions": [laid_out_addition(self, row) for row in self.additions()], "additions_url": self.url("child_plan_additions")}

    def idp(self) -> list[dict[str, Any]] | None:
        """Of a development plan inside this plan: what the record has under its headings already."""
        if not self.holds_idp():
            return None
        return known_of_idp(self, {key: row.as_held() for key, row in self.sections().items()})

    def autosave(self, request: HttpRequest) -> HttpResponse:
        """Save what is typed so far and say so; what cannot be saved now is said at the next press of a button."""
        form = self.get_form(request.POST)
        if not form.is_valid():
            return self.saved(gettext("Not saved yet. Press Save to see what to put right"))
        try:
            section = self.act(form.cleaned_data)
        except (Changed, Refused):
            return self.saved(gettext("Not saved: somebody else has changed the plan. Press Save to see both texts"))
        moment = time_format(timezone.localtime(section.written_at), "TIME_FORMAT")
        return self.saved(gettext("Saved at %(time)s") % {"time": moment}, version=section.version)

    def saved(self, text: str, version: int | None = None) -> HttpResponse:
        return render(self.request, "peps/saved.html", {"text": text, "version": version})

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """Both texts side by side. What only one of the two changed is taken from the one who changed it."""
        if not isinstance(current, Section):
            return super().changed(form, current)
        mine, posted = form.cleaned_data["answers"], form.cleaned_data["version"]
        was = services.answers_at(by=self.actor, section=current, version=posted)
        merged: dict[str, Any] = {}
        clashes: dict[str, Any] = {}
        for question in self.rule.questions:
            key = question.key
            before, theirs, own = (answers.get(key) or "" for answers in (was, current.answers, mine))
            merged[key] = theirs if own == before else own
            if theirs not in (before, own) and own != before:
                clashes[key] = laid_out_answer(question, theirs)
        self.section = current
        again = SectionForm(self.rule, answers=merged, language=form.cleaned_data["language"], version=current.version)
        context = {
            "form": again,
            TOKEN: new_token(self.request),
            **self.context(),
            "clashes": clashes,
            "merging": True,
            "their_lang": LANG[current.language],
        }
        return render(self.request, self.template_name, context, status=409)


def known(page: SectionPage) -> dict[str, Any]:
    """What Lace knows for a section that nobody has written yet: a start for the writer, saved only with the form."""
    if page.actor.role == Role.CHILD:
        return {"how": "own"}
    finders = {"history": _known_history, "arrangements": _known_arrangements, "contacts": _known_contacts}
    finder = finders.get(page.rule.key)
    return finder(page) if finder else {}


def _known_history(page: PlanPart) -> dict[str, Any]:
    enrolments = Enrolment.objects.visible_to(page.actor).filter(child=page.child).select_related("school__organisation").order_by("started_on")
    schools = [f"{row.school.name}, {row.started_on.year}–{row.ended_on.year if row.ended_on else ''}" for row in enrolments]
    answers = {"institutions": "\n".join(schools)}
    if Facet.ATTENDANCE in page.grant.facets:
        records = TermRecord.objects.visible_to(page.actor).filter(child=page.child, sessions_possible__gt=0).order_by("year", "pk")
        answers["attendance"] = "\n".join(
            gettext("%(year)s, %(term)s: present for %(percent)s of sessions")
            % {
                "year": academic_year_label(record.year),
                "term": record.get_term_display(),
                "percent": f"{round(100 * record.sessions_attended / record.sessions_possible)}%",
            }
            for record in records
        )
    return answers


def _enrolled(page: PlanPart) -> Enrolment | None:
    rows = Enrolment.objects.visible_to(page.actor).filter(child=page.child, started_on__lte=page.actor.today).exclude(ended_on__lte=page.actor.today)
    return rows.select_related("school__organisation").first()


def _designated(page: PlanPart, enrolment: Enrolment) -> Designation | None:
    return Designation.objects.current_on(page.actor.today).filter(school=enrolment.school_id).select_related("membership__user").first()


def _known_arrangements(page: PlanPart) -> dict[str, Any]:
    enrolment = _enrolled(page)
    if enrolment is None:
        return {}
    year = year_group(page.child.born_on, page.actor.today)
    designation = _designated(page, enrolment)
    return {
        "school": f"{enrolment.school.name}, {year.label}" if year else enrolment.school.name,
        "named_adult": designation.membership.user.name if designation else "",
    }


def _known_contacts(page: PlanPart) -> dict[str, Any]:
    """The social worker, the IRO and the designated person by name; the carer by role only, for the plan is widely read."""
    around = {Relation.SOCIAL_WORKER: Role.SOCIAL_WORKER, Relation.IRO: Role.IRO}
    rows = [
        {"role": str(around[person.relation].label), "name": person.name, "note": person.email}
        for person in people_around(child=page.child, on=page.actor.today)
        if person.relation in around
    ]
    enrolment = _enrolled(page)
    designation = _designated(page, enrolment) if enrolment else None
    if designation is not None:
        user = designation.membership.user
        rows.append({"role": str(Role.DESIGNATED_PERSON.label), "name": user.name, "note": user.email})
    rows.append({"role": gettext("Carer"), "name": "", "note": gettext("Through the social worker")})
    return {"people": rows}


class TargetPage(PlanPart, ChildFormPage):
    """A target: added, or changed when the address names one."""

    permission = Permission.WRITE_PEP
    template_name = "peps/target.html"
    form_class: ClassVar[type[forms.Form]] = TargetForm
    target: Target | None = None
    standing: Target | None = None  # what somebody else saved first

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "target" in kwargs:
            self.target = Target.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["target"]).first()
            if self.target is None:
                raise Http404

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.WRITE_PEP, Step.WRITE):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        if self.target is None:
            return {"version": 0, "language": language_in_use()}
        return {"version": self.target.version} | {name: getattr(self.target, name) for name in TARGET_FIELDS}

    def context(self) -> dict[str, Any]:
        remove = self.url("child_plan_target_remove", target=self.target.pk) if self.target else ""
        guidance = guidance_on(self.child, OF_TARGETS)
        feedback: dict[str, Any] = self.pinned(TARGETS) if self.target else {"pinned": {}, "pinned_lang": ""}
        return {
            "feedback": feedback["pinned"].get(str(self.target.key) if self.target else "", ""),
            "pinned_lang": feedback["pinned_lang"],
            "guidance": guidance,
            "title": _("Change the target") if self.target else _("Add a target"),
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "remove_url": remove,
            "submit_text": _("Save the target"),
            "standing": [],
        }

    def act(self, cleaned: dict[str, Any]) -> Target:
        facts = {name: cleaned[name] for name in TARGET_FIELDS}
        return services.save_target(
            by=self.actor, pep=self.plan, facts=facts, target=self.target.pk if self.target else None, version=cleaned["version"]
        )

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#targets"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What the other person saved stands above the form, which keeps what was typed and now replaces it."""
        if not isinstance(current, Target):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        again = self.get_form(data)
        again.add_error(
            None, _("Somebody else saved this target while you were writing. Their text stands below. Put together what should stand, and save again")
        )
        labels = {
            name: again.fields[name].label
            for name in TARGET_FIELDS
            if name in {"need", "baseline", "goal", "measure", "strategy", "carer_part", "review_on"}
        }
        standing = [{"key": label, "value": getattr(current, name), "lang": LANG[current.language]} for name, label in labels.items()]
        context = {"form": again, TOKEN: new_token(self.request), **self.context(), "standing": standing}
        return render(self.request, self.template_name, context, status=409)


class RemoveTargetPage(TargetPage):
    template_name = "components/form_page.html"
    form_class = RemoveTargetForm
    success_message = _("The target is removed")

    def initial(self) -> dict[str, Any]:
        return {"version": self.target.version if self.target else 0}

    def context(self) -> dict[str, Any]:
        assert self.target is not None
        return super().context() | {
            "title": _("Remove this target?"),
            "intro": self.target.goal,
            "submit_text": _("Remove the target"),
        }

    def act(self, cleaned: dict[str, Any]) -> Target:
        assert self.target is not None
        services.remove_target(by=self.actor, pep=self.plan, target=self.target.pk, version=cleaned["version"])
        return self.target

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        return ChildFormPage.changed(self, form, current)
