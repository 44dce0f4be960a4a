"""The page with a form, once for all: load through visible_to, ask may they, translate, call one service, say what happened.

A double click runs once: every form carries a token, kept with the answer in the transaction of the act. What was typed when
the session had ended is kept on the server and shown again after signing in as the same person.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from lace.accounts.access import Facet, Grant, Role
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child
from lace.children.seen import Seen
from lace.children.services import find_child
from lace.core.actor import Actor
from lace.core.errors import Changed, NotAllowed, Refused
from lace.web.models import UsedToken

TOKEN = "form_token"  # noqa: S105  # a field's name
# Answers with the record in them: a page, a form with its errors, a merge page. A redirect shows nothing; refusals are the middleware's.
SHOWS = frozenset({200, 409, 422})
KEPT_SECONDS = 24 * 3600  # as long as a form's token is good for
_KEPT = "kept_form"  # the session's key for what was typed when the session had ended


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a signed-in request. Raises NotAllowed for an account with no open role."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotAllowed
    return actor


class Page(View):
    """A page for a signed-in person under one of their roles. The child has pages of their own: only what says `for_child` is open to them."""

    actor: Actor
    for_child: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return keep_and_sign_in(request)
        self.actor = actor_of(request)
        self.load(**kwargs)
        if self.actor.role == Role.CHILD and not self.for_child:
            raise NotAllowed
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        return response

    def load(self, **kwargs: Any) -> None:
        """Fetch what the page is about, starting at visible_to. Raises Http404 when the actor may not see it."""


class ChildPage(Page):
    """A page about one child: `child` is the row for services, `seen` what this reader may be shown."""

    child: Child
    grant: Grant
    seen: Seen
    facets: ClassVar[frozenset[Facet]] = frozenset()  # which parts the page shows; none of them held means there is no such page
    on_a_page: ClassVar[bool] = False  # what is answered is seen on another page, like a picture, and not taken away as a file

    def load(self, **kwargs: Any) -> None:
        try:
            self.child, self.grant = find_child(by=self.actor, pk=kwargs["child"])
        except Child.DoesNotExist:
            raise Http404 from None
        if self.facets and not self.facets & self.grant.facets:
            raise Http404
        self.seen = Seen(self.child, self.grant)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            typed = (
                request.method == "POST" and response.status_code == 200 and "HX-Request" in request.headers
            )  # what was typed, saved and said back
            if response.status_code in SHOWS and not typed:
                match = request.resolver_match
                shown = (self.facets or self.grant.facets) & self.grant.facets
                looked = self.on_a_page or response.get("Content-Type", "").startswith("text/html")
                act = Read.Act.READ if looked else Read.Act.EXPORT
                record_read(by=self.actor, children=[self.child.pk], facets=shown, door=(match and match.view_name) or "", act=act)
            return response


class FormActions:
    """GET shows the form, POST calls one service. Mixed into a Page."""

    form_class: ClassVar[type[forms.Form]]
    template_name: ClassVar[str] = "components/form_page.html"
    title: ClassVar[str | Promise] = ""
    success_message: ClassVar[str | Promise] = ""
    request: HttpRequest

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return self.form_class(data, self.request.FILES if data is not None else None, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        return {}

    def context(self) -> dict[str, Any]:
        """More for the template: caption, back_url, submit_text …"""
        return {}

    def act(self, cleaned: dict[str, Any]) -> object:
        """Call the service. Refused becomes the form's errors, Changed the merge page."""
        raise NotImplementedError

    def success_url(self, result: Any) -> str:
        raise NotImplementedError

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """Somebody saved first. The page keeps what was typed; a page that can show both overrides this."""
        form.add_error(None, _("Somebody else saved this while you were writing. What you typed is kept below: check it and save again"))
        return self.show(form, status=409)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        context = {"form": form, "title": self.title, TOKEN: new_token(self.request), **self.context()}
        return render(self.request, self.template_name, context, status=status)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = take_kept(request)
        if kept is None:
            return self.show(self.get_form())
        messages.info(request, _("You were signed out before this was saved. What you typed is kept: check it and save"))
        return self.show(self.get_form(kept))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if not form.is_valid():
            return self.show(form)
        try:
            with transaction.atomic():
                token = claim_token(request)
                if token is not None and token.location:
                    return redirect(token.location)
                result = self.act(form.cleaned_data)
                location = self.success_url(result)
                if token is not None:
                    UsedToken.objects.filter(pk=token.pk).update(location=location)
        except Refused as refusal:
            for name, sentences in refusal.problems.items():
                for sentence in sentences:
                    form.add_error(name if name in form.fields else None, str(sentence))
            return self.show(form)
        except Changed as change:
            return self.changed(form, change.current)
        if self.success_message:
            messages.success(request, str(self.success_message))
        return HttpResponseRedirect(location)


class FormPage(FormActions, Page):
    """A form about no one child."""


class ChildFormPage(FormActions, ChildPage):
    """A form about one child."""


def new_token(request: HttpRequest) -> str:
    """A form's one-time token, which also says whose form it was."""
    return signing.dumps([str(uuid.uuid4()), request.user.pk], salt=TOKEN)


def claim_token(request: HttpRequest) -> UsedToken | None:
    """Claim the form's token. A token used before comes back with where its act led; waits while the first click still runs.

    None for a form without a valid token of this person: it is not protected against a double click, and runs.
    """
    try:
        token, owner = signing.loads(request.POST.get(TOKEN, ""), salt=TOKEN, max_age=24 * 3600)
    except signing.BadSignature:
        return None
    if owner != request.user.pk:
        return None
    claimed, _created = UsedToken.objects.get_or_create(pk=token, defaults={"user_id": owner})
    return claimed


def keep_and_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to signing in; what was posted is kept for the person whose form it was."""
    from django.contrib.auth.views import redirect_to_login

    if request.method == "POST":
        try:
            _token, owner = signing.loads(request.POST.get(TOKEN, ""), salt=TOKEN, max_age=24 * 3600)
            data = request.POST.copy()
            data.pop("csrfmiddlewaretoken", None)
            apart = SessionStore()  # in the database alone: the session itself is in the cache too, where nothing personal may lie
            apart.set_expiry(KEPT_SECONDS)
            apart[_KEPT] = data.urlencode()
            apart.create()
            request.session[_KEPT] = {"owner": owner, "path": request.get_full_path(), "in": apart.session_key}
        except signing.BadSignature:
            pass
    return redirect_to_login(request.get_full_path())


def take_kept(request: HttpRequest) -> QueryDict | None:
    """What this person typed into this page when their session had ended, once."""
    kept = request.session.get(_KEPT)
    if not kept or kept["path"] != request.get_full_path():
        return None
    del request.session[_KEPT]
    typed = SessionStore(kept["in"]).get(_KEPT) if kept["owner"] == request.user.pk else None
    return None if typed is None else QueryDict(typed)
