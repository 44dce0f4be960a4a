"""The Plan tab, reading the plan and its versions, and the acts on the plan as a whole."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Permission
from lace.children.models import Child
from lace.children.seen import Seen, seen
from lace.deadlines.explain import explanations
from lace.deadlines.models import Duty
from lace.web.duties import duty_item
from lace.web.pages import ChildFormPage
from peps import services
from peps.forms import AmendForm, AskForm, CloseForm, FinaliseForm, StartForm
from peps.models import TARGET_FIELDS, Action, Contribution, Evaluation, Pep, Provision, Section, Target, Version, ended
from peps.rules import DEVELOPED, INITIATED, Gap, State, Step, gaps
from peps.rules.actions import Owner, unsettled
from peps.rules.checks import remarks
from peps.rules.contributions import left
from peps.rules.idp import unprovided
from peps.rules.quality import ReviewState
from peps.rules.sections import SOMETIMES, SectionRule, asked, rules_of
from peps.rules.targets import may_go_on, unevaluated
from peps.services.exchange import EXCHANGE
from peps.views import challenges
from peps.views.catch_up import catch_ups_laid_out
from peps.views.content import LANG, own_words, targets_laid_out, unmet_needs
from peps.views.frame import PlanPart, is_draft, made_final_by, may_compare, written
from peps.views.idp import provisions_laid_out
from peps.views.meetings import meetings_of
from peps.views.outcomes import ends_laid_out, laid_out_action, live_actions
from peps.views.printing import blank, links
from peps.views.replies import wishes_listed
from peps.views.whole import sections_laid_out
from peps.views.words import asked_for, due_by, words_laid_out

QUALITY_TAGS = {ReviewState.TAKEN: "doing", ReviewState.ACCEPTED: "done", ReviewState.RETURNED: "warning"}
STATE_TAGS = {State.INITIATED: "todo", State.DEVELOPING: "doing", State.FINAL: "done", State.AMENDING: "doing"}


class PlanPage(PlanPart):
    """The tab: state, milestones, sections, targets and versions."""

    needs_plan = False

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        milestones = Duty.objects.visible_to(self.actor).filter(child=self.child, code__in=[*INITIATED, *DEVELOPED])
        duties = list(milestones.order_by("due_on", "code"))
        versions = (
            Version.objects.visible_to(self.actor)
            .filter(child=self.child)
            .select_related("finalised_by")
            .defer("content")
            .order_by("-finalised_on", "-number")
        )
        today = self.actor.today
        context = {
            **self.frame(),
            "duties": [duty_item(duty, told, today) for duty, told in zip(duties, explanations(duties, on=today), strict=True)],
            "versions": [self.version(version) for version in versions],
            "files": [blank(self)],
            "may_exchange": self.may(EXCHANGE),
            "may_compare": may_compare(self.pep, len(versions)),
            "version_columns": [_("Version"), _("Final on"), _("Made final by"), _("Why it was amended")],
            "may_start": self.pep is None and self.may(Permission.START_PEP),
        }
        if self.pep is not None:
            context |= self.plan_context(self.pep)
        return render(request, "peps/plan.html", context)

    def plan_context(self, pep: Pep) -> dict[str, Any]:
        sections = self.sections()
        page = sections.get("my_page")
        targets, actions, asked_words = self.targets(), self.actions(), self.contributions()
        last = self.last_version() if pep.state == State.AMENDING else None
        evaluations = self.evaluations(last) if last else []
        rules = self.asked(sections)
        provisions = self.provisions(rules)
        in_care = Child.objects.visible_to(self.actor).filter(pk=self.child.pk).in_care_on(self.actor.today)
        return {
            "pep": Seen(pep, self.grant),
            "state_tag": STATE_TAGS[State(pep.state)],
            "days": self.days(pep),
            "wishes": wishes_listed(self, page, self.replies()),
            "words": own_words(page.answers) if page else "",
            "words_lang": LANG.get(page.language, "") if page else "",
            "tasks": [self.task(rule, sections.get(rule.key)) for rule in rules],
            "changes": services.changes_since(by=self.actor, pep=pep, facets=self.grant.facets),
            "quality": self.quality(),
            "unmet": unmet_needs(sections),
            "left": self.left(sections, targets, actions, last, evaluations, asked_words, provisions),
            "provisions": self.provision_cards(provisions),
            "holds_idp": self.holds_idp(),
            "catch_ups": self.catch_up_cards(),
            "targets": (shown := seen(targets, self.grant)),
            **(self.ends(last, evaluations) if last else {}),
            "contributions": asked_for(self, asked_words),
            "meetings": meetings_of(self),
            "actions": (live := live_actions(actions, self.grant, self.actor.today)),
            "carers_part": self.carers_part(sections, shown, live) if self.actor.role in CARERS else None,
            "may_oversee": bool(challenges.READERS & self.grant.permissions),
            "may_write": self.may(Permission.WRITE_PEP, Step.WRITE),
            "may_agree": self.may(Permission.KEEP_ACTIONS, Step.WRITE),
            "may_tick": self.may(Permission.KEEP_ACTIONS, Step.TICK),
            "may_finalise": self.may(Permission.FINALISE_PEP) and pep.state != State.FINAL,
            "may_amend": self.may(Permission.WRITE_PEP, Step.AMEND),
            "may_close": self.may(Permission.WRITE_PEP, Step.CLOSE) and not in_care.exists(),
        }

    def left(
        self,
        sections: dict[str, Section],
        targets: list[Target],
        actions: list[Action],
        last: Version | None,
        evaluations: list[Evaluation],
        words: list[Contribution],
        provisions: list[Provision],
    ) -> list[dict[str, Any]]:
        """What is left before the plan is whole and whose it is, as far as this reader may see the sections; nothing of a final plan."""
        if not is_draft(self.plan):
            return []
        rules = self.asked(sections)
        answers = {key: row.weighed for key, row in sections.items()}
        missing = [
            *gaps(rules, answers, {target.area for target in targets}),
            *unevaluated(last.targets() if last else [], {str(row.target): row.outcome for row in evaluations}, self.actor.today),
            *unsettled(actions, self.actor.today),
            *unprovided(rules, answers, sum(provision.ended_on is None for provision in provisions)),
        ]
        return [{"key": one.whose, "value": "; ".join(one.what)} for one in left(missing, rules, due_by(words))]

    def provision_cards(self, provisions: list[Provision]) -> list[dict[str, Any]]:
        """The provisions, first those that came along from another school: they go on, or somebody says what becomes of them (PEP-32)."""
        facts: Any = self.plan  # with the columns of `with_facts`
        cards = [
            laid_out
            | {
                "pk": row.pk,
                "from_school": row.school.name if row.school and row.ended_on is None and row.came_along(facts.school_now) else "",
                "goes_on": row.goes_on,
                "secured_by": row.secured_by,
            }
            for row, laid_out in zip(provisions, provisions_laid_out(row.as_frozen() for row in provisions), strict=True)
        ]
        return sorted(cards, key=lambda card: not card["from_school"])

    def catch_up_cards(self) -> list[dict[str, Any]]:
        rows = self.catch_ups()
        cards = catch_ups_laid_out(row.as_frozen() for row in rows)
        reported = (row.until is not None and row.until <= self.plan.version for row in rows)
        return [card | {"pk": row.pk, "reported": over} for row, card, over in zip(rows, cards, reported, strict=True)]

    def ends(self, last: Version, evaluations: list[Evaluation]) -> dict[str, Any]:
        """While an amendment is written: how the targets of the last version ended, and whether one may still be let go on."""
        targets = last.targets()
        silent = {row["id"] for row in targets} - {str(row.target) for row in evaluations}
        waiting = any(may_go_on(row, self.actor.today) for row in targets if row["id"] in silent)
        return {"ends": ends_laid_out(ended(targets, evaluations)), "may_go_on": waiting}

    def carers_part(self, sections: dict[str, Section], targets: list[Seen], actions: list[dict[str, Any]]) -> dict[str, Any]:
        """What the carer who reads this can support, in learning and outside it (CAR-01)."""
        found = sections.get("personal_development")
        return {
            "targets": [target for target in targets if target.carer_part],
            "actions": [action for action in actions if action["open"] and action["owner"] == Owner.CARER],
            "leisure": found.answers.get("leisure", "") if found else "",
            "lang": LANG.get(found.language, "") if found else "",
        }

    def quality(self) -> dict[str, Any] | None:
        """For those who write the plan and those who look at it: where the check of its newest version's quality stands."""
        if not {Permission.WRITE_PEP, Permission.REVIEW_PEP} & self.grant.permissions or not self.plan.version:
            return None
        newest = Version.objects.visible_to(self.actor).filter(pep=self.plan, number=self.plan.version)
        version, found = newest.values_list("pk", "quality_review__state")[0]
        state = ReviewState(found) if found else None
        return {
            "state": state.label if state else _("Not looked at yet"),
            "kind": QUALITY_TAGS[state] if state else "none",
            "href": self.url("child_plan_quality", version=version),
        }

    def days(self, pep: Pep) -> list[dict[str, Any]]:
        """The day of each state the plan has been in (PEP-29)."""
        days: list[tuple[Promise, date | None]] = [
            (_("Initiated"), pep.initiated_on),
            (_("Being developed since"), pep.developing_on),
            (_("Developed (first final version)"), pep.developed_on),
            (_("Newest final version"), pep.finalised_on),
            (_("Being amended since"), pep.amending_on),
        ]
        return [{"key": label, "value": day} for label, day in days if day]

    def task(self, rule: SectionRule, section: Section | None) -> dict[str, Any]:
        """A section in the list: whose it is, how far it is, and where it opens."""
        if section is None:
            hint = gettext("To be written by: %(roles)s") % {"roles": ", ".join(str(role.label) for role in rule.roles)}
            status, kind = _("Not started"), "none"
        else:
            day = timezone.localdate(section.written_at)
            hint = gettext("Last saved by %(who)s on %(day)s") % {"who": self.who_wrote(section), "day": written(day)}
            status, kind = (_("Started"), "doing") if rule.missing(section.weighed) else (_("Complete"), "done")
        href = self.url("child_plan_section", key=rule.key) if self.writable(rule) else f"{self.url('child_plan_read')}#{rule.key}"
        return {"title": rule.title, "hint": hint, "status": status, "kind": kind, "href": href}

    def version(self, version: Version) -> list[Any]:
        """A row of the table of versions."""
        link = {"text": gettext("Version %(number)d") % {"number": version.number}, "href": self.url("child_plan_version", version=version.pk)}
        return [link, written(version.finalised_on), made_final_by(version), version.reason]


class ReadPage(PlanPart):
    """The plan as it stands, whole, to read and to print."""

    for_child = True

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        rows = self.sections()
        sections = {key: row.as_held() for key, row in rows.items()}
        targets = [{name: getattr(target, name) for name in TARGET_FIELDS} for target in self.targets()]
        rules = self.asked(rows)
        content = {
            "sections": sections,
            "provisions": [row.as_frozen() for row in self.provisions(rules)],
            "replies": [row.as_frozen() for row in self.replies()],
            **self.measures(),
        }
        context = {
            **self.frame(),
            **self.way_back(),
            "title": _("The plan as it stands"),
            "files": links(self),
            "pep": Seen(self.plan, self.grant),
            "sections": sections_laid_out(self, rules, content, self.additions()),
            "catch_ups": catch_ups_laid_out(row.as_frozen() for row in self.catch_ups()),
            "targets": targets_laid_out(targets),
            "ends": ends_laid_out(self.ended()),
            "actions": live_actions(self.actions(), self.grant, self.actor.today),
            "contributions": words_laid_out([row.as_frozen() for row in self.contributions()], self.grant),
        }
        return render(request, "peps/read.html", context)


class VersionPage(PlanPart):
    """A final version as it was frozen (PEP-11)."""

    for_child = True
    needs_plan = False

    def get(self, request: HttpRequest, child: UUID, version: UUID) -> HttpResponse:
        found = Version.objects.visible_to(self.actor).filter(child=self.child, pk=version).select_related("finalised_by").first()
        if found is None:
            raise Http404
        content = found.content
        context = {
            **self.frame(),
            **self.way_back(),
            "title": gettext("Version %(number)d") % {"number": found.number},
            "version": Seen(found, self.grant),
            "files": links(self, found),
            "finalised_by": made_final_by(found),
            "intact": found.is_intact(),
            "fingerprint": " ".join(found.sha256[start : start + 8] for start in range(0, 64, 8)),
            "sections": sections_laid_out(self, rules_of(content), content, self.additions(content)),
            "catch_ups": catch_ups_laid_out(content.get("catch_up", [])),
            "targets": targets_laid_out(content["targets"]),
            "ends": ends_laid_out(content.get("ended", [])),
            "actions": [laid_out_action(action) for action in content.get("actions", [])],
            "contributions": words_laid_out(content.get("contributions", []), self.grant),
        }
        return render(request, "peps/read.html", context)


class Act(PlanPart, ChildFormPage):
    """An act on the plan as a whole: a short form that leads back to the plan."""

    submit_text: ClassVar[Promise]
    intro: ClassVar[Promise | str] = ""
    step: ClassVar[Step | None] = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The act's page; back to the plan when its state no longer allows the act."""
        if self.permission and not self.may(self.permission, self.step):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        return {"on": self.actor.today}

    def context(self) -> dict[str, Any]:
        return {"caption": self.seen.name, "back_url": self.url(), "cancel_url": self.url(), "submit_text": self.submit_text, "intro": self.intro}

    def success_url(self, result: Any) -> str:
        return self.url()


class StartPage(Act):
    needs_plan = False
    permission = Permission.START_PEP
    form_class = StartForm
    title = _("Start the Personal Education Plan")
    intro = _("Starting the plan meets the duty to initiate it. The people around the child can then write their parts.")
    submit_text = _("Start the plan")
    success_message = _("The plan is started")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.url()) if self.pep is not None else super().get(request, *args, **kwargs)

    def act(self, cleaned: dict[str, Any]) -> Pep:
        return services.start_pep(by=self.actor, child=self.child, on=cleaned["on"])


class CheckPage(Act):
    """What a final version still needs, and making it final."""

    permission = Permission.FINALISE_PEP
    template_name = "peps/check.html"
    form_class = FinaliseForm
    title = _("Check the plan and make it final")
    submit_text = _("Make the plan final")
    success_message = _("The plan is final. The carer and the independent reviewing officer are told")
    step = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.url()) if self.plan.state == State.FINAL else super().get(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        sections = self.sections()
        last, today = self.last_version(), self.actor.today
        said = {str(row.target): row.outcome for row in self.evaluations(last)} if last else {}
        answers = {key: row.weighed for key, row in sections.items()}
        rules = asked(self.circumstances, answers).values()
        missing = [
            *gaps(rules, answers, {target.area for target in self.targets()}),
            *unevaluated(last.targets() if last else [], said, today),
            *unsettled(self.actions(), today),
            *unprovided(rules, answers, sum(provision.ended_on is None for provision in self.provisions(rules))),
        ]
        return super().context() | {
            "gaps": [{"text": gap.sentence, "href": self.gap_url(gap)} for gap in missing],
            "remarks": [] if missing else self.remarks(last),
            "reason": self.plan.amendment_reason,
            "read_url": self.url("child_plan_read"),
        }

    def remarks(self, last: Version | None) -> list[Any]:
        """What might be looked at twice before the plan is final: advice, which holds nothing up."""
        found = remarks(self.draft(), on=self.actor.today, last=last.content if last else None)
        return [remark.sentence for remark in found if remark.facet in self.grant.facets]

    def gap_url(self, gap: Gap) -> str:
        if gap.key == "targets":
            return self.url("child_plan_target_add")
        if gap.key == "provisions":
            return self.url("child_plan_provision_add")
        if gap.key in {"last_targets", "actions"}:
            return f"{self.url()}#{gap.key.replace('_', '-')}"
        return self.url("child_plan_section", key=gap.key)

    def act(self, cleaned: dict[str, Any]) -> Version:
        return services.finalise(by=self.actor, pep=self.plan, on=cleaned["on"])


class AskPage(Act):
    """Which sections the plan holds beside its core: those that facts ask for, and those that a writer adds."""

    permission = Permission.WRITE_PEP
    step = Step.WRITE
    template_name = "peps/ask.html"
    form_class = AskForm
    title = _("Sections that some plans hold")
    submit_text = _("Save and go back to the plan")
    success_message = _("The sections of the plan are saved")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return AskForm(data, offered=[rule for rule in SOMETIMES.values() if not rule.asked_by_fact(self.circumstances)], initial=self.initial())

    def initial(self) -> dict[str, Any]:
        return {"keys": self.plan.asked_for}

    def context(self) -> dict[str, Any]:
        standing = [rule for rule in SOMETIMES.values() if rule.asked_by_fact(self.circumstances) and rule.facet in self.grant.facets]
        return super().context() | {"standing": standing}

    def act(self, cleaned: dict[str, Any]) -> Pep:
        by_fact = [key for key in self.plan.asked_for if SOMETIMES[key].asked_by_fact(self.circumstances)]
        return services.ask_for(by=self.actor, pep=self.plan, keys=[*cleaned["keys"], *by_fact])


class AmendPage(Act):
    permission = Permission.WRITE_PEP
    step = Step.AMEND
    form_class = AmendForm
    title = _("Amend the plan")
    intro = _("The final version stays as it is. What it holds is carried forward, and becomes the next version when that is made final.")
    submit_text = _("Start the amendment")
    success_message = _("The plan is open for the amendment")

    def act(self, cleaned: dict[str, Any]) -> Pep:
        return services.amend(by=self.actor, pep=self.plan, reason=cleaned["reason"])


class ClosePage(Act):
    permission = Permission.WRITE_PEP
    step = Step.CLOSE
    form_class = CloseForm
    title = _("Close the plan")
    intro = _("The child is no longer looked after. The plan and its versions stay on record and can be read.")
    submit_text = _("Close the plan")
    success_message = _("The plan is closed")

    def act(self, cleaned: dict[str, Any]) -> Pep:
        return services.close(by=self.actor, pep=self.plan, on=cleaned["on"])
