"""Every door: pages, the API, sign-in."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("lace.web.urls")),
    path("accounts/", include("lace.accounts.urls")),
    path("api/v1/", include("lace.api.urls")),
    path("schools/", include("schools.urls")),
    path("", include("peps.urls")),
    path("", include("reviews.urls")),
    path("", include("reporting.urls")),
]

handler400 = "lace.web.views.bad_request"
handler403 = "lace.web.views.denied"
handler404 = "lace.web.views.not_found"
handler500 = "lace.web.views.server_error"
