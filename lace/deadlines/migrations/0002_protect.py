"""Duties under row-level security, and the numbered working days of 2000 to 2060."""

from django.db import migrations

from lace.core.workdays import numbered_days
from lace.database.rls import JobMay, ProtectChild, ProtectPublished, ProtectTenant, SameAuthority


def fill(apps, schema_editor):
    model = apps.get_model("deadlines", "WorkingDay")
    model.objects.bulk_create(
        (model(day=day, number=number, is_working=working) for day, number, working in numbered_days()), batch_size=5000, ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0001_initial"), ("children", "0002_protect"), ("accounts", "0002_authorities"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [
        ProtectChild("deadlines_duty", job="SELECT, INSERT, UPDATE"),
        ProtectChild("deadlines_dutyevent", may="SELECT, INSERT", job="INSERT"),
        SameAuthority("deadlines_duty"),
        *(
            operation
            for table in ("waiver", "missanswer")
            for operation in (
                ProtectChild(f"deadlines_{table}"),
                ProtectChild(f"deadlines_{table}event", may="SELECT, INSERT"),
                SameAuthority(f"deadlines_{table}"),
            )
        ),
        ProtectTenant("deadlines_bodyduty", job="SELECT, INSERT, UPDATE"),
        ProtectTenant("deadlines_bodydutyevent", may="SELECT, INSERT", job="INSERT"),
        # Read by whoever opens or explains a duty of one of the authority's children, at another authority's school too.
        ProtectPublished("deadlines_rulechoice", may="SELECT, INSERT, UPDATE"),
        ProtectTenant("deadlines_rulechoiceevent", may="SELECT, INSERT"),
        # An absence that never began is taken back; the audit keeps that there was one.
        ProtectTenant("deadlines_absence", may="SELECT, INSERT, UPDATE, DELETE", job="SELECT"),
        ProtectTenant("deadlines_absenceevent", may="SELECT, INSERT"),
        *(ProtectPublished(f"deadlines_{table}") for table in ("extraholiday", "termdates", "closedday", "lessontimes")),
        *(ProtectTenant(f"deadlines_{table}event", may="SELECT, INSERT") for table in ("extraholiday", "termdates", "closedday", "lessontimes")),
        JobMay("deadlines_workingday"),
        JobMay("deadlines_sweeprun", "SELECT, INSERT"),
        JobMay("django_content_type"),
        JobMay("pghistory_context", "SELECT, INSERT, UPDATE"),  # where the audit's triggers note who acted
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
