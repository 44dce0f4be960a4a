"""Invitations and access reviews belong to an authority; the nightly job opens reviews, and reads who holds and used which role."""

from django.db import migrations

from lace.database.rls import JobMay, ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_authorities")]
    operations = [
        ProtectTenant("accounts_roleinvitation"),
        ProtectTenant("accounts_roleinvitationevent", may="SELECT, INSERT"),
        ProtectTenant("accounts_accessreview", may="SELECT, INSERT", job="SELECT, INSERT"),
        ProtectTenant("accounts_accessreviewevent", may="SELECT, INSERT", job="SELECT, INSERT"),
        ProtectTenant("accounts_reviewedrole", job="SELECT, INSERT"),
        ProtectTenant("accounts_reviewedroleevent", may="SELECT, INSERT", job="SELECT, INSERT"),
        JobMay("accounts_membershipevent"),
        # When a role was last used is asked of the trail, for a page of people or a whole authority.
        migrations.RunSQL(
            "CREATE INDEX membership_last_used ON accounts_membershipevent (id, pgh_created_at) WHERE pgh_label IN ('signed_in', 'role_chosen')",
            "DROP INDEX membership_last_used",
        ),
    ]
