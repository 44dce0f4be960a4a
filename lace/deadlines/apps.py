from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "lace.deadlines"
    label = "deadlines"

    def ready(self) -> None:
        from lace.deadlines import messages  # noqa: F401 - declares what the sweep's messages say
