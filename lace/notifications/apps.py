from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "lace.notifications"
    label = "notifications"

    def ready(self) -> None:
        from lace.notifications import bell, tasks

        bell.answer_with(tasks.ring)
