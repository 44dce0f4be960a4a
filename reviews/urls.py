"""The pages of a child's reviews, under the child's."""

from django.urls import URLPattern, URLResolver, include, path

from reviews import views
from reviews.api import api_urls

MEETINGS = "children/<uuid:child>/meetings/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(MEETINGS, views.MeetingsPage.as_view(), name="child_meetings"),
    path(f"{MEETINGS}arrange/", views.SchedulePage.as_view(), name="child_review_arrange"),
    path(f"{MEETINGS}sooner/", views.EarlierPage.as_view(), name="child_review_sooner"),
    path(f"{MEETINGS}sooner/<uuid:asked>/", views.AnswerChildPage.as_view(), name="child_review_answer"),
    path(f"{MEETINGS}<uuid:review>/move/", views.PostponePage.as_view(), name="child_review_move"),
    path(f"{MEETINGS}<uuid:review>/invited/", views.InvitedPage.as_view(), name="child_review_invited"),
    path(f"{MEETINGS}<uuid:review>/call-off/", views.CancelPage.as_view(), name="child_review_cancel"),
    path(f"{MEETINGS}<uuid:review>/held/", views.ClosePage.as_view(), name="child_review_close"),
    path(f"{MEETINGS}<uuid:review>/meeting.ics", views.CalendarEntry.as_view(), name="child_review_calendar"),
    path("api/v1/", include(api_urls)),
]
