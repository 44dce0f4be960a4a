"""Meeting others with care experience: what was offered to a child, and what the child said (VOICE-14)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage, ChildPage
from peps.forms.peers import PeerOfferForm
from peps.models import PeerOffer
from peps.rules.peers import usual_day
from peps.services.peers import record_offer
from peps.views.content import LANG
from peps.views.frame import language_in_use, written

TITLE = _("Meeting others with care experience")


class PeersPage(ChildPage):
    """The offers, the newest first."""

    facets = frozenset({Facet.VOICE})

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        offers = PeerOffer.objects.visible_to(self.actor).filter(child=self.child).order_by("-offered_on", "-created_at")
        context = {
            **child_frame(self, "child_said"),
            "title": TITLE,
            "back_url": reverse("child_said", args=[self.child.pk]),
            "offers": [self.offer(Seen(row, self.grant)) for row in offers],
            "may_add": Permission.TAKE_DOWN_STATEMENT in self.grant.permissions,
        }
        return render(request, "peps/peers.html", context)

    @staticmethod
    def offer(seen: Seen) -> dict[str, Any]:
        """Who offered it is told by role, never by name: a carer's identity goes with the address."""
        lang = LANG[seen.language]
        rows = [
            {"key": _("Offered"), "value": seen.what, "lang": lang},
            {"key": _("By"), "value": Role(seen.offered_as).label},
            {"key": _("Answer"), "value": seen.get_answer_display()},
            {"key": _("What the child said"), "value": seen.words, "lang": lang},
            {"key": _("Offered again"), "value": written(seen.next_on)},
        ]
        return {"day": written(seen.offered_on), "rows": [row for row in rows if row["value"]]}


class OfferPage(ChildFormPage):
    """Write down an offer."""

    facets = frozenset({Facet.VOICE})
    form_class = PeerOfferForm
    title = _("Write down an offer to meet others")
    success_message = _("The offer is written down")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if self.actor.role == Role.CHILD or Permission.TAKE_DOWN_STATEMENT not in self.grant.permissions:
            raise NotAllowed

    def initial(self) -> dict[str, Any]:
        return {"offered_on": self.actor.today, "next_on": usual_day(self.actor.today), "language": language_in_use()}

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        return {"caption": self.seen.name, "back_url": back, "cancel_url": back, "submit_text": _("Save the offer")}

    def act(self, cleaned: dict[str, Any]) -> PeerOffer:
        return record_offer(by=self.actor, child=self.child, facts=cleaned)

    def success_url(self, result: Any) -> str:
        return reverse("child_peers", args=[self.child.pk])
