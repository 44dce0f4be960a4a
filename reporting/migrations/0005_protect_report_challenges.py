"""Row-level security on what governors ask about a report: it names no child, and belongs to the report's authority."""

from django.db import migrations

from lace.database.rls import ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("reporting", "0004_report_challenges")]
    operations = [
        ProtectTenant("reporting_reportchallenge"),
        ProtectTenant("reporting_reportchallengeevent", may="SELECT, INSERT"),
    ]
