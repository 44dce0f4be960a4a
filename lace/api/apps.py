from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "lace.api"
    label = "api"
