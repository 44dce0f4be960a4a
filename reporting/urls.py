from django.urls import URLPattern, URLResolver, include, path

from reporting.api import api_urls
from reporting.views import access, child, children, dashboard, schools, timeline, work
from reporting.views.audit import audit_urls
from reporting.views.away import away_urls
from reporting.views.body_duties import body_duty_urls
from reporting.views.calendar import SchoolCalendarPage
from reporting.views.child_duties import child_duty_urls
from reporting.views.drift import drift_urls
from reporting.views.duties import duties_urls
from reporting.views.emergency import emergency_urls
from reporting.views.feed import feed_urls
from reporting.views.figures import figures_urls
from reporting.views.handover import handover_urls
from reporting.views.misses import misses_urls
from reporting.views.moves import move_urls
from reporting.views.notes import notes_urls
from reporting.views.own import own_urls
from reporting.views.own_answers import own_answer_urls
from reporting.views.own_review import own_review_urls
from reporting.views.peers import peers_urls
from reporting.views.placed import placed_urls
from reporting.views.quality import quality_urls
from reporting.views.report_challenges import report_challenge_urls
from reporting.views.reports import report_urls
from reporting.views.requests import request_urls
from reporting.views.sharing import sharing_urls
from reporting.views.statements import statement_urls
from reporting.views.telling import telling_urls
from reporting.views.whatif import what_if_urls
from reporting.views.wishes import wishes_urls

CHILD = "children/<uuid:child>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", work.WorkPage.as_view(), name="work"),
    path("messages/", work.MessagesPage.as_view(), name="messages"),
    path("children/", children.ChildrenPage.as_view(), name="children"),
    path(CHILD, child.OverviewPage.as_view(), name="child"),
    path(f"{CHILD}school/", child.SchoolPage.as_view(), name="child_school"),
    path(f"{CHILD}people/", child.PeoplePage.as_view(), name="child_people"),
    path(f"{CHILD}timeline/", timeline.TimelinePage.as_view(), name="child_timeline"),
    path(f"{CHILD}access/", access.AccessPage.as_view(), name="child_access"),
    path("dashboard/", dashboard.DashboardPage.as_view(), name="dashboard"),
    path("dashboard/plans/", dashboard.InTimePage.as_view(), name="dashboard_plans"),
    path("schools/", schools.SchoolsPage.as_view(), name="schools"),
    path("schools/<slug:number>/", schools.SchoolPage.as_view(), name="school"),
    path("schools/<slug:number>/calendar/", SchoolCalendarPage.as_view(), name="school_calendar"),
    *duties_urls,
    *drift_urls,
    *what_if_urls,
    *misses_urls,
    *child_duty_urls,
    *body_duty_urls,
    *away_urls,
    *move_urls,
    *sharing_urls,
    *handover_urls,
    *request_urls,
    *placed_urls,
    *emergency_urls,
    *notes_urls,
    *statement_urls,
    *own_urls,
    *own_answer_urls,
    *own_review_urls,
    *audit_urls,
    *report_urls,
    *report_challenge_urls,
    *quality_urls,
    *wishes_urls,
    *peers_urls,
    *figures_urls,
    *telling_urls,
    *feed_urls,
    path("api/v1/", include(api_urls)),
]
