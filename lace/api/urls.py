"""The API's own addresses; each app adds its own in its api.py."""

from django.urls import URLPattern, URLResolver, path

from lace.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("token/", views.Tokens.as_view(), name="api_token"),
    path("schema/", views.Description.as_view(), name="api_schema"),
    path("docs/", views.Documentation.as_view(), name="api_docs"),
]
