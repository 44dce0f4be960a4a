"""The 22 authorities, and what the set-based jobs may read of people."""

from django.db import migrations

from lace.accounts.authorities import AUTHORITIES
from lace.database.rls import JobMay


def load(apps, schema_editor):
    authority_model, group_model = apps.get_model("accounts", "LocalAuthority"), apps.get_model("auth", "Group")
    for authority in AUTHORITIES:
        group, _ = group_model.objects.get_or_create(name=f"authority:{authority.code}")
        authority_model.objects.update_or_create(
            code=authority.code,
            defaults={
                "gss": authority.gss,
                "la_number": authority.number,
                "name_en": authority.english,
                "name_cy": authority.welsh,
                "group": group,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("database", "0001_privileges")]
    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
        JobMay("accounts_localauthority"),
        JobMay("accounts_organisation"),
        JobMay("accounts_membership"),
        JobMay("accounts_user"),
        JobMay("auth_permission"),
    ]
