"""What the child said, for adults: only what the child lets the reader's role read, and taking down what a child says (VOICE-15, ADV-04)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role
from lace.accounts.models import Language
from lace.children.models import Statement
from lace.children.rules import StatementKind
from lace.children.seen import Seen
from lace.children.services.statements import StatementFacts, take_down
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage
from reporting.forms import TakeDownForm
from reporting.queries.notes import possible_readers, statements
from reporting.views.child import Tab


def language_in_use() -> str:
    """The language in which somebody who reads this page is likely to write."""
    return Language.WELSH if (get_language() or "").startswith("cy") else Language.ENGLISH


class SaidPage(Tab):
    """The statements that the child lets the reader's role read; of others not even that there are any."""

    route, title, template_name = "child_said", _("What the child said"), "reporting/statements.html"
    facets = frozenset({Facet.VOICE})

    def context(self) -> dict[str, Any]:
        said = [self.statement(self.see(row)) for row in statements(self.actor, self.child)]
        add = self.url("child_said_add") if Permission.TAKE_DOWN_STATEMENT in self.grant.permissions else ""
        return {"statements": said, "add": add}

    @staticmethod
    def statement(seen: Seen) -> dict[str, Any]:
        """Who took it down is told by role, never by name: a carer's identity goes with the address."""
        role = Role(seen.taken_down_as)
        return {
            "text": seen.text,
            "lang": str(seen.language)[:2],
            "on": seen.said_on,
            "for_the_child": seen.kind == StatementKind.ADVOCATE,
            "by": "" if role == Role.CHILD else role.label,
        }


class TakeDownPage(ChildFormPage):
    """An adult writes down what the child says, and asks whom the child lets read it."""

    facets = frozenset({Facet.VOICE})
    template_name = "reporting/notes_form.html"
    title = _("Write down what the child says")
    success_message = _("It is kept. Only those whom the child named can read it")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if self.actor.role == Role.CHILD or Permission.TAKE_DOWN_STATEMENT not in self.grant.permissions:
            raise NotAllowed  # children write on a page of their own

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        readers = [(str(role), role.label) for role in possible_readers(self.actor, self.child)]
        return TakeDownForm(data, initial=self.initial(), readers=readers, advocate=self.actor.role == Role.ADVOCATE)

    def initial(self) -> dict[str, Any]:
        return {"kind": StatementKind.OWN, "language": language_in_use(), "said_on": self.actor.today}

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        intro = _("The child decides who may read this, and can change that at any time. Read your words back to the child before you save.")
        return {**child_frame(self, "child_said"), "back_url": back, "cancel_url": back, "intro": intro, "submit_text": _("Keep what the child said")}

    def act(self, cleaned: dict[str, Any]) -> Statement:
        return take_down(by=self.actor, child=self.child, facts=StatementFacts(**cleaned))

    def success_url(self, result: Any) -> str:
        return reverse("child_said", args=[self.child.pk])


CHILD = "children/<uuid:child>/"
statement_urls: list[URLPattern] = [
    path(f"{CHILD}words/", SaidPage.as_view(), name="child_said"),
    path(f"{CHILD}words/add/", TakeDownPage.as_view(), name="child_said_add"),
]
