from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "lace.deadlines"
    label = "deadlines"

    def ready(self) -> None:
        from lace.deadlines import care, messages, sources, telling  # noqa: F401 - they declare duties, facts, and what messages say
        from lace.deadlines.models import ExtraHoliday, WorkingDay
        from lace.notifications import quiet

        quiet.answer_with(WorkingDay.objects.counted_from, ExtraHoliday.objects.of_day)
