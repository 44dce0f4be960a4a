"""People of an authority and their roles, for its administrator: find, invite, give, end, suspend (LA-01, PRIV-17)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lace.accounts import people, services
from lace.accounts.access import Permission, Role, require
from lace.accounts.forms import describe
from lace.accounts.models import Membership, MembershipQuerySet, Organisation, User
from lace.accounts.role_groups import ROLE_GROUPS
from lace.accounts.rules import PLACES
from lace.core.actor import Actor
from lace.notifications.undelivered import undelivered_of
from lace.web.administration.forms import EndRoleForm, FindForm, NameForm, RoleDaysForm, SureForm
from lace.web.administration.words import GIVEN_BY_HAND, about_role
from lace.web.pages import FormPage, Page, new_token

PER_PAGE = 50


class Administration(Page):
    """A page for the authority's administrator, and nobody else. `tab` is the route of the open tab."""

    tab: ClassVar[str] = "people"

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.ADMINISTER)

    def tabs(self) -> dict[str, Any]:
        return administration_tabs(self.actor, self.tab)


def administration_tabs(actor: Actor, open_tab: str) -> dict[str, Any]:
    """The tabs over every page of the administrator; `open_tab` is the route of the open one."""
    waiting = undelivered_of(actor).count()
    tabs = [
        *(("people", _("People")), ("invitations", _("Invitations")), ("access_review", _("Access review"))),
        ("undelivered", _("Undelivered messages (%(number)d)") % {"number": waiting} if waiting else _("Undelivered messages")),
        ("calendars", _("Calendars")),
        ("deadlines", _("Deadlines")),
        ("quality_standard", _("Quality of plans")),
        ("combined_plan", _("Additional learning needs")),
    ]
    return {"tabs": [{"text": text, "href": reverse(route), "active": route == open_tab} for route, text in tabs]}


def day(value: date | None) -> str:
    return date_format(value, "DATE_FORMAT") if value else ""


def bodies_of(authority_id: int | None) -> list[Organisation]:
    """Schools and homes of the authority, by the name in the reader's language."""
    return sorted(Organisation.objects.filter(authority=authority_id or 0), key=lambda body: body.name)


class StartPage(Administration):
    """The place "Administration" opens at its first tab."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("people")


class PeoplePage(Administration):
    """Everybody who holds or held a role; found by name, role, school and state."""

    def get(self, request: HttpRequest) -> HttpResponse:
        bodies = [(body.pk, body.name) for body in bodies_of(self.actor.authority_id)]
        form = FindForm(request.GET, roles=Role.choices, bodies=bodies)
        asked = form.cleaned_data if form.is_valid() else {}
        roles = self.roles(asked)
        found = User.objects.filter(pk__in=roles.values("user")).order_by("name", "pk")
        for word in asked.get("q", "").split():
            found = found.filter(Q(name__icontains=word) | Q(email__icontains=word))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        held: dict[int, list[Membership]] = defaultdict(list)
        for membership in roles.filter(user__in=[person.pk for person in page]).select_related("authority", "organisation").order_by("role", "pk"):
            held[membership.user_id].append(membership)
        used = people.last_used([membership.pk for rows in held.values() for membership in rows])
        context = {
            "find": form,
            "narrowed": any(asked.values()) or not form.is_valid(),
            "page": page,
            "number": ngettext("%(count)s person", "%(count)s people", page.paginator.count) % {"count": page.paginator.count},
            "columns": [_("Name"), _("E-mail address"), _("Roles"), _("Last used")],
            "rows": [self.row(person, held[person.pk], used) for person in page],
            **self.tabs(),
        }
        return render(request, "accounts/people.html", context)

    def roles(self, asked: dict[str, Any]) -> MembershipQuerySet:
        rows = people.roles_of(self.actor)
        today = self.actor.today
        match asked.get("state"):
            case "ended":
                rows = rows.filter(ends_on__lte=today)
            case "ending":
                rows = rows.filter(ends_on__gt=today)
            case "unused":
                rows = people.never_used(rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today)))
            case _:
                rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today))
        if asked.get("role"):
            rows = rows.filter(role=asked["role"])
        if asked.get("body"):
            rows = rows.filter(organisation=asked["body"])
        return rows

    def row(self, person: User, held: list[Membership], used: dict[int, Any]) -> list[Any]:
        last = max((used[membership.pk] for membership in held if membership.pk in used), default=None)
        return [
            {"text": person.name, "href": reverse("person", args=[person.pk])},
            person.email,
            format_html_join("", "<div>{}</div>", ((in_words(membership, self.actor.today),) for membership in held)),
            day(timezone.localdate(last)) if last else {"text": _("Never"), "tag": "none"},
        ]


def in_words(membership: Membership, today: date) -> str:
    """The role, where it is held, and what its days add: nothing for one that is simply open."""
    role = describe(membership)
    if membership.ends_on is not None and membership.ends_on <= today:
        return _("%(role)s (ended %(day)s)") % {"role": role, "day": day(membership.ends_on)}
    if membership.starts_on > today:
        return _("%(role)s (from %(day)s)") % {"role": role, "day": day(membership.starts_on)}
    if membership.ends_on is not None:
        return _("%(role)s (until %(day)s)") % {"role": role, "day": day(membership.ends_on)}
    return role


class OfPerson(Administration):
    """A page about one person who holds or held a role in the authority."""

    person: User

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        try:
            self.person = people.find_person(self.actor, kwargs["person"])
        except User.DoesNotExist:
            raise Http404 from None

    def url(self) -> str:
        return reverse("person", args=[self.person.pk])

    def is_self(self) -> bool:
        return self.person.pk == self.actor.user_id


class PersonPage(OfPerson):
    """A person's roles with their days, and where they are signed in."""

    def get(self, request: HttpRequest, person: int) -> HttpResponse:
        roles = list(people.roles_of(self.actor).filter(user=self.person).select_related("authority", "organisation"))
        used = people.last_used([membership.pk for membership in roles])
        today = self.actor.today
        over = [membership for membership in roles if membership.ends_on is not None and membership.ends_on <= today]
        now = [membership for membership in roles if membership not in over]
        context = {
            "person": self.person,
            "is_self": self.is_self(),
            "now": [{"row": membership, "last": used.get(membership.pk), **about_role(Role(membership.role))} for membership in now],
            "before_columns": [_("Role"), _("First day"), _("Ended"), _("Last used")],
            "before": [
                [describe(row), day(row.starts_on), day(row.ends_on), day(timezone.localdate(used[row.pk])) if row.pk in used else _("Never")]
                for row in sorted(over, key=lambda row: (row.ends_on or today, row.pk), reverse=True)
            ],
            "sessions": people.sessions_of(self.person) if now else [],
            "form_token": new_token(request),
            **self.tabs(),
        }
        return render(request, "accounts/person.html", context)


class OfPersonForm(OfPerson, FormPage):
    def context(self) -> dict[str, Any]:
        return {"caption": self.person.name, "back_url": self.url(), "cancel_url": self.url()}

    def success_url(self, result: Any) -> str:
        return self.url()


class RoleForm(FormPage):
    """A form about giving one role: `role` is what the address says."""

    role: Role

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if kwargs["role"] not in GIVEN_BY_HAND:
            raise Http404
        self.role = Role(kwargs["role"])

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        kinds = PLACES.get(self.role, ())
        bodies = [body for body in bodies_of(self.actor.authority_id) if body.kind in kinds] if kinds else None
        return self.form_class(data, initial=self.initial(), bodies=bodies)  # type: ignore[call-arg]  # our forms of this page take it

    def context(self) -> dict[str, Any]:
        return super().context() | {"about": about_role(self.role)}

    def place(self, cleaned: dict[str, Any]) -> Organisation | None:
        chosen = cleaned.get("organisation")
        return Organisation.objects.get(pk=chosen) if chosen else None


class ChooseRolePage(OfPerson):
    """Which role to give: all of them, in groups, each with what it may see."""

    def get(self, request: HttpRequest, person: int) -> HttpResponse:
        context = {
            "title": _("Give a role"),
            "caption": self.person.name,
            "back_url": self.url(),
            "groups": offered(lambda role: reverse("person_role_add", args=[self.person.pk, role])),
        }
        return render(request, "accounts/choose_role.html", context)


def offered(address: Any) -> list[dict[str, Any]]:
    """The roles that an administrator may give, in their groups, each with its address."""
    return [
        {"title": title, "roles": [{"href": address(role), **about_role(role)} for role in roles if role in GIVEN_BY_HAND]}
        for title, roles in ROLE_GROUPS
    ]


class AddRolePage(RoleForm, OfPersonForm):
    form_class = RoleDaysForm
    template_name = "accounts/give_role.html"
    title = gettext_lazy("Give a role")
    success_message = gettext_lazy("The role is given")

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "submit_text": _("Give the role"),
            "back_url": reverse("person_roles", args=[self.person.pk]),
        }

    def act(self, cleaned: dict[str, Any]) -> Membership:
        authority = people.authority_of(self.actor)
        return services.open_membership(
            by=self.actor,
            user=self.person,
            role=self.role,
            authority=authority,
            organisation=self.place(cleaned),
            starts_on=cleaned["starts_on"],
            ends_on=cleaned["ends_on"],
        )


class EndRolePage(OfPersonForm):
    form_class = EndRoleForm
    title = gettext_lazy("End a role")
    success_message = gettext_lazy("The end of the role is saved")

    membership: Membership

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        rows = people.roles_of(self.actor).filter(user=self.person).select_related("authority", "organisation")
        found = rows.filter(pk=kwargs["membership"]).first()
        if found is None:
            raise Http404
        self.membership = found

    def initial(self) -> dict[str, Any]:
        return {"on": self.membership.ends_on or max(self.actor.today, self.membership.starts_on)}

    def context(self) -> dict[str, Any]:
        intro = _("%(role)s. What this person could see under the role, they cannot see from that day on") % {"role": describe(self.membership)}
        return super().context() | {"intro": intro, "submit_text": _("End the role")}

    def act(self, cleaned: dict[str, Any]) -> Membership:
        return services.end_membership(by=self.actor, membership=self.membership, on=cleaned["on"])


class CorrectNamePage(OfPersonForm):
    form_class = NameForm
    title = gettext_lazy("Correct the name")
    success_message = gettext_lazy("The name is saved")

    def initial(self) -> dict[str, Any]:
        return {"name": self.person.name}

    def act(self, cleaned: dict[str, Any]) -> User:
        return services.correct_name(by=self.actor, user=self.person, name=cleaned["name"])


class SuspendPage(OfPersonForm):
    form_class = SureForm
    template_name = "accounts/suspend.html"
    title = gettext_lazy("End all access now")
    success_message = gettext_lazy("All access has ended, and every session with it")

    def act(self, cleaned: dict[str, Any]) -> None:
        services.suspend(by=self.actor, user=self.person)


class EndSessionPage(OfPersonForm):
    """One button of the person's page; it has no page of its own."""

    form_class = SureForm
    http_method_names = ["post", "options"]
    success_message = gettext_lazy("The session is ended")

    def act(self, cleaned: dict[str, Any]) -> None:
        services.end_session(by=self.actor, user=self.person, session_id=self.kwargs["session"])
