"""What the child asked for and what the adults did with it: beside the words, in the list on the plan's page, and the forms of who replies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Permission
from lace.web.pages import ChildFormPage
from peps.forms.replies import AnswerWishForm, TellChildForm
from peps.models import Reply, Section
from peps.rules import Step
from peps.rules.replies import PAGE, TAGS, Outcome, ToldHow, Wish, label_of, laid_out_reply, wishes
from peps.services.replies import ANSWER_FIELDS, answer_wish, tell_child
from peps.views.content import LANG, day_of
from peps.views.frame import PlanPart, language_in_use, written


def with_replies(sections: list[dict[str, Any]], content: Mapping[str, Any], *, to_child: bool = False) -> list[dict[str, Any]]:
    """The sections as `laid_out` answers them, on the child's page each wish with its reply; of a version that kept none nothing is added."""
    if "replies" not in content:
        return sections
    for section in sections:
        if section["key"] == PAGE:
            found = {wish.question: wish for wish in wishes(content["sections"].get(PAGE), content["replies"])}
            for answer in section["answers"]:
                if answer["key"] in found:
                    answer["reply"] = laid_out_reply(found[answer["key"]], to_child=to_child)
    return sections


def replies_laid_out(content: Mapping[str, Any], grant: Grant) -> list[dict[str, Any]]:
    """Of a version's content or a draft laid out like one, for who may read the child's own words: {id, question, lang, state, rows}."""
    found = []
    for reply in content.get("replies", []) if Facet.VOICE in grant.facets else []:
        lang = LANG.get(reply["language"], "")
        told = ToldHow(reply["told_how"]).label if reply["told_how"] else ""
        rows = [
            {"key": _("What the child said"), "value": reply["words"], "lang": lang},
            {"key": _("What the adults did with it"), "value": reply["answer"], "lang": lang},
            {"key": _("The child was told on"), "value": written(day_of(reply["told_on"])) if reply["told_on"] else ""},
            {"key": _("How the child was told"), "value": told},
        ]
        asked = label_of(reply["question"], content.get("phase", ""))
        found.append({"id": reply["question"], "question": asked, "lang": lang, "state": Outcome(reply["outcome"]).label, "rows": rows})
    return found


def wishes_listed(page: PlanPart, section: Section | None, replies: Iterable[Reply]) -> list[dict[str, Any]]:
    """For the plan's page: what the child asked for, what has no reply yet first, and what this reader may do about it."""
    may_reply = page.may(Permission.WRITE_PEP, Step.TICK) and Facet.VOICE in page.grant.facets
    found = wishes(_held(section), [row.as_frozen() for row in replies])
    return [_listed(page, wish, may_reply=may_reply) for wish in sorted(found, key=lambda wish: (wish.is_answered, wish.is_told))]


def _listed(page: PlanPart, wish: Wish, *, may_reply: bool) -> dict[str, Any]:
    state, kind = _state(wish)
    return {
        "question": label_of(wish.question, page.circumstances.phase),
        "words": wish.words,
        "lang": LANG.get(wish.language, ""),
        "state": state,
        "kind": kind,
        "href": page.url("child_plan_wish", wish=wish.question) if may_reply else "",
        "told_href": page.url("child_plan_wish_told", wish=wish.question) if may_reply and wish.is_settled and not wish.is_told else "",
    }


def _state(wish: Wish) -> tuple[Any, str]:
    if wish.of_older_words:
        return _("The child has said something else since"), "warning"
    if not wish.reply:
        return _("No reply yet"), "todo"
    outcome = Outcome(wish.reply["outcome"])
    if wish.is_settled and not wish.is_told:
        return gettext("%(outcome)s, child not told") % {"outcome": outcome.label}, "soon"
    return outcome.label, TAGS[outcome]


def _held(section: Section | None) -> dict[str, Any] | None:
    return section.as_held() if section else None


class _WishPage(PlanPart, ChildFormPage):
    """A page about one wish, for who may write the plan and read the child's own words."""

    permission = Permission.WRITE_PEP
    template_name = "peps/wish.html"
    submit_text: ClassVar[Promise]
    wish: Wish
    reply: Reply | None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Facet.VOICE not in self.grant.facets:
            raise Http404
        section = Section.objects.visible_to(self.actor).filter(pep=self.plan, key=PAGE).first()
        self.reply = Reply.objects.visible_to(self.actor).filter(pep=self.plan, question=kwargs["wish"]).first()
        found = wishes(_held(section), [self.reply.as_frozen()] if self.reply else [])
        wish = next((one for one in found if one.question == kwargs["wish"]), None)
        if wish is None:
            raise Http404
        self.wish = wish

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.is_open() else redirect(self.url())

    def is_open(self) -> bool:
        return self.may(Permission.WRITE_PEP, Step.TICK)

    def context(self) -> dict[str, Any]:
        return {
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": self.submit_text,
            "question": label_of(self.wish.question, self.circumstances.phase),
            "words": self.wish.words,
            "words_lang": LANG.get(self.wish.language, ""),
            "reply": laid_out_reply(self.wish, to_child=False) if self.reply else None,
        }

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#wishes"


class AnswerWishPage(_WishPage):
    """What is done with it: how it is used, or why it is not."""

    form_class = AnswerWishForm
    title = _("What is done with what the child said?")
    submit_text = _("Save the reply")
    success_message = _("The reply is saved. The child reads it beside their own words")

    def initial(self) -> dict[str, Any]:
        start: dict[str, Any] = {"of": self.wish.fingerprint, "language": language_in_use(), "version": 0}
        if self.reply is not None:
            start |= {name: getattr(self.reply, name) for name in (*ANSWER_FIELDS, "version")}
        return start

    def act(self, cleaned: dict[str, Any]) -> Reply:
        facts = {name: cleaned[name] for name in ANSWER_FIELDS}
        return answer_wish(by=self.actor, pep=self.plan, question=self.wish.question, of=cleaned["of"], facts=facts, version=cleaned["version"])

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What the child says now, or what somebody else replied, stands above what was typed; the next press goes with that."""
        data = self.request.POST.copy()
        if isinstance(current, Wish):
            self.wish = current
            data["of"] = current.fingerprint
            again = self.get_form(data)
            again.add_error(None, _("The child has said something else while you were writing. Read it above, and see whether your reply still fits"))
            return self.show(again, status=409)
        if not isinstance(current, Reply):
            return super().changed(form, current)
        self.reply, self.wish = current, Wish(self.wish.question, self.wish.words, self.wish.language, current.as_frozen())
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class TellChildPage(_WishPage):
    """When and how the child was told what came of it."""

    form_class = TellChildForm
    title = _("When was the child told?")
    submit_text = _("Save")
    success_message = _("It is written down that the child was told")

    def is_open(self) -> bool:
        return super().is_open() and self.wish.is_settled

    def initial(self) -> dict[str, Any]:
        assert self.reply is not None
        return {"told_on": self.reply.told_on or self.actor.today, "told_how": self.reply.told_how, "version": self.reply.version}

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return TellChildForm(data, initial=self.initial() if self.reply else {})

    def act(self, cleaned: dict[str, Any]) -> Reply:
        return tell_child(by=self.actor, pep=self.plan, question=self.wish.question, **cleaned)
