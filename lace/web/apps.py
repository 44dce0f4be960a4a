from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "lace.web"
    label = "web"

    def ready(self) -> None:
        from lace.web import checks  # noqa: F401  # registers what production is checked for
