"""Challenges to the plan: read, raised, answered, ended (PEP-31)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, Role
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.web.pages import ChildFormPage
from peps.forms.challenges import ChallengeForm, ChallengeReplyForm, EndChallengeForm
from peps.models import Challenge
from peps.rules import Step
from peps.rules.challenges import Standing, usual_day
from peps.services.challenges import end_challenge, raise_challenge, reply_to
from peps.views.content import LANG
from peps.views.frame import PlanPart, language_in_use, written

READERS = frozenset({Permission.CHALLENGE_PLAN, Permission.WRITE_PEP, Permission.ANSWER_MISS})
TAGS = {Standing.AWAITED: "todo", Standing.REPLIED: "doing", Standing.SETTLED: "done", Standing.NOT_SETTLED: "warning"}


class ChallengesPage(PlanPart):
    """All of the child's, the newest first: those of earlier plans too."""

    needs_plan = False

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not READERS & self.grant.permissions:
            raise NotAllowed

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        rows = Challenge.objects.visible_to(self.actor).filter(child=self.child).select_related("raised_by", "replied_by")
        context = {
            **self.frame(),
            "back_url": self.url(),
            "challenges": [self.card(row) for row in rows.order_by("-raised_on", "-created_at")],
            "may_raise": self.may(Permission.CHALLENGE_PLAN, Step.TICK),
        }
        return render(request, "peps/challenges.html", context)

    def card(self, row: Challenge) -> dict[str, Any]:
        """One challenge, in the order in which things were said."""
        seen, standing = Seen(row, self.grant), row.standing
        rows = [
            {"key": _("About"), "value": seen.get_about_display()},
            {"key": _("Challenge"), "value": seen.text, "lang": LANG[seen.language]},
            {"key": _("Raised by"), "value": f"{row.raised_by.name} ({Role(seen.raised_as).label}), {written(seen.raised_on)}"},
            {"key": _("Reply due by"), "value": written(seen.reply_due_on)},
        ]
        if row.replied_on and row.replied_by:
            rows += [
                {"key": _("Reply"), "value": seen.reply, "lang": LANG[seen.reply_language]},
                {"key": _("Replied by"), "value": f"{row.replied_by.name} ({Role(seen.replied_as).label}), {written(seen.replied_on)}"},
            ]
        if row.left_open:
            rows.append({"key": _("Still open"), "value": seen.left_open, "lang": LANG[seen.left_open_language]})
        may_reply = standing == Standing.AWAITED and row.raised_by_id != self.actor.user_id and self.may(Permission.WRITE_PEP)
        return {
            "pk": row.pk,
            "day": written(row.raised_on),
            "standing": standing.label,
            "kind": TAGS[standing],
            "rows": rows,
            "may_reply": may_reply,
            "may_end": standing == Standing.REPLIED and self.may(Permission.CHALLENGE_PLAN),
        }


class RaiseChallengePage(PlanPart, ChildFormPage):
    """Raise a challenge."""

    permission = Permission.CHALLENGE_PLAN
    form_class = ChallengeForm
    title = _("Challenge the plan or its delivery")
    success_message = _("The challenge is sent. A reply is asked for by the day that you named")

    def initial(self) -> dict[str, Any]:
        return {"reply_due_on": usual_day(self.actor.today), "language": language_in_use()}

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        return {"caption": self.seen.name, "back_url": back, "cancel_url": back, "submit_text": _("Send the challenge")}

    def act(self, cleaned: dict[str, Any]) -> Challenge:
        return raise_challenge(by=self.actor, pep=self.plan, **cleaned)

    def success_url(self, result: Any) -> str:
        return self.url("child_plan_challenges")


class _ChallengePage(PlanPart, ChildFormPage):
    """A page about one challenge that waits for this step; once the step is done, it leads to what was said."""

    needs_plan = False
    template_name = "peps/challenge.html"
    submit_text: ClassVar[Promise]
    waits: ClassVar[Standing]
    challenge: Challenge

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = Challenge.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["challenge"]).first()
        if found is None:
            raise Http404
        self.challenge = found
        self.challenge.child = self.child

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.challenge.standing == self.waits else redirect(self.success_url(None))

    def context(self) -> dict[str, Any]:
        back, seen = self.success_url(None), Seen(self.challenge, self.grant)
        said = [{"heading": _("The challenge"), "text": seen.text, "lang": LANG[seen.language]}]
        if seen.reply:
            said.append({"heading": _("The reply"), "text": seen.reply, "lang": LANG[seen.reply_language]})
        return {"caption": self.seen.name, "back_url": back, "cancel_url": back, "submit_text": self.submit_text, "said": said}

    def success_url(self, result: Any) -> str:
        return self.url("child_plan_challenges")


class ReplyToChallengePage(_ChallengePage):
    """The reply of those who write the plan."""

    permission = Permission.WRITE_PEP
    waits = Standing.AWAITED
    form_class = ChallengeReplyForm
    title = _("Reply to the challenge")
    submit_text = _("Send the reply")
    success_message = _("The reply is sent to who raised the challenge")

    def initial(self) -> dict[str, Any]:
        return {"reply_language": language_in_use()}

    def act(self, cleaned: dict[str, Any]) -> Challenge:
        return reply_to(by=self.actor, challenge=self.challenge, reply=cleaned["reply"], language=cleaned["reply_language"])


class EndChallengePage(_ChallengePage):
    """Whether the reply settles it."""

    permission = Permission.CHALLENGE_PLAN
    waits = Standing.REPLIED
    form_class = EndChallengeForm
    title = _("Does the reply settle it?")
    submit_text = _("Save")
    success_message = _("It is written down whether the reply settles the challenge")

    def initial(self) -> dict[str, Any]:
        return {"language": language_in_use()}

    def act(self, cleaned: dict[str, Any]) -> Challenge:
        return end_challenge(by=self.actor, challenge=self.challenge, **cleaned)
