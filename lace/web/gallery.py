"""Every component on one page, for those who build pages and for the accessibility tests. Served only when LACE_DEMO is set."""

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lace.web import charts
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField, TimeField
from lace.web.templatetags.web import DUTY_STATUS, KINDS


class GalleryForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(
        label=gettext_lazy("Name the child likes to be called"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the name the child likes to be called")},
    )
    email = forms.EmailField(label=gettext_lazy("Email address of the school"), required=False)
    absences = forms.IntegerField(label=gettext_lazy("Sessions missed this term"), min_value=0, max_value=400)
    meeting = DateField(label=gettext_lazy("When is the meeting?"), help_text=gettext_lazy("For example, 27 3 2026"))
    time = TimeField(label=gettext_lazy("What time does it start?"), help_text=gettext_lazy("For example, 14:30"))
    agreed = ChoiceField(
        label=gettext_lazy("Does everyone agree with the plan?"),
        choices=[("yes", pgettext_lazy("everyone agrees", "Yes")), ("no", pgettext_lazy("everyone agrees", "No"))],
        hints={"no": gettext_lazy("The plan is kept, with the reason")},
        reveals={"no": "reason"},
    )
    reason = forms.CharField(label=gettext_lazy("Who does not agree, and why?"), required=False)
    support = MultipleChoiceField(
        label=gettext_lazy("What support is in place?"),
        help_text=gettext_lazy("Choose all that apply"),
        choices=[("tuition", gettext_lazy("One-to-one tuition")), ("mentor", gettext_lazy("Mentor")), ("counselling", gettext_lazy("Counselling"))],
    )
    phase = forms.ChoiceField(
        label=gettext_lazy("School phase"),
        choices=[("", gettext_lazy("Choose a phase")), ("primary", gettext_lazy("Primary")), ("secondary", gettext_lazy("Secondary"))],
    )
    views = forms.CharField(
        label=gettext_lazy("What the child said"), help_text=gettext_lazy("Use the child's own words"), max_length=500, widget=forms.Textarea
    )
    report = forms.FileField(label=gettext_lazy("School report"), required=False, help_text=gettext_lazy("A PDF file of at most 10 MB"))
    password = forms.CharField(label=gettext_lazy("Password"), widget=forms.PasswordInput)
    checked = forms.BooleanField(label=gettext_lazy("I have read this with the child"))


def parts() -> dict[str, Any]:
    """What each component is shown with."""
    return {
        "summary": [
            {"key": _("School"), "value": "Ysgol Gyfun Pentre'r Bont", "lang": "cy", "href": "#summary", "action": _("Change")},
            {"key": _("Date of birth"), "value": date(2013, 3, 27)},
            {"key": _("First language"), "value": ""},
        ],
        "columns": [{"text": _("School"), "href": "?sort=school", "sorted": "ascending"}, _("Plan"), {"text": _("Attendance"), "numeric": True}],
        "rows": [
            [{"text": "Ysgol y Dderwen", "href": "#table", "lang": "cy"}, {"text": _("Final"), "tag": "done"}, "94.2%"],
            [{"text": "Hillside Primary School", "href": "#table", "lang": "en"}, {"text": _("Quality check"), "tag": "doing"}, "88.0%"],
            [{"text": "Ysgol Glan yr Afon", "href": "#table", "lang": "cy"}, {"text": _("Overdue"), "tag": "overdue"}, "71.5%"],
        ],
        "figures": [
            {"text": _("Plans overdue"), "number": 12, "href": "#figures", "alert": True, "note": _("3 more than last week")},
            {"text": _("Plans due in 10 working days"), "number": 31, "href": "#figures"},
            {"text": _("Children placed outside the authority"), "number": 104, "href": "#figures"},
        ],
        "duties": [
            {
                "what": _("Start the personal education plan"),
                "why": _("Came into care on 2 February 2026; a plan is due within 10 school days."),
                "whom": "Ffion, CER-1042",
                "due": date(2026, 2, 16),
                "status": "overdue",
                "next": _("If it is still not done on 23 February, the LACE coordinator is told."),
                "href": "#duties",
            },
            {
                "what": _("Give the school's views for the review"),
                "why": _("The review is on 9 March 2026."),
                "whom": "Owain, CER-0877",
                "due": date(2026, 3, 2),
                "status": "soon",
                "href": "#duties",
            },
            {"what": _("Hold the planning meeting"), "why": "", "whom": "Aled, CER-0913", "due": date(2026, 3, 20), "status": "met"},
        ],
        "kinds": list(KINDS),
        "events": [
            {
                "title": _("Plan made final"),
                "when": datetime(2026, 2, 26, 14, 5, tzinfo=UTC),
                "by": "Mair Dafydd",
                "text": _("Agreed by everyone."),
                "href": "#timeline",
            },
            {"title": _("Came into care"), "when": date(2026, 2, 2)},
        ],
        "facts": [
            {"key": _("Born"), "value": date(2013, 3, 27)},
            {"key": _("Year"), "value": "8"},
            {"key": _("School"), "value": "Ysgol y Dderwen"},
        ],
        "notes": [{"text": _("No contact: read before you write or call"), "tag": "warning"}],
        "tabs": [
            {"text": _("Overview"), "href": "#tabs", "active": True},
            {"text": _("Plan"), "href": "#tabs", "active": False},
            {"text": _("Meetings"), "href": "#tabs", "active": False},
            {"text": _("Who can see this"), "href": "#tabs", "active": False},
        ],
        "filters": [
            {
                "title": _("Show"),
                "items": [
                    {"text": _("All"), "href": "?show=all", "active": True, "count": 43},
                    {"text": _("Overdue"), "href": "?show=overdue", "active": False, "count": 12},
                ],
            },
            {
                "title": _("Placed"),
                "items": [
                    {"text": _("Anywhere"), "href": "?placed=", "active": True},
                    {"text": _("Outside"), "href": "?placed=out", "active": False},
                ],
            },
        ],
        "tasks": [
            {"title": _("About you"), "href": "#tasks", "status": _("Done")},
            {
                "title": _("School and learning"),
                "href": "#tasks",
                "hint": _("Written by the designated person"),
                "status": _("Started"),
                "kind": "doing",
            },
            {"title": _("What I want to happen"), "status": _("Not yet"), "kind": "none"},
        ],
    }


def pictures() -> list[charts.Chart]:
    terms = [_("Autumn 2025"), _("Spring 2026"), _("Summer 2026")]
    return [
        charts.stacked(
            title=_("Plans by state, five schools"),
            summary=_("Ysgol y Dderwen has the most plans, 24; Hillside has the most overdue, 5."),
            labels=["Ysgol y Dderwen", "Hillside Primary School", "Ysgol Glan yr Afon", "Bryn Celyn", "St Illtyd's"],
            series=[
                (str(DUTY_STATUS["met"]), [20, 9, 12, 8, 3]),
                (str(DUTY_STATUS["late"]), [3, 2, 0, 1, 1]),
                (str(DUTY_STATUS["overdue"]), [1, 5, 0, 2, 0]),
            ],
        ),
        charts.lines(
            title=_("Attendance by term"),
            summary=_("Looked-after children: from 89.1% to 92.4%. All pupils: from 92.8% to 93.5%."),
            labels=terms,
            series=[(_("Looked-after children"), [89.1, 90.6, 92.4]), (_("All pupils"), [92.8, 93.1, 93.5])],
            number=lambda value: f"{value:g}%",
        ),
        charts.bars(
            title=_("Why plans were late"),
            summary=_("The commonest reason is that the school was told late: 14 of 27."),
            labels=[_("The school was told late"), _("The meeting moved because a person could not come"), _("The child changed school")],
            values=[14, 8, 5],
            unit=_("Plans"),
        ),
    ]


def demo_only() -> None:
    if not settings.DEMO:
        raise Http404


@login_not_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    demo_only()
    messages.success(request, _("The meeting was recorded."))
    messages.info(request, _("The school is closed from 16 to 20 February."))
    page = Paginator(range(200), 10).get_page(request.GET.get("page", 5))
    return render(request, "web/gallery.html", parts() | {"charts": pictures(), "page": page})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    demo_only()
    shown = GalleryForm(request.POST, request.FILES) if request.method == "POST" else GalleryForm()
    if shown.is_valid():
        return redirect("web:gallery")
    context = {
        "form": shown,
        "title": _("A form with every kind of question"),
        "caption": _("Gallery"),
        "back_url": "/gallery/",
        "cancel_url": "/gallery/",
    }
    return render(request, "components/form_page.html", context)
