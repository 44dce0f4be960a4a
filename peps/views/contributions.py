"""Words of people around the child: asked for, given and declined in Lace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission
from lace.core.errors import NotAllowed
from lace.web.pages import TOKEN, ChildFormPage, new_token
from peps.forms import AskAgainForm, AskWordsForm, DeclineForm, LetterForm, SectionForm
from peps.models import Contribution
from peps.rules import Step
from peps.rules.contributions import FORMS, IN_LACE, USUAL_DAYS, Said, who
from peps.rules.sections import SectionRule
from peps.services import contributions as services
from peps.views.content import LANG, laid_out_answer
from peps.views.frame import PlanPart, language_in_use
from peps.views.words import may_give


class _Words(PlanPart, ChildFormPage):
    """A page about the words that are asked for."""

    submit_text: ClassVar[Promise]
    success_message: ClassVar[Promise]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.is_open() else redirect(self.url())

    def is_open(self) -> bool:
        return self.may(Permission.WRITE_PEP, Step.WRITE)

    def context(self) -> dict[str, Any]:
        return {"caption": self.seen.name, "back_url": self.url(), "cancel_url": self.url(), "submit_text": self.submit_text}

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#contributions"

    @property
    def usual_day(self) -> Any:
        return self.actor.today + timedelta(days=USUAL_DAYS)


class AskWordsPage(_Words):
    """Ask those around the child who give their words in Lace."""

    permission = Permission.WRITE_PEP
    template_name = "peps/ask_words.html"
    title = _("Ask for contributions")
    submit_text = _("Ask them")
    success_message = _("They are asked. Each of them gets a message")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        asked = {row.role for row in self.contributions() if not row.is_by_email}
        return AskWordsForm(data, offered=[role for role in IN_LACE if role not in asked], initial={"due_on": self.usual_day})

    def context(self) -> dict[str, Any]:
        return super().context() | {"email_url": self.url("child_plan_letter")}

    def act(self, cleaned: dict[str, Any]) -> list[Contribution]:
        return services.ask(by=self.actor, pep=self.plan, **cleaned)


class LetterPage(_Words):
    """Ask one person by e-mail, who need have no account."""

    permission = Permission.WRITE_PEP
    form_class = LetterForm
    title = _("Ask somebody by e-mail")
    submit_text = _("Send the e-mail")
    success_message = _("The e-mail is on its way")

    def initial(self) -> dict[str, Any]:
        return {"due_on": self.usual_day, "language": language_in_use(), "pupil": self.seen.called}

    def context(self) -> dict[str, Any]:
        intro = _(
            "The person gets a link to three short questions about the pupil. Neither the e-mail nor the form says anything of care, nor that there "
            "is a plan. Write nothing of it here either."
        )
        return super().context() | {"intro": intro}

    def act(self, cleaned: dict[str, Any]) -> Contribution:
        return services.ask_by_email(by=self.actor, pep=self.plan, facts=cleaned)


class _OfOne(_Words):
    """A page about one contribution."""

    row: Contribution

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = Contribution.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["contribution"]).first()
        if found is None:
            raise Http404
        found.pep = self.plan
        self.row = found

    def context(self) -> dict[str, Any]:
        name = self.row.name if Facet.CONTACTS in self.grant.facets and self.may(Permission.WRITE_PEP) else ""
        return super().context() | {"intro": ", ".join(filter(None, (who(self.row.as_frozen()), name)))}


class AskAgainPage(_OfOne):
    permission = Permission.WRITE_PEP
    form_class = AskAgainForm
    title = _("Ask again")
    submit_text = _("Ask again")
    success_message = _("They are asked again")

    def is_open(self) -> bool:
        return super().is_open() and self.row.state == Said.AWAITED

    def initial(self) -> dict[str, Any]:
        return {"due_on": max(self.row.due_on, self.actor.today)}

    def act(self, cleaned: dict[str, Any]) -> Contribution:
        return services.ask_again(by=self.actor, pep=self.plan, contribution=self.row.pk, **cleaned)


class WithdrawPage(_OfOne):
    permission = Permission.WRITE_PEP
    form_class = forms.Form
    title = _("Ask no longer?")
    submit_text = _("Ask no longer")
    success_message = _("They are asked no longer")

    def is_open(self) -> bool:
        return super().is_open() and self.row.state == Said.AWAITED

    def act(self, cleaned: dict[str, Any]) -> None:
        services.withdraw(by=self.actor, pep=self.plan, contribution=self.row.pk)


class _Mine(_OfOne):
    """A page for who is asked."""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        rule = FORMS[self.row.role]
        if not rule.may_be_written(self.actor.role, self.grant) or (self.row.is_by_email and self.row.person_id != self.actor.user_id):
            raise NotAllowed

    @property
    def rule(self) -> SectionRule:
        return FORMS[self.row.role]

    def is_open(self) -> bool:
        return may_give(self, self.row)


class WordsPage(_Mine):
    """Give one's words, or change them as long as the version is being written."""

    template_name = "peps/words.html"
    title = _("Your contribution to the plan")
    submit_text = _("Save my contribution")
    success_message = _("Your contribution is saved")

    def get_form(self, data: QueryDict | None = None) -> SectionForm:
        row = self.row
        language = row.language if row.state == Said.GIVEN else language_in_use()
        return SectionForm(self.rule, data, answers=row.answers, language=language, version=row.version)

    def context(self) -> dict[str, Any]:
        decline = self.url("child_plan_words_decline", contribution=self.row.pk) if self.row.state != Said.GIVEN else ""
        return super().context() | {"decline_url": decline, "due_on": self.row.due_on, "waits": self.row.state == Said.AWAITED}

    def act(self, cleaned: dict[str, Any]) -> Contribution:
        del cleaned["sitting"]
        return services.give(by=self.actor, pep=self.plan, contribution=self.row.pk, **cleaned)

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What somebody else in the role gave first stands above what was typed, which now replaces it."""
        if not isinstance(current, Contribution):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        again = self.get_form(data)
        again.add_error(
            None, _("Somebody else gave theirs while you were writing. Their words stand below. Put together what should stand, and save")
        )
        theirs = [laid_out_answer(question, current.answers[question.key]) for question in self.rule.questions if current.answers.get(question.key)]
        context = {"form": again, "title": self.title, TOKEN: new_token(self.request), **self.context()}
        return render(self.request, self.template_name, context | {"theirs": theirs, "their_lang": LANG[current.language]}, status=409)


class DeclinePage(_Mine):
    form_class = DeclineForm
    title = _("You have nothing to add?")
    submit_text = _("I have nothing to add")
    success_message = _("It is noted that you have nothing to add")

    def is_open(self) -> bool:
        return super().is_open() and self.row.state != Said.GIVEN

    def initial(self) -> dict[str, Any]:
        return {"reason": self.row.reason, "version": self.row.version}

    def act(self, cleaned: dict[str, Any]) -> Contribution:
        return services.decline(by=self.actor, pep=self.plan, contribution=self.row.pk, **cleaned)
