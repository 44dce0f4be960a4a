"""A record shared by hand: with whom, which parts, for what, until when; changed, ended, and consent withdrawn (PRIV-04, PRIV-10, PRIV-11)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import BY_CONSENT, TIME_LIMITED, Facet, Permission, Relation, Role
from lace.accounts.models import LocalAuthority, Organisation
from lace.children.models import ChildGroupGrant, ChildUserGrant
from lace.children.rules import LegalBasis
from lace.children.services.sharing import (
    ShareFacts,
    agree_support,
    change_end,
    let_in,
    mark_address,
    name_person,
    shares_of,
    withdraw_consent,
)
from lace.children.shares import BODIES, HANDOVER, IN_SCHOOL, KIND_OF_BODY, PEOPLE, WITHOUT_AGREEMENT, facets_of
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from lace.web.pages import ChildFormPage, ChildPage
from reporting.views.access_words import FACET_WORDS, SAYS_MORE, SHARE_WORDS, WHY, facet_words

Grant = ChildUserGrant | ChildGroupGrant
_IMPLIED = {wider: facet for facet, wider in SAYS_MORE.items()}
GROUPS = (
    (_("The child and the family"), (Relation.CHILD, Relation.PARENT, Relation.ADOPTIVE_PARENT, Relation.GUARDIAN)),
    (_("School"), (*IN_SCHOOL, Relation.WELFARE_OFFICER)),
    (_("For the child, from outside"), (Relation.ADVOCATE, Relation.INDEPENDENT_VISITOR, Relation.SPECIALIST)),
    (
        _("Leaving care and beyond school"),
        (
            *(Relation.PERSONAL_ADVISER, Relation.LEAD_WORKER, Relation.PROGRESSION_COORDINATOR, Relation.CAREERS_ADVISER),
            *(Relation.YOUTH_OFFENDING_WORKER, Relation.STUDENT_SUPPORT),
        ),
    ),
    (_("Authorities and other bodies"), (Relation.GUEST, Relation.COUNTERPART, Relation.HOME, Relation.LEAVING_CARE, Relation.PROVIDER)),
)


def offered(page: ChildPage) -> tuple[Relation, ...]:
    """The relations in which this reader may share the record."""
    held = page.grant.permissions
    if Permission.SHARE_RECORD in held:
        if page.child.sealed_on is not None and page.child.sealed_on <= page.actor.today:
            return (Relation.ADOPTIVE_PARENT,)
        return tuple(relation for relation in (*PEOPLE, *BODIES) if relation != Relation.CHILD or page.actor.authorities)
    return IN_SCHOOL if Permission.SHARE_IN_SCHOOL in held else ()


def share_context(page: ChildPage) -> dict[str, Any]:
    """What the "Who can see" tab says and offers of shares, to those who may share or withdraw consent."""
    ways, held = offered(page), page.grant.permissions
    may_consent = Permission.CONSENT in held
    rows = [row for row in shares_of(by=page.actor, child=page.child) if _relation(row) in ways or (may_consent and rests_on_consent(row))]
    closed = page.child.sealed_on is not None and page.child.sealed_on <= page.actor.today
    return {
        "may_share": bool(ways),
        "shares": [_shown(page, row, ways=ways, may_consent=may_consent) for row in rows] if ways or may_consent else [],
        "may_hand_over": Permission.HAND_OVER in held and not closed,
        "may_mark_address": Permission.RECORD_CARE in held,
        "may_agree_support": closed and Permission.SHARE_RECORD in held,
    }


def _relation(row: Grant) -> Relation:
    return Relation(row.permission.codename)


def rests_on_consent(row: Grant) -> bool:
    return _relation(row) in BY_CONSENT or row.legal_basis == LegalBasis.CONSENT


def _shown(page: ChildPage, row: Grant, *, ways: tuple[Relation, ...], may_consent: bool) -> dict[str, Any]:
    relation, for_handover = _relation(row), row.purpose.startswith(HANDOVER)
    facets = facets_of(relation) if row.facets is None else facets_of(relation) & frozenset(map(Facet, row.facets))
    facts: list[tuple[Any, Any]] = [
        (_("Why"), gettext("A hand-over of the record is waiting for an answer.") if for_handover else WHY[relation]),
        (_("Purpose"), "" if for_handover else row.purpose),
        (_("Legal basis"), row.get_legal_basis_display()),
        (_("Consent given on"), _day(row.consented_on)),
        (_("Data-sharing agreement"), row.agreement),
        (_("From"), _day(row.starts_on)),
        (_("Until"), _day(row.ends_on) or pgettext("share", "No end is set")),
        (_("Shared by"), row.given_by.name if row.given_by else ""),
    ]
    keys = [page.child.pk, "person" if isinstance(row, ChildUserGrant) else "body", row.pk]
    by_hand = relation in ways and not for_handover and (relation != Relation.HOME or row.given_by_id is not None)
    acts = [{"text": _("Change the end"), "href": reverse("child_share_end", args=keys)}] if by_hand else []
    if may_consent and rests_on_consent(row):
        acts.append({"text": _("Withdraw consent"), "href": reverse("child_share_withdraw", args=keys)})
    return {
        "title": f"{_name(row)}, {SHARE_WORDS[relation]}",
        "facts": [{"key": key, "value": value} for key, value in facts if value],
        "parts": facet_words(facets),
        "acts": acts,
    }


def _name(row: Grant) -> str:
    if isinstance(row, ChildUserGrant):
        return row.user.name
    owner = getattr(row.group, "organisation", None) or getattr(row.group, "authority", None)
    return owner.name if owner else ""


def _day(day: date | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else ""


class SharePage(ChildPage):
    """With whom may the record be shared?"""

    facets = frozenset({Facet.IDENTITY})

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.ways = offered(self)
        if not self.ways:
            raise NotAllowed

    def get(self, request: HttpRequest, child: Any) -> HttpResponse:
        groups = [
            {
                "title": title,
                "ways": [
                    {"text": SHARE_WORDS[relation], "href": reverse("child_share_with", args=[child, relation]), "why": WHY[relation]}
                    for relation in relations
                    if relation in self.ways
                ],
            }
            for title, relations in GROUPS
        ]
        back = reverse("child_access", args=[child])
        context = {**child_frame(self, "child_access"), "title": _("Share the record"), "back_url": back}
        return render(request, "reporting/sharing.html", context | {"groups": [group for group in groups if group["ways"]]})


class ShareForm(forms.Form):
    """Who, which parts, for what, until when. `bodies` are those to choose from; none: a person is named by e-mail address."""

    mark_optional = False  # the day of consent is optional only where it is not asked for

    email = forms.EmailField(
        label=_("E-mail address of the person"),
        help_text=_("Exactly as they sign in to Lace with it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the person's e-mail address")},
    )
    body = forms.TypedChoiceField(
        label=_("Which one?"), coerce=int, error_messages={"required": _("Choose one of the list"), "invalid_choice": _("Choose one of the list")}
    )
    facets = MultipleChoiceField(
        label=_("Which parts of the record?"),
        help_text=_("All that this role may read is chosen. Leave out what is not needed for the purpose."),
        error_messages={"required": _("Choose at least one part of the record")},
    )
    purpose = forms.CharField(
        label=_("What do they need it for?"),
        help_text=_("For an independent visitor: why one was appointed."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what they need the record for")},
    )
    legal_basis = ChoiceField(
        label=_("Legal basis"),
        choices=LegalBasis.choices,
        reveals={LegalBasis.CONSENT: "consented_on"},
        error_messages={"required": _("Choose the legal basis")},
    )
    consented_on = DateField(label=_("When was consent given?"), required=False)
    agreement = forms.CharField(
        label=_("Data-sharing agreement"),
        help_text=_("Its name or number."),
        max_length=200,
        error_messages={"required": _("Name the data-sharing agreement under which the record is shared")},
    )
    starts_on = DateField(label=_("From which day?"), error_messages={"required": _("Enter the first day")})
    ends_on = DateField(
        label=_("Until which day?"),
        help_text=_("On this day they can no longer see the record."),
        error_messages={"required": _("Give the day on which this ends: it may not stay open")},
    )

    def __init__(self, *args: Any, relation: Relation, bodies: list[tuple[int, str]] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["body" if bodies is None else "email"]
        fields: dict[str, Any] = self.fields
        if bodies is not None:
            fields["body"].choices = [("", _("Choose")), *bodies]
        given = facets_of(relation)
        fields["facets"].choices = [(str(facet), FACET_WORDS[facet]) for facet in Facet if facet in given and SAYS_MORE.get(facet) not in given]
        if relation in BY_CONSENT:
            fields["legal_basis"].choices = [(LegalBasis.CONSENT, LegalBasis.CONSENT.label)]
            fields["legal_basis"].help_text = _("This is shared by consent only.")
        if relation in WITHOUT_AGREEMENT:
            fields["agreement"].required = False
            fields["agreement"].help_text = _("Its name or number, where there is one.")
        if relation not in TIME_LIMITED:
            fields["ends_on"].required = False
            fields["ends_on"].help_text = _("On this day they can no longer see the record. Leave it empty where no end is known.")
        if relation != Relation.INDEPENDENT_VISITOR:
            fields["purpose"].help_text = ""

    def clean_facets(self) -> frozenset[Facet]:
        chosen = {Facet(facet) for facet in self.cleaned_data["facets"]}
        return frozenset(chosen | {_IMPLIED[facet] for facet in chosen & _IMPLIED.keys()})


class UnderAccess(ChildFormPage):
    """A form below the "Who can see" tab."""

    template_name = "reporting/notes_form.html"
    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.IDENTITY})
    submit_text: ClassVar[str | Promise] = _("Save")
    intro: str | Promise = ""

    def context(self) -> dict[str, Any]:
        back = reverse("child_access", args=[self.child.pk])
        return {
            **child_frame(self, "child_access"),
            "title": self.title,
            "intro": self.intro,
            "submit_text": self.submit_text,
            "back_url": back,
            "cancel_url": back,
        }

    def success_url(self, result: Any) -> str:
        return reverse("child_access", args=[self.child.pk])


class ShareWithPage(UnderAccess):
    """Share in one relation."""

    success_message = _("The record is shared")
    submit_text = _("Share the record")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not offered(self):
            raise NotAllowed
        if kwargs["relation"] not in offered(self):
            raise Http404
        self.relation = Relation(kwargs["relation"])

    def context(self) -> dict[str, Any]:
        return super().context() | {"title": SHARE_WORDS[self.relation], "intro": WHY[self.relation]}

    def bodies(self) -> list[tuple[int, str]] | None:
        if self.relation not in BODIES:
            return None
        if self.relation == Relation.GUEST:
            found: list[Any] = list(LocalAuthority.objects.exclude(pk=self.child.authority_id))
        else:
            found = list(Organisation.objects.filter(kind=KIND_OF_BODY[self.relation]))
        return sorted(((body.pk, body.name) for body in found), key=lambda pair: pair[1])

    def get_form(self, data: Any = None) -> ShareForm:
        return ShareForm(data, initial=self.initial(), relation=self.relation, bodies=self.bodies())

    def initial(self) -> dict[str, Any]:
        given = facets_of(self.relation)
        only = {"legal_basis": LegalBasis.CONSENT} if self.relation in BY_CONSENT else {}
        return {"starts_on": self.actor.today, "facets": [str(facet) for facet in given], **only}

    def act(self, cleaned: dict[str, Any]) -> object:
        names = ("facets", "purpose", "legal_basis", "starts_on", "ends_on", "agreement", "consented_on")
        facts = ShareFacts(**{name: cleaned[name] for name in names})
        if self.relation not in BODIES:
            return name_person(by=self.actor, child=self.child, relation=self.relation, email=cleaned["email"], facts=facts)
        model: Any = LocalAuthority if self.relation == Relation.GUEST else Organisation
        return let_in(by=self.actor, child=self.child, relation=self.relation, body=model.objects.get(pk=cleaned["body"]), facts=facts)


class OfShare(UnderAccess):
    """A page about one share, which the reader may end or may take consent from."""

    share: Grant

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        model: Any = ChildUserGrant if kwargs["kind"] == "person" else ChildGroupGrant
        codes = PEOPLE if kwargs["kind"] == "person" else BODIES
        found = model.objects.filter(content_object=self.child, pk=kwargs["share"], permission__codename__in=codes).select_related("permission")
        share = found.first()
        if share is None:
            raise Http404
        share.content_object = self.child
        self.share = share
        self.check()
        self.intro = f"{_name(self.share)}, {SHARE_WORDS[_relation(self.share)]}"

    def check(self) -> None:
        raise NotImplementedError


class EndForm(forms.Form):
    ends_on = DateField(
        label=_("Until which day?"),
        help_text=_("On this day they can no longer see the record: today ends it at once. Leave it empty where no end is needed."),
        required=False,
    )


class EndPage(OfShare):
    """End a share, or let it last longer."""

    form_class = EndForm
    title = _("Change the end of a share")
    success_message = _("The end is recorded")

    def check(self) -> None:
        if _relation(self.share) not in offered(self):
            raise NotAllowed

    def initial(self) -> dict[str, Any]:
        return {"ends_on": self.share.ends_on}

    def act(self, cleaned: dict[str, Any]) -> object:
        return change_end(by=self.actor, grant=self.share, ends_on=cleaned["ends_on"])  # type: ignore[type-var]  # one of the two tables


class SureForm(forms.Form):
    """Asks nothing: the act is the answer."""


class WithdrawPage(OfShare):
    """Consent is withdrawn: what rested on it ends today."""

    form_class = SureForm
    title = _("Withdraw consent")
    submit_text = _("Withdraw consent")
    success_message = _("Consent is withdrawn. They can no longer see the record")

    def check(self) -> None:
        if Permission.CONSENT not in self.grant.permissions:
            raise NotAllowed
        if not rests_on_consent(self.share):
            raise Http404

    def act(self, cleaned: dict[str, Any]) -> object:
        return withdraw_consent(by=self.actor, grant=self.share)  # type: ignore[type-var]  # one of the two tables


class AddressForm(forms.Form):
    sensitive = ChoiceField(
        label=_("May the address be shown in Lace?"),
        choices=[("no", pgettext_lazy("show the address", "To those whose work needs it")), ("yes", pgettext_lazy("show the address", "To nobody"))],
        error_messages={"required": _("Say whether the address may be shown")},
    )


class AddressPage(UnderAccess):
    """ "The address must not be shown", set and lifted; it beats every relation (goals A1)."""

    form_class = AddressForm
    title = _("Address of the placement")
    success_message = _("Recorded")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Permission.RECORD_CARE not in self.grant.permissions:
            raise NotAllowed

    def initial(self) -> dict[str, Any]:
        return {"sensitive": "yes" if self.child.address_is_sensitive else "no"}

    def act(self, cleaned: dict[str, Any]) -> None:
        mark_address(by=self.actor, child=self.child, sensitive=cleaned["sensitive"] == "yes")


class SupportForm(forms.Form):
    agreed = ChoiceField(
        label=_("Did the adoptive family ask for support in education?"),
        choices=[("yes", pgettext_lazy("support", "Yes")), ("no", pgettext_lazy("support", "No, or no longer"))],
        error_messages={"required": _("Say whether the family asked for support")},
    )


class SupportPage(UnderAccess):
    """What an adoptive family asked for opens the education part of the closed record, and no more (PRIV-20)."""

    form_class = SupportForm
    title = _("Support after adoption")
    intro = _("With “Yes” the education part opens to LACE coordinators, and you can name an adoptive parent. With “No” it closes today.")
    success_message = _("Recorded")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if self.actor.role != Role.LACE_COORDINATOR or Permission.SHARE_RECORD not in self.grant.permissions:
            raise NotAllowed
        if self.child.sealed_on is None:
            raise Http404

    def initial(self) -> dict[str, Any]:
        return {"agreed": "yes" if self.child.support_agreed else "no"}

    def act(self, cleaned: dict[str, Any]) -> None:
        agree_support(by=self.actor, child=self.child, agreed=cleaned["agreed"] == "yes")


_SHARE = "children/<uuid:child>/access/"
sharing_urls: list[URLPattern] = [
    path(f"{_SHARE}share/", SharePage.as_view(), name="child_share"),
    path(f"{_SHARE}share/<slug:relation>/", ShareWithPage.as_view(), name="child_share_with"),
    path(f"{_SHARE}<slug:kind>/<int:share>/end/", EndPage.as_view(), name="child_share_end"),
    path(f"{_SHARE}<slug:kind>/<int:share>/withdraw/", WithdrawPage.as_view(), name="child_share_withdraw"),
    path(f"{_SHARE}address/", AddressPage.as_view(), name="child_address"),
    path(f"{_SHARE}support/", SupportPage.as_view(), name="child_support"),
]
