"""The short form of somebody without an account, under a secret link: three questions about a pupil, and nothing else (DP-20).

Nothing here says that the pupil is in care, that there is a plan, or which service asks; the address neither. Whoever opens it may be
looked at over the shoulder, and may not know.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from lace.accounts.models import Language
from lace.accounts.signing_in import client_ip
from lace.audit.track import acting
from lace.core.actor import Actor
from lace.core.errors import BadInput
from lace.notifications.rules import digest_of
from lace.web.limits import is_worn_out, too_often
from peps.forms import SectionForm
from peps.models import Contribution, find_asked, serving_link, was_answered
from peps.rules.contributions import FORMS
from peps.services.asked import Gone, answer

# Openings of one link, and links that do not work from one place, in an hour.
OPENINGS, MISSES = 60, 30
NOTHING = "nothing"  # the button of who has nothing to add


@csrf_exempt  # who holds the link may answer; nothing rests on a cookie, and without a referrer browsers name no origin either
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: HttpRequest, token: str) -> HttpResponse:
    """The form; a link that ran out, was used, was withdrawn or never was: not found, all alike."""
    place = f"asked-misses:{client_ip(request)}"
    if is_worn_out(place, MISSES) or too_often(f"asked:{digest_of(token)}", OPENINGS):
        return _kept_to_itself(HttpResponse(status=429, headers={"Retry-After": "3600"}))
    with serving_link(token):
        found = find_asked(token)
        form = SectionForm(FORMS[found.role], request.POST or None, language=_language(request, found)) if found else None
        try:
            done = request.method == "POST" and (_taken(form, request, token, found) if form and found else _is_second_click(request, token))
        except Gone:
            found = None
    if found is None and not done:
        too_often(place, MISSES)
        return _kept_to_itself(render(request, "peps/asked_gone.html", status=404))
    if done:
        return _kept_to_itself(redirect("asked_thanks"))
    assert found is not None
    return _kept_to_itself(_shown(request, found, form))


@login_not_required
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """What follows the form, the same for all."""
    return _kept_to_itself(render(request, "peps/asked_thanks.html"))


def _taken(form: SectionForm, request: HttpRequest, token: str, found: Contribution) -> bool:
    """Whether the words were taken; why not stands in the form. Raises Gone when the link stopped working meanwhile."""
    is_whole, nothing = form.is_valid(), NOTHING in request.POST
    if not is_whole and not nothing:
        return False
    said = form.cleaned_data
    by = Actor(label=f"user:{found.person_id}", today=timezone.localdate(), user_id=found.person_id)
    try:
        with acting(by):
            answer(
                by=by,
                token=token,
                answers=None if nothing else said["answers"],
                language=said.get("language") or found.language,
                sitting=said.get("sitting") or uuid4(),
            )
    except BadInput as refusal:
        for name, sentences in refusal.problems.items():
            for sentence in sentences:
                form.add_error(name if name in form.fields else None, str(sentence))
        return False
    return True


def _is_second_click(request: HttpRequest, token: str) -> bool:
    try:
        return was_answered(token, UUID(request.POST.get("sitting", "")))
    except ValueError:
        return False


def _shown(request: HttpRequest, found: Contribution, form: SectionForm | None) -> HttpResponse:
    with translation.override(_language(request, found)):
        others = [(code, name) for code, name in Language.choices if code != translation.get_language()]
        context = {"asked": found, "form": form, "school": found.school.name if found.school else "", "others": others, "nothing": NOTHING}
        return render(request, "peps/asked.html", context)


def _language(request: HttpRequest, found: Contribution) -> str:
    """That of the e-mail, or the one that the page's own link chose."""
    chosen = request.GET.get("language", "")
    return chosen if chosen in Language.values else found.language


def _kept_to_itself(response: HttpResponse) -> HttpResponse:
    """The address is a secret: no cache keeps the answer, and no other page is told where somebody came from."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
