"""How a person is told: the hour, the language and the way of the e-mails, and the secret address of their calendar."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import translation
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lace.accounts.models import Language, Membership, User
from lace.accounts.services import choose_language
from lace.accounts.signing_in import remember_language
from lace.core.actor import Actor
from lace.deadlines.rules import RULES, Force
from lace.notifications.models import Feed, Preference
from lace.notifications.rules import How, times
from lace.notifications.services import choose_telling, close_feed, open_feed
from lace.web.forms import ChoiceField
from lace.web.pages import FormPage, Page, claim_token, new_token

HINTS = {
    How.DIGEST: gettext_lazy("At the time that you choose. Only what is due on the day itself may come later"),
    How.SINGLE: gettext_lazy("From the time that you choose until midnight, as they come"),
    How.LACE: gettext_lazy("You read your messages when you sign in"),
}


def answering() -> list[str]:
    """The roles that have statutory duties: whoever holds one is always told by e-mail."""
    return sorted({str(rule.role) for rule in RULES.values() if rule.force == Force.STATUTORY})


def must_hear(actor: Actor) -> bool:
    return Membership.objects.open_on(actor.today).filter(user=actor.user_id or 0, role__in=answering()).exists()


class TellingForm(forms.Form):
    """The way, the hour, the language."""

    how = ChoiceField(
        label=gettext_lazy("How do you want to be told of your duties and messages?"),
        choices=How.choices,
        hints=HINTS,
        error_messages={"required": gettext_lazy("Choose how you want to be told"), "invalid_choice": gettext_lazy("Choose how you want to be told")},
    )
    at = forms.TypedChoiceField(
        label=gettext_lazy("From what time of day?"),
        help_text=gettext_lazy("On working days. On other days only what is due that day is sent"),
        coerce=time.fromisoformat,
        error_messages={
            "required": gettext_lazy("Choose a time between 06:00 and 18:00"),
            "invalid_choice": gettext_lazy("Choose a time between 06:00 and 18:00"),
        },
    )
    language = ChoiceField(
        label=gettext_lazy("In which language?"),
        help_text=gettext_lazy("Of the e-mails and of Lace"),
        choices=Language.choices,
        error_messages={"required": gettext_lazy("Choose English or Welsh"), "invalid_choice": gettext_lazy("Choose English or Welsh")},
    )

    def __init__(self, *args: Any, by_email: bool, **kwargs: Any) -> None:
        """`by_email`: the person has to be told by e-mail."""
        super().__init__(*args, **kwargs)
        self.fields["at"].choices = [(moment.isoformat("minutes"), time_format(moment, "TIME_FORMAT")) for moment in times()]  # type: ignore[attr-defined]  # a ChoiceField, by its name only
        if by_email:
            self.fields["how"].choices = [choice for choice in How.choices if choice[0] != How.LACE]  # type: ignore[attr-defined]  # the same
            self.fields["how"].help_text = _("Your role has statutory duties, so e-mail cannot be switched off")


class TellingPage(FormPage):
    """The person's own choices. The calendar's address is made and ended by buttons of its own."""

    form_class = TellingForm
    template_name = "reporting/telling.html"
    title = gettext_lazy("How you are told")

    def get_form(self, data: Any = None) -> forms.Form:
        return TellingForm(data, initial=self.initial(), by_email=must_hear(self.actor))

    def initial(self) -> dict[str, Any]:
        chosen = Preference.of(self.actor)
        person = User.objects.get(pk=self.actor.user_id or 0)
        return {"how": chosen.how, "at": chosen.at.isoformat("minutes"), "language": person.language}

    def context(self) -> dict[str, Any]:
        feed = Feed.objects.visible_to(self.actor).open().first()
        return {"feed": feed, "back_url": reverse("account"), "submit_text": _("Save")}

    def act(self, cleaned: dict[str, Any]) -> str:
        choose_telling(by=self.actor, how=cleaned["how"], at=cleaned["at"], answering=answering())
        choose_language(by=self.actor, language=cleaned["language"])
        with translation.override(cleaned["language"]):
            messages.success(self.request, _("How you are told is saved"))
        return str(cleaned["language"])

    def success_url(self, result: Any) -> str:
        self.language = result
        return reverse("message_choices")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if hasattr(self, "language"):
            remember_language(response, self.language)
        return response


class NewFeedPage(Page):
    """Make the calendar's address and show it, once; a button of the page of choices."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            token = claim_token(request)
            if token is not None and token.location:  # pressed twice: the address was shown
                return redirect(token.location)
            secret = open_feed(by=self.actor)
            if token is not None:
                type(token).objects.filter(pk=token.pk).update(location=reverse("message_choices"))
        address = settings.SITE_URL + reverse("feed", args=[secret])
        return render(request, "reporting/telling_feed.html", {"address": address, "form_token": new_token(request)})


class EndFeedPage(Page):
    """End the calendar's address; a button of the page of choices."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if close_feed(by=self.actor):
            messages.success(request, _("Your calendar address works no longer"))
        return redirect("message_choices")


telling_urls: list[URLPattern | URLResolver] = [
    path("messages/choices/", TellingPage.as_view(), name="message_choices"),
    path("messages/choices/calendar/", NewFeedPage.as_view(), name="feed_new"),
    path("messages/choices/calendar/end/", EndFeedPage.as_view(), name="feed_end"),
]
