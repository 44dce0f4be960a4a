"""Pages that belong to no feature: language, colours, the neutral page, statements, errors."""

import re

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from lace.accounts.services import choose_language
from lace.accounts.signing_in import own_account, remember_language


def on_brand(colour: str) -> str:
    """Black or white, whichever is read better on a six-digit colour (WCAG 2.2 relative luminance; the better of the two is always >= 4.5:1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "ffffff"


@login_not_required
@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def theme(request: HttpRequest) -> HttpResponse:
    """The authority's colour as a style sheet of its own: the Content-Security-Policy allows no inline style."""
    colour = request.GET.get("brand", "").lower()
    if not re.fullmatch("[0-9a-f]{6}", colour):
        return HttpResponseBadRequest("brand must be six hexadecimal digits, like 00594f\n", content_type="text/plain")
    css = f":root{{--govuk-brand-colour:#{colour};--app-on-brand:#{on_brand(colour)}}}\n"
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language asked for and go back to the page it was asked on."""
    wanted, back = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    if wanted in dict(settings.LANGUAGES) and check_for_language(wanted):
        remember_language(response, wanted)
        if request.user.is_authenticated:
            choose_language(by=own_account(request), language=wanted)
    return response


@login_not_required
@require_safe
def hide(request: HttpRequest) -> HttpResponse:
    """The page behind "Hide this screen": times tables, which nobody wonders about in a school."""
    table = [[row * column for column in range(1, 13)] for row in range(1, 13)]
    return render(request, "web/hide.html", {"table": table})


@login_not_required
@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    names = {"session": settings.SESSION_COOKIE_NAME, "csrf": settings.CSRF_COOKIE_NAME, "language": settings.LANGUAGE_COOKIE_NAME}
    return render(request, "web/cookies.html", {"names": names})


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "web/accessibility.html")


# ---- errors ----


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page that must come whatever is broken: a template of its own, no request, no context processor, no database."""
    return render(None, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose proof has expired: say what to do instead of "CSRF verification failed"."""
    return render(request, "web/form_expired.html", status=403)
