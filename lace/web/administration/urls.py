from django.urls import URLPattern, URLResolver, path

from lace.web.administration.views import invitations, people, review

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
    path(PERSON, people.PersonPage.as_view(), name="person"),
    path(f"{PERSON}name/", people.CorrectNamePage.as_view(), name="person_name"),
    path(f"{PERSON}roles/", people.ChooseRolePage.as_view(), name="person_roles"),
    path(f"{PERSON}roles/new/<slug:role>/", people.AddRolePage.as_view(), name="person_role_add"),
    path(f"{PERSON}roles/<int:membership>/end/", people.EndRolePage.as_view(), name="person_role_end"),
    path(f"{PERSON}suspend/", people.SuspendPage.as_view(), name="person_suspend"),
    path(f"{PERSON}sessions/<int:session>/end/", people.EndSessionPage.as_view(), name="person_session_end"),
]
