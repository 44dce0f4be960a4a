"""Signing in: who may try how often, the second factor, and how long a session lasts.

django-allauth runs the flow and django-axes keeps the tries; here stands what Lace wants of them. Citations are to the OWASP
Application Security Verification Standard 5.0 (ASVS).
"""

from __future__ import annotations

import base64
import logging
import math
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from axes.handlers.database import AxesDatabaseHandler
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.core.mail import EmailMessage
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _
from qrcode.main import QRCode

from lace.accounts.acting import actor_for
from lace.accounts.models import Language, Membership, User
from lace.accounts.services import record_sign_in
from lace.core.actor import Actor

log = logging.getLogger(__name__)

# ---- what a session knows ----

MEMBERSHIP = "membership"  # the role in use
SIGNED_IN_AT = "signed_in_at"  # seconds since 1970
SECOND_FACTOR = "second_factor"  # that the person has one: asked once a session, since the last one cannot be removed
WHOLE_SESSION = timedelta(hours=12)  # ASVS 7.3.2; idle time (7.3.1) is SESSION_COOKIE_AGE

SIGNED_OUT = _(
    "You were signed out. That happens after 15 minutes without a click, after 12 hours, or when you sign out on another device. "
    "Sign in to go on where you were."
)
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# What a person without a second factor may open: the way to one, and the way out.
SETTING_UP = {
    "second_factor",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "account_logout",
}


def now() -> float:
    return timezone.now().timestamp()


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def own_account(request: HttpRequest) -> Actor:
    """The signed-in person acting on their own account, which needs no role."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        return actor
    assert request.user.is_authenticated
    return Actor(label=f"user:{request.user.pk}", today=timezone.localdate(), user_id=request.user.pk)


def remember_language(response: HttpResponse, language: str) -> None:
    """Set the language cookie, which the next pages follow, to one of our languages."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


class SessionRules:
    """Middleware: a session ends after 12 hours; an ended one is explained; no page before the second factor is set up.

    After the middlewares of messages and allauth, before the one that finds the role.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ended = _end_if_over(request)
        response = self.get_response(request)
        if ended and response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL)):
            messages.info(request, str(SIGNED_OUT))
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.SECOND_FACTOR_REQUIRED or not request.user.is_authenticated or request.session.get(SECOND_FACTOR):
            return None
        if has_second_factor(request.user):
            request.session[SECOND_FACTOR] = True
            return None
        match = request.resolver_match
        if match is not None and (match.url_name in SETTING_UP or match.namespace == "web"):
            return None
        return redirect("second_factor")


def _end_if_over(request: HttpRequest) -> bool:
    """Whether the browser came with a session that no longer serves; ends the one that lasted its 12 hours."""
    if request.user.is_authenticated:
        if now() - request.session.setdefault(SIGNED_IN_AT, now()) < WHOLE_SESSION.total_seconds():
            return False
        logout(request)
        return True
    if SESSION_KEY in request.session:  # of an account that was closed meanwhile
        request.session.flush()
        return True
    return settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.session_key is None


def rotate(request: HttpRequest) -> None:
    """Give the session a new key and keep what it knows (ASVS 7.2.4)."""
    from allauth.usersessions.models import UserSession

    old = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


# ---- how often one may try ----

FREE_TRIES = 5
LONGEST_WAIT = timedelta(hours=1)  # never permanent: nobody may lock another out for good


def delay(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: nothing below five, then 1, 2, 4 … minutes, at most 60."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_TRIES, 10)), LONGEST_WAIT)


def client_ip(request: HttpRequest) -> str:
    """The address that tries are counted for: as seen by the outermost of our own TRUSTED_PROXIES, or the peer's."""
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(forwarded):
        address = forwarded[-settings.TRUSTED_PROXIES].strip() or address
    try:
        return str(ip_address(address))
    except ValueError:  # a Unix socket has none
        return "127.0.0.1"


def account_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail address that somebody tries, whether an account has it or not."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or given.get("login") or request.POST.get("login") or ""
    return str(name).strip().lower()[:255]


class Delays(AxesDatabaseHandler):
    """Counts the failures of an account from an address for 24 hours (AXES_COOLOFF_TIME), and makes each further try wait longer."""

    def locked_until(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> datetime | None:
        """When the next try is taken; None when at once."""
        counted = self.get_user_attempts(request, credentials)[0].aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
        if not counted["failures"]:
            return None
        until: datetime = counted["last"] + delay(counted["failures"])
        return until if until > timezone.now() else None

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return self.locked_until(request, credentials) is not None


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """The page instead of the answer to a try that was not taken, or was the last before a wait."""
    until = Delays().locked_until(request, credentials) or timezone.now()
    seconds = max(math.ceil((until - timezone.now()).total_seconds()), 1)
    page = render(request, "accounts/locked.html", {"until": until, "minutes": math.ceil(seconds / 60)}, status=429)
    page["Retry-After"] = str(seconds)
    return page


# ---- what allauth asks of us ----

# What is said on the page after an act; allauth's other messages are not shown.
_SAID = {
    "account/messages/logged_out.txt": _("You have signed out"),
    "account/messages/password_changed.txt": _("Your new password is saved"),
    "mfa/messages/totp_activated.txt": _("Your authenticator app is set up"),
    "mfa/messages/totp_deactivated.txt": _("Your authenticator app is removed"),
    "mfa/messages/webauthn_added.txt": _("Your passkey is saved"),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed"),
    "mfa/messages/recovery_codes_generated.txt": _("You have new recovery codes. Keep them where only you can find them"),
}
# What is told by e-mail, so that nobody's account changes hands unnoticed (ASVS 6.3.7).
_TOLD = {
    "account/email/password_changed": _("Your password for Lace was changed."),
    "account/email/password_reset": _("Your password for Lace was changed."),
    "mfa/email/totp_activated": _("An authenticator app was added to your Lace account."),
    "mfa/email/totp_deactivated": _("The authenticator app was removed from your Lace account."),
    "mfa/email/webauthn_added": _("A passkey was added to your Lace account."),
    "mfa/email/webauthn_removed": _("A passkey was removed from your Lace account."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made for your Lace account. The old ones no longer work."),
}
_WRONG_PASSWORD = _("That is not your password. Check it and try again")
_TOO_MANY = _("Too many tries. Wait five minutes, then try again")


class Adapter(DefaultAccountAdapter):
    """Sign-in by invitation, with equal answers for known and unknown addresses, in both languages."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right. Check both and try again"),
        "incorrect_password": _WRONG_PASSWORD,
        "enter_current_password": _WRONG_PASSWORD,
        "invalid_password_reset": _("This link has been used or is too old. Ask for a new one"),
        "too_many_login_attempts": _TOO_MANY,
        "rate_limited": _TOO_MANY,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: django-axes counts. allauth's own limit on failures stays for second factors."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None: for a wrong password, an unknown address and a closed account alike."""
        user: User | None = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active else None

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        request.session[SIGNED_IN_AT] = now()
        today = timezone.localdate()
        membership = Membership.objects.open_on(today).filter(user=user).select_related("authority", "organisation").order_by("pk").first()
        if membership is not None:
            request.session[MEMBERSHIP] = membership.pk
            record_sign_in(by=actor_for(membership, today=today))

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hooks)
        remember_language(response, user.language)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, gettext("You could not be signed in. Ask the administrator of your authority"))
        return redirect("account_login")

    def is_safe_url(self, url: str | None) -> bool:
        """A path of this site, and nothing else."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """The password is asked again five minutes after signing in, not at once."""
        age = now() - self.request.session.get(SIGNED_IN_AT, 0)
        return age > account_settings.REAUTHENTICATION_TIMEOUT and bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or _SAID.get(message_template or "")
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Under SITE_URL, whatever host the request came by: a forged Host header must not send the key elsewhere."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"}).replace("UID-KEY", quote(key))
        return settings.SITE_URL.rstrip("/") + path

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None) -> EmailMessage:
        """One message in both languages, the reader's first."""
        reader = getattr(context.get("user"), "language", None) or (get_language() or Language.ENGLISH)
        subjects, bodies = [], []
        for language in sorted((Language.ENGLISH, Language.WELSH), key=lambda known: str(known)[:2] != reader[:2]):
            with override(language):
                subjects.append(" ".join(render_to_string(f"{template_prefix}_subject.txt", context).split()))
                bodies.append(render_to_string(f"{template_prefix}_message.txt", context).strip())
        return EmailMessage(" / ".join(subjects), "\n\n* * *\n\n".join(bodies) + "\n", settings.DEFAULT_FROM_EMAIL, [email], headers=headers)

    def send_notification_mail(self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None) -> None:
        """Tell the person what changed. The change stands even when the mail cannot be sent."""
        told = {"user": user, "what": _TOLD[template_prefix], "when": timezone.now(), "site": settings.SITE_URL}
        try:
            self.render_mail("account/email/password_changed", user.email, told).send()
        except (OSError, smtplib.SMTPException) as failure:
            log.error("A change of an account could not be told by e-mail: %s", type(failure).__name__)


class SecondFactors(DefaultMFAAdapter):
    """Authenticator app, passkeys and recovery codes. Their secrets lie encrypted in the database (ASVS 13.3.1)."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That is not the right code. Check it, or wait for the next one, and try again"),
        "cannot_delete_authenticator": _("You need a second way to sign in. Add another one before you remove this one"),
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": super().get_public_key_credential_rp_entity()["id"], "name": settings.MFA_TOTP_ISSUER}

    def build_totp_svg(self, url: str) -> SafeString:
        """The picture as elements with plain attributes: the Content-Security-Policy allows neither data: pictures nor inline style."""
        code = QRCode(border=4)
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(f"M{x},{y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return format_html(
            '<svg viewBox="0 0 {0} {0}" width="232" height="232" role="img" aria-label="{1}" shape-rendering="crispEdges">'
            '<rect width="{0}" height="{0}" fill="#fff"/><path d="{2}" fill="#000"/></svg>',
            len(rows),
            gettext("QR code for your authenticator app"),
            squares,
        )

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return gettext("Passkey %(number)s") % {"number": Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not settings.SECOND_FACTOR_REQUIRED or others.exists()


def _cipher() -> MultiFernet:
    """Keys made from SECRET_KEY; secrets written under one of SECRET_KEY_FALLBACKS can still be read."""
    keys = (
        salted_hmac("lace.accounts.second_factor", "", secret, algorithm="sha256") for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key.digest())) for key in keys])
