"""Every door: pages, the API, sign-in."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from lace.api.views import Nothing

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("lace.web.urls")),
    path("accounts/", include("lace.accounts.urls")),
    path("administration/", include("lace.web.administration.urls")),
    path("api/v1/", include("lace.api.urls")),
    path("", include("schools.urls")),
    path("", include("peps.urls")),
    path("", include("reviews.urls")),
    path("", include("reporting.urls")),
    re_path(r"^api/", Nothing.as_view()),
]

handler400 = "lace.web.views.bad_request"
handler403 = "lace.web.views.denied"
handler404 = "lace.web.views.not_found"
handler500 = "lace.web.views.server_error"
