from django.urls import path

from lace.web import gallery, views
from lace.web.health import health

app_name = "web"
urlpatterns = [
    path("health/", health, name="health"),
    path("theme.css", views.theme, name="theme"),
    path("language/", views.language, name="language"),
    path("times-tables/", views.hide, name="hide"),
    path("cookies/", views.cookies, name="cookies"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("gallery/", gallery.show, name="gallery"),
    path("gallery/form/", gallery.form, name="gallery_form"),
]
