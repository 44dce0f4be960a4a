"""Invitations of an authority: made, sent again, withdrawn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lace.accounts import people, services
from lace.accounts.access import Role
from lace.accounts.invitations import invitations_of
from lace.accounts.models import RoleInvitation
from lace.notifications import administration
from lace.web.administration.forms import InviteForm, SureForm
from lace.web.administration.views.people import Administration, RoleForm, offered
from lace.web.pages import FormPage, new_token


class InvitationsPage(Administration):
    """Those not taken up yet."""

    tab = "invitations"

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = invitations_of(self.actor).waiting().select_related("user", "authority", "organisation", "invited_by").order_by("-sent_at", "pk")
        now = timezone.now()
        context = {
            "waiting": [
                {
                    "row": row,
                    "role": Role(row.role).label,
                    "where": (row.organisation or row.authority).name,
                    "is_over": row.expires_at <= now,
                }
                for row in waiting
            ],
            "form_token": new_token(request),
            **self.tabs(),
        }
        return render(request, "accounts/invitations.html", context)


class ChooseInvitedRolePage(Administration):
    """To which role somebody is to be invited."""

    tab = "invitations"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"title": _("Invite a person"), "back_url": reverse("people"), "groups": offered(lambda role: reverse("invite_as", args=[role]))}
        return render(request, "accounts/choose_role.html", context)


class InvitePage(RoleForm, Administration):
    form_class = InviteForm
    template_name = "accounts/give_role.html"
    title = gettext_lazy("Invite a person")
    success_message = gettext_lazy("The invitation is on its way. It works for seven days")

    def initial(self) -> dict[str, Any]:
        return {"language": self.request.LANGUAGE_CODE}

    def context(self) -> dict[str, Any]:
        return super().context() | {"submit_text": _("Send the invitation"), "back_url": reverse("invite"), "cancel_url": reverse("people")}

    def act(self, cleaned: dict[str, Any]) -> RoleInvitation:
        return administration.invite(
            by=self.actor,
            authority=people.authority_of(self.actor),
            email=cleaned["email"],
            name=cleaned["name"],
            language=cleaned["language"],
            role=self.role,
            organisation=self.place(cleaned),
            ends_on=cleaned["ends_on"],
        )

    def success_url(self, result: Any) -> str:
        return reverse("invitations")


class OfInvitation(Administration, FormPage):
    """One button of the list of invitations; it has no page of its own."""

    tab = "invitations"
    form_class = SureForm
    http_method_names = ["post", "options"]
    invitation: RoleInvitation

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        pk: UUID = kwargs["invitation"]
        found = invitations_of(self.actor).filter(pk=pk).first()
        if found is None:
            raise Http404
        self.invitation = found

    def context(self) -> dict[str, Any]:
        return {"back_url": reverse("invitations")}

    def success_url(self, result: Any) -> str:
        return reverse("invitations")


class SendAgainPage(OfInvitation):
    title = gettext_lazy("Send the invitation again")
    success_message = gettext_lazy("A new invitation is on its way. The link sent before works no longer")

    def act(self, cleaned: dict[str, Any]) -> RoleInvitation:
        return administration.send_again(by=self.actor, invitation=self.invitation)


class WithdrawPage(OfInvitation):
    title = gettext_lazy("Withdraw the invitation")
    success_message = gettext_lazy("The invitation is withdrawn. Its link works no longer")

    def act(self, cleaned: dict[str, Any]) -> None:
        services.withdraw_invitation(by=self.actor, invitation=self.invitation)
