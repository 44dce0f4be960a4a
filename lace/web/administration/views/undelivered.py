"""E-mails that did not reach their person: to whom, what kind, since when; and the button that tries again. No child stands here."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from lace.notifications.models import Undelivered
from lace.notifications.services import try_again
from lace.notifications.undelivered import in_words, undelivered_of
from lace.web.administration.forms import SureForm
from lace.web.administration.views.people import Administration
from lace.web.pages import FormPage, new_token

PER_PAGE = 25


class UndeliveredPage(Administration):
    """What the provider refused, gave back, or was tried too often."""

    tab = "undelivered"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = Paginator(undelivered_of(self.actor).select_related("recipient"), PER_PAGE).get_page(request.GET.get("page"))
        found = [{"row": row, "what": in_words(row.kind)} for row in page]
        return render(request, "accounts/undelivered.html", {"page": page, "found": found, "form_token": new_token(request), **self.tabs()})


class TryAgainPage(Administration, FormPage):
    """One button of the list; it has no page of its own."""

    form_class = SureForm
    tab = "undelivered"
    http_method_names = ["post", "options"]
    success_message = gettext_lazy("The message is on its way again")

    row: Undelivered

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = undelivered_of(self.actor).filter(pk=kwargs["undelivered"]).first()
        if found is None:
            raise Http404
        self.row = found

    def act(self, cleaned: dict[str, Any]) -> Undelivered:
        return try_again(by=self.actor, undelivered=self.row)

    def success_url(self, result: Any) -> str:
        return reverse("undelivered")
