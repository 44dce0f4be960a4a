"""allauth's forms in our words, and the two of our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.cache import cache
from django.core.validators import EmailValidator
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import Language, Membership, RoleInvitation

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_NEW_PASSWORD_HINT = _("At least 12 characters. Three or four words that have nothing to do with each other are easy to remember and hard to guess")


def _say(field: forms.Field, label: _StrPromise, required: _StrPromise, hint: _StrPromise | str = "") -> None:
    field.label, field.help_text = label, hint
    field.error_messages["required"] = required


def _email(field: forms.Field, required: _StrPromise) -> None:
    _say(field, _("E-mail address"), required)
    field.widget = forms.EmailInput(attrs={"autocomplete": "username"})
    field.validators = [EmailValidator(_("Enter an e-mail address, like name@example.com"))]


def _code(field: forms.Field, hint: _StrPromise) -> None:
    _say(field, _("Security code"), _("Enter the security code"), hint)
    field.widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "width": "10"})


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _email(self.fields["login"], _("Enter your e-mail address"))
        _say(self.fields["password"], _("Password"), _("Enter your password"))


class ForgottenPasswordForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _email(self.fields["email"], _("Enter your e-mail address"))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send one message in any case, so that the answer and its time tell nothing about the address."""
        address: str = self.cleaned_data["email"]
        if self.users:
            super().save(request, **kwargs)
        else:
            get_adapter().send_mail("account/email/unknown_account", address, {})
        return address


class NewPasswordForm(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]  # the box can show what is typed: once is enough
        _say(self.fields["password1"], _("New password"), _("Enter a new password"), _NEW_PASSWORD_HINT)


class OtherPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        _say(self.fields["oldpassword"], _("The password you have now"), _("Enter the password you have now"))
        _say(self.fields["password1"], _("New password"), _("Enter a new password"), _NEW_PASSWORD_HINT)


class PasswordAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["password"], _("Password"), _("Enter your password"))


# ---- second factors ----

_CODE_HINT = _("The 6 digits that your authenticator app shows now, or one of your recovery codes")
CODE_LIVES = 120  # seconds; with MFA_TOTP_TOLERANCE 1 a code is good for at most 90


def _claim(user_id: int, code: str, authenticator: Authenticator) -> None:
    """A code of the app works once (RFC 6238, 5.2): allauth forgets it after 30 seconds, the code lives for 90."""
    digest = salted_hmac("lace.accounts.code", f"{user_id}:{code}", algorithm="sha256").hexdigest()
    if authenticator.type == Authenticator.Type.TOTP and not cache.add(f"used-code:{digest}", 1, timeout=CODE_LIVES):
        raise get_mfa_adapter().validation_error("incorrect_code")


class CodeForm(AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self.fields["code"], _CODE_HINT)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _claim(self.user.pk, code, self.authenticator)
        return code


class ConfirmByCodeForm(CodeAgainForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self.fields["code"], _CODE_HINT)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _claim(self.user.pk, code, self.authenticator)
        return code


class SetUpAppForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self.fields["code"], _("The 6 digits that the app shows now"))


@contextmanager
def _nonsense_refused() -> Iterator[None]:
    """What no device of ours sent is a wrong code: allauth and fido2 let some of it out as their own errors."""
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise get_mfa_adapter().validation_error("incorrect_code") from error


class PasskeyForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        with _nonsense_refused():
            return super().clean_credential()


class PasskeySignInForm(LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        with _nonsense_refused():
            return super().clean_credential()


class ConfirmByPasskeyForm(ReauthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        with _nonsense_refused():
            return super().clean_credential()


class AddPasskeyForm(AddWebAuthnForm):
    """Every passkey of ours can sign in alone: it proves device and person, which is two factors in one."""

    passwordless = None  # allauth's question, answered above

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields["name"], _("Name of the passkey"), _("Enter a name"), _("So that you know it again, such as “work laptop”"))
        self.fields["credential"].error_messages["required"] = _("No passkey came from your device. Try again")

    def clean(self) -> dict[str, Any]:
        with _nonsense_refused():
            cleaned: dict[str, Any] = super().clean()
        return cleaned


# ---- our own ----


class LanguageForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Which language do you read Lace and its messages in?"),
        choices=Language.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose English or Welsh"), "invalid_choice": _("Choose English or Welsh")},
    )


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(
        label=_("Which role do you want to work in?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of your roles"), "invalid_choice": _("Choose one of your roles")},
    )

    def __init__(self, *args: Any, memberships: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["role"].choices = [(held.pk, describe(held)) for held in memberships]


def describe(membership: Membership | RoleInvitation) -> str:
    """The role and where it is held, in the reader's language."""
    where = membership.organisation or membership.authority
    return f"{membership.get_role_display()}, {where.name}"


class FirstPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        help_text=_NEW_PASSWORD_HINT,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Enter a new password")},
    )
