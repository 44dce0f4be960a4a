"""Pages below /schools/ and the API's addresses; included at the root."""

from django.urls import URLPattern, URLResolver, include, path

from schools.api import api_urls
from schools.views import ConfirmPage, DesignatePage, EndPage

pages: list[URLPattern | URLResolver] = [
    path("<slug:number>/designation/", DesignatePage.as_view(), name="school_designate"),
    path("<slug:number>/designation/<uuid:designation>/end/", EndPage.as_view(), name="school_designation_end"),
    path("<slug:number>/register/confirm/", ConfirmPage.as_view(), name="school_confirm"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("schools/", include(pages)),
    path("api/v1/", include(api_urls)),
]
