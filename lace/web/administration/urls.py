from django.urls import URLPattern, URLResolver, path

from lace.web.administration.views import calendar_files, calendars, deadlines, invitations, people, review, undelivered

PERSON = "people/<int:person>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", people.StartPage.as_view(), name="administration"),
    path("people/", people.PeoplePage.as_view(), name="people"),
    path("people/invite/", invitations.ChooseInvitedRolePage.as_view(), name="invite"),
    path("people/invite/<slug:role>/", invitations.InvitePage.as_view(), name="invite_as"),
    path("invitations/", invitations.InvitationsPage.as_view(), name="invitations"),
    path("invitations/<uuid:invitation>/again/", invitations.SendAgainPage.as_view(), name="invitation_again"),
    path("invitations/<uuid:invitation>/withdraw/", invitations.WithdrawPage.as_view(), name="invitation_withdraw"),
    path("review/", review.CurrentReviewPage.as_view(), name="access_review"),
    path("review/<uuid:access_review>/", review.ReviewPage.as_view(), name="access_review_of"),
    path("review/<uuid:access_review>/access-review.csv", review.ReviewFile.as_view(), name="access_review_file"),
    path("undelivered/", undelivered.UndeliveredPage.as_view(), name="undelivered"),
    path("undelivered/<uuid:undelivered>/again/", undelivered.TryAgainPage.as_view(), name="undelivered_again"),
    path("calendars/", calendars.CalendarsPage.as_view(), name="calendars"),
    path("calendars/schools/", calendars.SchoolsPage.as_view(), name="calendar_schools"),
    path("calendars/term/", calendars.TermPage.as_view(), name="calendar_term"),
    path("calendars/term/remove/", calendars.RemoveTermsPage.as_view(), name="calendar_term_remove"),
    path("calendars/closed/", calendars.AddClosedDayPage.as_view(), name="calendar_closed_add"),
    path("calendars/closed/remove/", calendars.RemoveClosedDaysPage.as_view(), name="calendar_closed_remove"),
    path("calendars/holiday/", calendars.AddHolidayPage.as_view(), name="calendar_holiday_add"),
    path("calendars/holiday/remove/", calendars.RemoveHolidaysPage.as_view(), name="calendar_holiday_remove"),
    path("calendars/lessons/", calendars.LessonsPage.as_view(), name="calendar_lessons"),
    path("calendars/file/", calendar_files.FilePage.as_view(), name="calendar_file"),
    path("calendars/calendar.csv", calendar_files.CsvFile.as_view(), name="calendar_csv"),
    path("deadlines/", deadlines.DeadlinesPage.as_view(), name="deadlines"),
    path("deadlines/<slug:rule>/", deadlines.DeadlinePage.as_view(), name="deadline"),
    path(PERSON, people.PersonPage.as_view(), name="person"),
    path(f"{PERSON}name/", people.CorrectNamePage.as_view(), name="person_name"),
    path(f"{PERSON}roles/", people.ChooseRolePage.as_view(), name="person_roles"),
    path(f"{PERSON}roles/new/<slug:role>/", people.AddRolePage.as_view(), name="person_role_add"),
    path(f"{PERSON}roles/<int:membership>/end/", people.EndRolePage.as_view(), name="person_role_end"),
    path(f"{PERSON}suspend/", people.SuspendPage.as_view(), name="person_suspend"),
    path(f"{PERSON}sessions/<int:session>/end/", people.EndSessionPage.as_view(), name="person_session_end"),
]
