"""Signing in and one's own account: of allauth's pages only those that Lace needs, under the names that allauth reverses."""

from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts import views

FORM = "components/form_page.html"
SIGN_IN = {"title": pgettext_lazy("heading", "Sign in"), "submit_text": _("Sign in")}
FORGOTTEN = {
    "title": _("Forgotten your password?"),
    "intro": _("We send you a link by which you choose a new password."),
    "submit_text": _("Send the link"),
}
NEW_PASSWORD = {"title": _("Choose a new password"), "submit_text": _("Save the new password")}
CONFIRM = {"title": _("Confirm that it is you"), "submit_text": _("Continue")}
REMOVE_APP = {
    "title": _("Remove your authenticator app"),
    "intro": _("Its codes will no longer sign you in."),
    "submit_text": _("Remove the app"),
    "cancel_url": "/accounts/",
}
NEW_CODES = {
    "title": _("Make new recovery codes"),
    "intro": _("Ten new codes replace those you have. The old ones will no longer work."),
    "submit_text": _("Make new codes"),
    "cancel_url": "/accounts/",
}

urlpatterns: list[URLPattern | URLResolver] = [
    # signing in and out
    path("login/", allauth.LoginView.as_view(template_name="account/login.html", extra_context=SIGN_IN), name="account_login"),
    path("login/passkey/", LoginWebAuthnView.as_view(), name="mfa_login_webauthn"),
    path(
        "login/code/",
        mfa.AuthenticateView.as_view(
            template_name="mfa/authenticate.html", extra_context={"title": _("Enter your security code"), "submit_text": _("Sign in")}
        ),
        name="mfa_authenticate",
    ),
    path("logout/", views.SignOut.as_view(template_name="account/logout.html"), name="account_logout"),
    # the password
    path("password/reset/", allauth.PasswordResetView.as_view(template_name=FORM, extra_context=FORGOTTEN), name="account_reset_password"),
    path("password/reset/done/", allauth.PasswordResetDoneView.as_view(), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.PasswordResetFromKeyView.as_view(extra_context=NEW_PASSWORD),
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", allauth.PasswordResetFromKeyDoneView.as_view(), name="account_reset_password_from_key_done"),
    path("password/change/", allauth.PasswordChangeView.as_view(template_name=FORM, extra_context=NEW_PASSWORD), name="account_change_password"),
    path("password/set/", login_required(views.to_new_password), name="account_set_password"),
    # asked again before anything that would let somebody else in
    path("confirm/", allauth.ReauthenticateView.as_view(extra_context=CONFIRM), name="account_reauthenticate"),
    path(
        "confirm/code/", mfa.ReauthenticateView.as_view(template_name="account/reauthenticate.html", extra_context=CONFIRM), name="mfa_reauthenticate"
    ),
    path(
        "confirm/passkey/",
        ReauthenticateWebAuthnView.as_view(template_name="mfa/confirm_by_passkey.html", extra_context=CONFIRM),
        name="mfa_reauthenticate_webauthn",
    ),
    # second factors
    path("second-factor/", views.second_factor, name="second_factor"),
    path(
        "second-factor/app/",
        ActivateTOTPView.as_view(
            template_name="mfa/activate_app.html",
            extra_context={"title": pgettext_lazy("heading", "Set up an authenticator app"), "submit_text": _("Continue")},
        ),
        name="mfa_activate_totp",
    ),
    path("second-factor/app/remove/", DeactivateTOTPView.as_view(template_name=FORM, extra_context=REMOVE_APP), name="mfa_deactivate_totp"),
    path("second-factor/passkey/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("second-factor/passkey/<int:pk>/remove/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("second-factor/codes/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "second-factor/codes/new/", GenerateRecoveryCodesView.as_view(template_name=FORM, extra_context=NEW_CODES), name="mfa_generate_recovery_codes"
    ),
    path("second-factor/list/", login_required(views.to_account), name="mfa_index"),
    path("second-factor/passkeys/", login_required(views.to_account), name="mfa_list_webauthn"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    # one's own account
    path("", views.account, name="account"),
    path("role/", views.change_role, name="change_role"),
    path("role/choose/", views.change_role, name="choose_role"),
    path("sessions/end/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
]
