"""Pages below /schools/ and a child's School tab, and the API's addresses; included at the root."""

from django.urls import URLPattern, URLResolver, include, path

from schools import views
from schools.api import api_urls

pages: list[URLPattern | URLResolver] = [
    path("<slug:number>/designation/", views.DesignatePage.as_view(), name="school_designate"),
    path("<slug:number>/designation/<uuid:designation>/end/", views.EndPage.as_view(), name="school_designation_end"),
    path("<slug:number>/register/confirm/", views.ConfirmPage.as_view(), name="school_confirm"),
    path("<slug:number>/policy/", views.PolicyPage.as_view(), name="school_policy"),
    path("<slug:number>/policy/write/", views.PolicyWritePage.as_view(), name="school_policy_write"),
    path("<slug:number>/policy/sign/", views.PolicySignPage.as_view(), name="school_policy_sign"),
    path("<slug:number>/policy/adopt/", views.PolicyAdoptPage.as_view(), name="school_policy_adopt"),
    path("<slug:number>/policy/check/", views.PolicyCheckPage.as_view(), name="school_policy_check"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("schools/", include(pages)),
    path("children/<uuid:child>/school/elsewhere/", views.EotasPage.as_view(), name="child_eotas"),
    path("children/<uuid:child>/school/elsewhere/<uuid:place>/end/", views.EndEotasPage.as_view(), name="child_eotas_end"),
    path("api/v1/", include(api_urls)),
]
