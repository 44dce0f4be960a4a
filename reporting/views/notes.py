"""What few may read of a child: people to be kept away (PRIV-05), risks and referrals (SCH-20, PRIV-07), disagreements (PRIV-03).

Each is a page of its own, so that every look at it stands in the record of reads under its own facet, and nothing of it elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import Http404
from django.template.defaultfilters import linebreaksbr
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet, Permission
from lace.children.models import Dispute, NoContactPerson, Referral, Risk
from lace.children.services import notes
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage
from reporting.forms import DisputeForm, EndNoContactForm, EndRiskForm, NoContactForm, OutcomeForm, ReferralForm, RiskForm, SettleForm
from reporting.queries import notes as written_down
from reporting.views.child import Tab, written

Row = dict[str, Any]


class Notes(Tab):
    """A page of notes in groups, each a list of cards with what may be done about them."""

    template_name = "reporting/notes.html"
    intro: ClassVar[str | Promise]

    def context(self) -> dict[str, Any]:
        return {"intro": self.intro, "groups": self.groups()}

    def groups(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def link(self, permission: Permission, route: str, text: str | Promise, *keys: Any) -> list[dict[str, Any]]:
        """The way to an act, for those who may do it."""
        return [{"href": reverse(route, args=[self.child.pk, *keys]), "text": text}] if permission in self.grant.permissions else []


def card(title: str, rows: Sequence[tuple[Any, Any]], acts: list[dict[str, Any]], *, tag: Any = "", kind: str = "none") -> dict[str, Any]:
    """What notes.html draws of one note; a row without a value is left out, lines stay lines."""
    return {
        "title": title,
        "rows": [{"key": key, "value": linebreaksbr(str(value))} for key, value in rows if value],
        "acts": acts,
        "tag": tag,
        "kind": kind,
    }


class NoContactPage(Notes):
    """Who must be kept away from the child, how far, and what to do if they come."""

    route, title = "child_no_contact", _("People to be kept away")
    facets = frozenset({Facet.NO_CONTACT})
    intro = _("Everyone who opens this page is written down. Tell nobody outside it who stands here.")

    def groups(self) -> list[dict[str, Any]]:
        now: list[Row] = []
        before: list[Row] = []
        for person in written_down.kept_away(self.actor, self.child):
            (before if person.ends_on and person.ends_on <= self.actor.today else now).append(self.card(person))
        add = self.link(Permission.RECORD_NO_CONTACT, "child_no_contact_add", _("Add a person"))
        found = [{"cards": now, "add": add, "empty": _("Nobody has to be kept away from the child.")}]
        return [*found, {"title": _("No longer"), "cards": before}] if before else found

    def card(self, person: NoContactPerson) -> Row:
        seen = self.see(person)
        acts = []
        if person.ends_on is None:
            acts += self.link(Permission.RECORD_NO_CONTACT, "child_no_contact_change", _("Change"), person.pk)
            acts += self.link(Permission.RECORD_NO_CONTACT, "child_no_contact_end", _("Record the end"), person.pk)
        rows = [
            (_("What is allowed"), seen.get_limit_display()),
            (_("Relationship to the child"), seen.relationship),
            (_("What to do if they come"), seen.detail),
            (pgettext_lazy("day", "From"), written(seen.starts_on)),
            (pgettext_lazy("day", "Until"), seen.ends_on and written(seen.ends_on)),
            (_("Recorded by"), seen.recorded_by.name),
        ]
        return card(seen.name, rows, acts)


class SafetyPage(Notes):
    """Risks, for the child-protection lead and social care; the log of referrals, shared with the designated person."""

    route, title = "child_safety", pgettext_lazy("of a child", "Safety")
    facets = frozenset({Facet.SAFEGUARDING, Facet.REFERRALS})
    intro = _("What stands here is no part of the plan, and nobody else in the school can read it.")

    def groups(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if self.holds(Facet.SAFEGUARDING):
            cards = [self.risk(row) for row in written_down.risks(self.actor, self.child)]
            add = self.link(Permission.RECORD_RISK, "child_risk_add", _("Record a risk"))
            found.append({"title": _("Risks"), "cards": cards, "add": add, "empty": _("No risk is recorded.")})
        if self.holds(Facet.REFERRALS):
            cards = [self.referral(row) for row in written_down.referrals(self.actor, self.child)]
            add = self.link(Permission.RECORD_REFERRAL, "child_referral_add", _("Record a referral"))
            found.append({"title": _("Referrals"), "cards": cards, "add": add, "empty": _("No referral is recorded.")})
        return found

    def risk(self, row: Risk) -> Row:
        seen = self.see(row)
        acts = [] if seen.ended_on else self.link(Permission.RECORD_RISK, "child_risk_end", _("Record the end"), row.pk)
        rows = [
            (pgettext_lazy("risk", "What"), seen.text),
            (_("Noted by"), seen.noted_by.name),
            (_("No longer a risk since"), seen.ended_on and written(seen.ended_on)),
        ]
        state = (pgettext_lazy("risk", "Over"), "none") if seen.ended_on else (pgettext_lazy("risk", "Present"), "warning")
        return card(written(seen.noted_on), rows, acts, tag=state[0], kind=state[1])

    def referral(self, row: Referral) -> Row:
        seen = self.see(row)
        acts = [] if seen.outcome_on else self.link(Permission.RECORD_REFERRAL, "child_referral_outcome", _("Record the outcome"), row.pk)
        rows = [
            (pgettext_lazy("referral", "Made to"), seen.made_to),
            (pgettext_lazy("referral", "About"), seen.about),
            (pgettext_lazy("referral", "Made by"), seen.made_by.name),
            (pgettext_lazy("referral", "Outcome"), seen.outcome),
            (pgettext_lazy("referral", "Outcome on"), seen.outcome_on and written(seen.outcome_on)),
        ]
        state = (pgettext_lazy("referral", "Answered"), "done") if seen.outcome_on else (pgettext_lazy("referral", "Waiting"), "doing")
        return card(written(seen.made_on), rows, acts, tag=state[0], kind=state[1])


class DisputesPage(Notes):
    """Disagreements between authorities or services, kept from the child, the carers, the family and the school."""

    route, title = "child_disputes", _("Disagreements")
    facets = frozenset({Facet.DISPUTES})
    intro = _(
        "Over money or responsibility, between authorities or services. The child, the carers, the family and the school do not see this page. "
        "Keep it out of meetings that they come to, and out of their agendas and minutes."
    )

    def groups(self) -> list[dict[str, Any]]:
        cards = [self.dispute(row) for row in written_down.disputes(self.actor, self.child)]
        add = self.link(Permission.RECORD_DISPUTE, "child_dispute_add", _("Record a disagreement"))
        return [{"cards": cards, "add": add, "empty": _("No disagreement is recorded.")}]

    def dispute(self, row: Dispute) -> Row:
        seen = self.see(row)
        acts = [] if seen.closed_on else self.link(Permission.RECORD_DISPUTE, "child_dispute_settle", _("Record how it was settled"), row.pk)
        rows = [
            (_("Who disagrees, over what"), seen.text),
            (_("Since"), written(seen.opened_on)),
            (_("Recorded by"), seen.opened_by.name),
            (_("How it was settled"), seen.outcome),
            (_("Settled on"), seen.closed_on and written(seen.closed_on)),
        ]
        state = (pgettext_lazy("disagreement", "Settled"), "done") if seen.closed_on else (pgettext_lazy("disagreement", "Open"), "doing")
        return card(seen.get_about_display(), rows, acts, tag=state[0], kind=state[1])


# ---- the acts ----------------------------------------------------------------------------------


class NoteForm(ChildFormPage):
    """A form below a page of notes; `day` is the field that begins with today."""

    tab: ClassVar[str]
    permission: ClassVar[Permission]
    template_name = "reporting/notes_form.html"
    day: ClassVar[str] = ""
    intro: ClassVar[str | Promise] = ""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.find(**kwargs)
        if self.permission not in self.grant.permissions:
            raise NotAllowed

    def find(self, **kwargs: Any) -> None:
        """Fetch the note that the form is about."""

    def row(self, model: type[models.Model], pk: Any) -> Any:
        rows: Any = model._default_manager
        found = rows.visible_to(self.actor).filter(child=self.child, pk=pk).first()
        if found is None:
            raise Http404
        found.child = self.child
        return found

    def initial(self) -> dict[str, Any]:
        return {self.day: self.actor.today} if self.day else {}

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        return {**child_frame(self, self.tab), "back_url": back, "cancel_url": back, "intro": self.intro, "submit_text": _("Save")}

    def success_url(self, result: Any) -> str:
        return reverse(self.tab, args=[self.child.pk])


class NoteOutcomeForm(NoteForm):
    """A form about a note that stands, which the address names as its model; `about` is the field shown above the form."""

    model: ClassVar[type[models.Model]]
    about: ClassVar[str] = "text"
    note: Any

    def find(self, **kwargs: Any) -> None:
        self.note = self.row(self.model, kwargs[str(self.model._meta.model_name)])

    def context(self) -> dict[str, Any]:
        return super().context() | {"intro": getattr(self.note, self.about)}


class KeepAwayPage(NoteForm):
    facets = frozenset({Facet.NO_CONTACT})
    permission, tab = Permission.RECORD_NO_CONTACT, "child_no_contact"
    form_class: ClassVar[type[forms.Form]] = NoContactForm
    day = "starts_on"
    title = _("Record a person to be kept away")
    success_message = _("The person is recorded. Those who must know see a warning when they open the child's record")

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.keep_away(by=self.actor, child=self.child, facts=notes.NoContactFacts(**cleaned))


class ChangeNoContactPage(KeepAwayPage):
    title = _("Change what is recorded of a person to be kept away")
    success_message = _("The change is saved")
    person: NoContactPerson

    def find(self, **kwargs: Any) -> None:
        self.person = self.row(NoContactPerson, kwargs["person"])

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.person, name) for name in NoContactForm.base_fields}

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.change_no_contact(by=self.actor, person=self.person, facts=notes.NoContactFacts(**cleaned))


class EndNoContactPage(ChangeNoContactPage):
    form_class = EndNoContactForm
    title = _("End the keeping away of a person")
    success_message = _("The end is recorded")

    def initial(self) -> dict[str, Any]:
        return {"ended_on": self.actor.today}

    def context(self) -> dict[str, Any]:
        return super().context() | {"intro": self.person.name}

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.end_no_contact(by=self.actor, person=self.person, on=cleaned["ended_on"])


class AddRiskPage(NoteForm):
    facets = frozenset({Facet.SAFEGUARDING})
    permission, tab = Permission.RECORD_RISK, "child_safety"
    form_class = RiskForm
    day = "noted_on"
    title = _("Record a risk")
    success_message = _("The risk is recorded")

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.note_risk(by=self.actor, child=self.child, **cleaned)


class EndRiskPage(NoteOutcomeForm):
    facets = frozenset({Facet.SAFEGUARDING})
    permission, tab = Permission.RECORD_RISK, "child_safety"
    form_class = EndRiskForm
    day = "ended_on"
    title = _("Record that it is no longer a risk")
    success_message = _("The end is recorded")
    model = Risk

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.end_risk(by=self.actor, risk=self.note, on=cleaned["ended_on"])


class AddReferralPage(NoteForm):
    facets = frozenset({Facet.REFERRALS})
    permission, tab = Permission.RECORD_REFERRAL, "child_safety"
    form_class = ReferralForm
    day = "made_on"
    title = _("Record a referral")
    intro = _("The child-protection lead, the designated person and social care read this log. It is no part of the plan.")
    success_message = _("The referral is recorded")

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.log_referral(by=self.actor, child=self.child, **cleaned)


class OutcomePage(NoteOutcomeForm):
    facets = frozenset({Facet.REFERRALS})
    permission, tab = Permission.RECORD_REFERRAL, "child_safety"
    form_class = OutcomeForm
    day = "outcome_on"
    title = _("Record the outcome of a referral")
    success_message = _("The outcome is recorded")
    model, about = Referral, "about"

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.record_outcome(by=self.actor, referral=self.note, outcome=cleaned["outcome"], on=cleaned["outcome_on"])


class AddDisputePage(NoteForm):
    facets = frozenset({Facet.DISPUTES})
    permission, tab = Permission.RECORD_DISPUTE, "child_disputes"
    form_class = DisputeForm
    day = "opened_on"
    title = _("Record a disagreement")
    success_message = _("The disagreement is recorded")

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.open_dispute(by=self.actor, child=self.child, **cleaned)


class SettlePage(NoteOutcomeForm):
    facets = frozenset({Facet.DISPUTES})
    permission, tab = Permission.RECORD_DISPUTE, "child_disputes"
    form_class = SettleForm
    day = "closed_on"
    title = _("Record how the disagreement was settled")
    success_message = _("It is recorded as settled")
    model = Dispute

    def act(self, cleaned: dict[str, Any]) -> object:
        return notes.settle_dispute(by=self.actor, dispute=self.note, outcome=cleaned["outcome"], on=cleaned["closed_on"])


CHILD = "children/<uuid:child>/"
notes_urls: list[URLPattern] = [
    path(f"{CHILD}keep-away/", NoContactPage.as_view(), name="child_no_contact"),
    path(f"{CHILD}keep-away/add/", KeepAwayPage.as_view(), name="child_no_contact_add"),
    path(f"{CHILD}keep-away/<uuid:person>/change/", ChangeNoContactPage.as_view(), name="child_no_contact_change"),
    path(f"{CHILD}keep-away/<uuid:person>/end/", EndNoContactPage.as_view(), name="child_no_contact_end"),
    path(f"{CHILD}safety/", SafetyPage.as_view(), name="child_safety"),
    path(f"{CHILD}safety/risks/add/", AddRiskPage.as_view(), name="child_risk_add"),
    path(f"{CHILD}safety/risks/<uuid:risk>/end/", EndRiskPage.as_view(), name="child_risk_end"),
    path(f"{CHILD}safety/referrals/add/", AddReferralPage.as_view(), name="child_referral_add"),
    path(f"{CHILD}safety/referrals/<uuid:referral>/outcome/", OutcomePage.as_view(), name="child_referral_outcome"),
    path(f"{CHILD}disagreements/", DisputesPage.as_view(), name="child_disputes"),
    path(f"{CHILD}disagreements/add/", AddDisputePage.as_view(), name="child_dispute_add"),
    path(f"{CHILD}disagreements/<uuid:dispute>/settle/", SettlePage.as_view(), name="child_dispute_settle"),
]
