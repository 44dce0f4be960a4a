"""The termly access review: every open role confirmed or ended, and who was not confirmed by the day."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from lace.accounts import people, services
from lace.accounts.access import Role
from lace.accounts.models import AccessReview, ReviewedRole, ReviewedRoleQuerySet
from lace.accounts.rules import Decision, term_start
from lace.web.administration.forms import DecideForm, NarrowForm, SureForm
from lace.web.administration.views.people import Administration, bodies_of, day
from lace.web.pages import FormPage

PER_PAGE = 50


class CurrentReviewPage(Administration, FormPage):
    """Leads to this term's review; while there is none, offers to begin it."""

    tab = "access_review"
    form_class = SureForm
    template_name = "accounts/review_none.html"
    title = gettext_lazy("Access review")
    success_message = gettext_lazy("The review has begun")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        review = people.reviews_of(self.actor).filter(term_starts_on=term_start(self.actor.today)).first()
        return redirect("access_review_of", access_review=review.pk) if review else super().get(request)

    def context(self) -> dict[str, Any]:
        return {"earlier": people.reviews_of(self.actor).order_by("-term_starts_on"), **self.tabs()}

    def act(self, cleaned: dict[str, Any]) -> AccessReview:
        return services.open_access_review(by=self.actor, authority=people.authority_of(self.actor))

    def success_url(self, result: Any) -> str:
        return reverse("access_review_of", args=[result.pk])


class OneReview(Administration):
    tab = "access_review"
    review: AccessReview

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = people.reviews_of(self.actor).filter(pk=kwargs["access_review"]).first()
        if found is None:
            raise Http404
        self.review = found

    def rows(self) -> ReviewedRoleQuerySet:
        known = ReviewedRole.objects.filter(review=self.review, authority_id=self.actor.authority_id or 0)
        return known.select_related("membership__user", "membership__organisation", "membership__authority", "decided_by").order_by(
            "membership__user__name", "pk"
        )

    def words(self, row: ReviewedRole) -> str:
        """What became of the role, and who said so when."""
        if row.decision:
            said = Decision(row.decision).label
            who = row.decided_by.name if row.decided_by else ""
            return _("%(said)s by %(who)s, %(moment)s") % {"said": said, "who": who, "moment": moment(row.decided_at)}
        ended = row.membership.ends_on
        if ended is not None and ended <= self.actor.today:
            return _("Ended outside the review on %(day)s") % {"day": day(ended)}
        return ""


def moment(value: Any) -> str:
    return date_format(timezone.localtime(value), "DATETIME_FORMAT") if value else ""


class ReviewPage(OneReview, FormPage):
    """The roles of a review, to be ticked and confirmed or ended; a page at a time."""

    form_class = DecideForm
    template_name = "accounts/review.html"
    title = gettext_lazy("Access review")
    success_message = gettext_lazy("What you decided is saved")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        bodies = [(body.pk, body.name) for body in bodies_of(self.actor.authority_id)]
        self.narrow = NarrowForm(self.request.GET, bodies=bodies)
        asked = self.narrow.cleaned_data if self.narrow.is_valid() else {}
        self.is_narrowed = any(asked.values()) or not self.narrow.is_valid()
        self.page = Paginator(self.asked(asked), PER_PAGE).get_page(self.request.GET.get("page"))

    def asked(self, asked: dict[str, Any]) -> ReviewedRoleQuerySet:
        rows, today = self.rows(), self.actor.today
        match asked.get("state"):
            case "confirmed":
                rows = rows.filter(decision=Decision.CONFIRMED)
            case "ended":
                rows = rows.over(today)
            case "all":
                pass
            case _:
                rows = rows.undecided(today)
        if asked.get("body"):
            rows = rows.filter(membership__organisation=asked["body"])
        match asked.get("sign"):
            case "unused":
                rows = rows.filter(last_used_at__isnull=True)
            case "childless":
                rows = rows.filter(has_children=False)
        return rows

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return DecideForm(data, roles=[str(row.pk) for row in self.page if self.can_decide(row)])

    def can_decide(self, row: ReviewedRole) -> bool:
        """Not decided, still open, and not the administrator's own."""
        return not self.words(row) and row.membership.user_id != self.actor.user_id

    def context(self) -> dict[str, Any]:
        every, today = self.rows(), self.actor.today
        waiting = every.undecided(today).count()
        rows = [self.row(row) for row in self.page]
        for row in rows:
            if row["can_decide"]:
                row["is_first"] = True  # where the error's link leads
                break
        return {
            "review": self.review,
            "is_late": waiting and self.review.due_on <= today,
            "figures": [
                {"text": _("Not decided"), "number": waiting, "href": f"{self.request.path}?state=waiting", "alert": self.review.due_on <= today},
                {"text": _("Confirmed"), "number": every.filter(decision=Decision.CONFIRMED).count(), "href": f"{self.request.path}?state=confirmed"},
                {"text": _("Ended"), "number": every.over(today).count(), "href": f"{self.request.path}?state=ended"},
            ],
            "narrow": self.narrow,
            "is_narrowed": self.is_narrowed,
            "page": self.page,
            "rows": rows,
            "can_decide": any(row["can_decide"] for row in rows),
            "earlier": people.reviews_of(self.actor).exclude(pk=self.review.pk).order_by("-term_starts_on"),
            "ticked": self.request.POST.getlist("roles"),
            **self.tabs(),
        }

    def row(self, row: ReviewedRole) -> dict[str, Any]:
        membership = row.membership
        return {
            "id": str(row.pk),
            "person": membership.user,
            "role": Role(membership.role).label,
            "where": (membership.organisation or membership.authority).name,
            "last": row.last_used_at,
            "is_childless": row.has_children is False,
            "is_own": membership.user_id == self.actor.user_id,
            "can_decide": self.can_decide(row),
            "words": self.words(row),
        }

    def act(self, cleaned: dict[str, Any]) -> int:
        return services.decide_roles(by=self.actor, review=self.review, roles=cleaned["roles"], decision=Decision(cleaned["decision"]))

    def success_url(self, result: Any) -> str:
        return self.request.get_full_path()


class ReviewFile(OneReview):
    """The whole review as CSV."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        name = f"access-review-{self.review.term_starts_on.isoformat()}.csv"
        response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
        response.write("\ufeff")  # Excel reads ŵ and ŷ only where the file says that it is UTF-8
        out = csv.writer(response)
        out.writerow(
            [
                _("Name"),
                _("E-mail address"),
                _("Role"),
                _("School, other body or authority"),
                _("First day"),
                _("Ends on"),
                _("Last used before the review"),
                _("Children connected with it then"),
                _("What became of it"),
            ]
        )
        for row in self.rows():
            membership = row.membership
            cells = (
                membership.user.name,
                membership.user.email,
                Role(membership.role).label,
                (membership.organisation or membership.authority).name,
                day(membership.starts_on),
                day(membership.ends_on),
                moment(row.last_used_at) or _("Never"),
                {True: pgettext("children", "Some"), False: pgettext("children", "None"), None: ""}[row.has_children],
                self.words(row) or _("Not decided"),
            )
            out.writerow([inert(str(cell)) for cell in cells])
        return response


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a name is what somebody typed."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
