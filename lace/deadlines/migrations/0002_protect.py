"""Duties under row-level security, and the numbered working days of 2000 to 2060."""

from django.db import migrations

from lace.core.workdays import numbered_days
from lace.database.rls import JobMay, ProtectChild, SameAuthority


def fill(apps, schema_editor):
    model = apps.get_model("deadlines", "WorkingDay")
    model.objects.bulk_create(
        (model(day=day, number=number, is_working=working) for day, number, working in numbered_days()), batch_size=5000, ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0001_initial"), ("children", "0002_protect"), ("accounts", "0002_authorities"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [
        ProtectChild("deadlines_duty", job="SELECT, UPDATE"),
        ProtectChild("deadlines_dutyevent", may="SELECT, INSERT", job="INSERT"),
        SameAuthority("deadlines_duty"),
        JobMay("deadlines_workingday"),
        JobMay("deadlines_sweeprun", "SELECT, INSERT"),
        JobMay("django_content_type"),
        JobMay("pghistory_context", "SELECT, INSERT, UPDATE"),  # where the audit's triggers note who acted
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
