"""Signing out, the second factor, the role in use and the person's own account. The rest of signing in is allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import perform_login
from allauth.account.views import LogoutView
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.contrib.sessions.models import Session
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lace.accounts import services
from lace.accounts.access import WITH_DUTIES
from lace.accounts.forms import FirstPasswordForm, LanguageForm, RoleForm, describe
from lace.accounts.invitations import find, serving_invited
from lace.accounts.models import User
from lace.accounts.signing_in import MEMBERSHIP, has_second_factor, own_account, remember_language, rotate
from lace.audit.track import acting
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused


class SignOut(LogoutView):
    """Sign out by POST; the browser is told to forget what it kept (ASVS 14.3.1). The language stays: its cookie is no one's."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


# ---- second factors ----


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Which second factor to set up: where a person without one is led before anything else."""
    return render(request, "accounts/second_factor.html", {"has_one": has_second_factor(_person(request))})


@require_safe
@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes not yet used. Unlike allauth's page it writes nothing down about having been read."""
    authenticator = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    if authenticator is None:
        raise Http404
    return render(request, "mfa/recovery_codes.html", {"codes": authenticator.wrap().get_unused_codes()})


class SignInWithPasskey(LoginWebAuthnView):
    @classmethod
    def as_view(cls, **kwargs: Any) -> Any:
        view = super().as_view(**kwargs)
        view.login_required = False
        return view


class AddPasskey(AddWebAuthnView):
    template_name = "mfa/add_passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["form"] = kwargs.get("form") or self.get_form()
        context["js_data"] = {"creation_options": begin_registration(self.request.user, True)}
        return context


class RemovePasskey(RemoveWebAuthnView):
    """Refuses to remove the last second factor where one is required."""

    template_name = "mfa/remove_passkey.html"

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_mfa_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("account")
        response: HttpResponse = super().form_valid(form)
        return response


# ---- the role in use ----


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_role(request: HttpRequest) -> HttpResponse:
    """Choose among one's roles (SCH-06); the session gets a new key."""
    memberships = request.memberships  # type: ignore[attr-defined]  # the middleware's
    if not memberships:
        raise NotAllowed
    current = request.membership  # type: ignore[attr-defined]
    form = RoleForm(request.POST if request.method == "POST" else None, memberships=memberships, initial={"role": current and current.pk})
    if form.is_valid():
        membership = services.choose_role(by=own_account(request), membership_id=form.cleaned_data["role"])
        request.session[MEMBERSHIP] = membership.pk
        rotate(request)
        messages.success(request, _("You now work as: %(role)s") % {"role": describe(membership)})
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"form": form, "title": _("Change role"), "submit_text": _("Continue")}
    if current is None:
        context["intro"] = _("The role in which you worked has ended. Choose the role in which you want to go on.")
    else:
        context["cancel_url"] = reverse(settings.LOGIN_REDIRECT_URL)
    return render(request, "components/form_page.html", context)


# ---- your account ----


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, password, second factor, and where one is signed in."""
    person = _person(request)
    form = LanguageForm(request.POST if request.method == "POST" else None, initial={"language": person.language})
    if form.is_valid():
        language = form.cleaned_data["language"]
        services.choose_language(by=own_account(request), language=language)
        with translation.override(language):
            messages.success(request, _("Your language is saved"))
        response = redirect("account")
        remember_language(response, language)
        return response
    factors = list(Authenticator.objects.filter(user_id=person.pk).order_by("pk"))
    codes = next((factor for factor in factors if factor.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "form": form,
        "person": person,
        "roles": [describe(held) for held in request.memberships],  # type: ignore[attr-defined]
        "app": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "sessions": _sessions(request),
        "has_duties": request.membership is not None and request.membership.role in WITH_DUTIES,  # type: ignore[attr-defined]  # set by our middleware
    }
    return render(request, "accounts/account.html", context)


def _sessions(request: HttpRequest) -> list[dict[str, Any]]:
    """Where the person is signed in now: browser, address, since when, whether it is this one."""
    known = UserSession.objects.filter(user_id=request.user.pk).order_by("-created_at")
    alive = set(
        Session.objects.filter(session_key__in=[session.session_key for session in known], expire_date__gt=timezone.now()).values_list(
            "pk", flat=True
        )
    )
    return [
        {
            "browser": session.user_agent or _("Unknown browser"),
            "address": session.ip,
            "since": session.created_at,
            "here": session.session_key == request.session.session_key,
        }
        for session in known
        if session.session_key in alive
    ]


@require_POST
@login_required
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End every other session of this person (ASVS 7.4.5)."""
    for session in UserSession.objects.filter(user_id=request.user.pk).exclude(session_key=request.session.session_key):
        session.end()
    messages.success(request, _("You are signed out on every other device"))
    return redirect("account")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def to_account(request: HttpRequest) -> HttpResponseRedirect:
    """allauth's overviews of second factors are part of the account page."""
    return HttpResponseRedirect(reverse("account"))


def to_new_password(request: HttpRequest) -> HttpResponseRedirect:
    """An account without a password gets one by e-mail only."""
    return HttpResponseRedirect(reverse("account_reset_password"))


# ---- taking up an invitation ----


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take up an invitation: a new account by choosing its password, an older one by its person once they have signed in."""
    with serving_invited(token):
        found = find(token)
    if found is None:
        text = _("It has been used, withdrawn, or is too old. Ask the administrator of your authority for a new one.")
        return render(request, "accounts/invitation_stop.html", {"title": _("This invitation works no longer"), "text": text}, status=404)
    is_new = not found.user.has_usable_password()
    if not is_new and request.user.pk != found.user_id:
        text = _("It is for an account that you have already. Sign in with it, and you can take the role up.")
        here = reverse("account_login", query={"next": request.path})
        return render(request, "accounts/invitation_stop.html", {"title": _("You are invited to Lace"), "text": text, "sign_in": here})
    form = (FirstPasswordForm if is_new else forms.Form)(request.POST if request.method == "POST" else None)
    if form.is_valid() and _taken_up(form, token, found.user):
        messages.success(request, _("You have taken up the invitation"))
        if not is_new:
            return redirect(settings.LOGIN_REDIRECT_URL)
        if request.user.is_authenticated:  # somebody else, at this browser
            logout(request)
        found.user.refresh_from_db()  # the session is tied to the new password
        response: HttpResponse = perform_login(request, found.user, email_verification="none", redirect_url=reverse(settings.LOGIN_REDIRECT_URL))
        return response
    context = {"form": form, "invitation": found, "role": describe(found), "title": _("You are invited to Lace")}
    return render(request, "accounts/invitation.html", context)


def _taken_up(form: forms.Form, token: str, person: User) -> bool:
    """Whether it worked; why not stands in the form."""
    by = Actor(label=f"user:{person.pk}", today=timezone.localdate(), user_id=person.pk)
    try:
        with serving_invited(token, by.user_id), acting(by):
            services.accept_invitation(by=by, token=token, password=form.cleaned_data.get("password", ""))
    except Refused as refusal:
        for name, sentences in refusal.problems.items():
            for sentence in sentences:
                form.add_error(name if name in form.fields else None, str(sentence))
    return form.is_valid()
