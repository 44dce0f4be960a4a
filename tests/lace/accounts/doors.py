"""The addresses of Lace with stand-ins for the pages of the upper apps, so that these tests rest on sign-in alone."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_required
def page(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    return HttpResponse(f"role: {actor.role if actor else 'none'}")


# The places of the menu (lace.web.context), and what the account page leads to.
PLACES = (
    "message_choices",
    "away",
    "work",
    "children",
    "schools",
    "dashboard",
    "handovers",
    "quality",
    "figures",
    "reports",
    "audit",
    "own",
    "own_said",
    "own_who",
)

urlpatterns = [
    *(path("" if name == "work" else f"{name}/", page, name=name) for name in PLACES),
    path("", include("lace.web.urls")),
    path("accounts/", include("lace.accounts.urls")),
    path("administration/", include("lace.web.administration.urls")),
]
handler403, handler404 = "lace.web.views.denied", "lace.web.views.not_found"
