"""Choices and calendar addresses are a person's own, what could not be delivered an authority's; jobs read the first and write the last."""

from django.db import migrations

from lace.database.context import APP_ROLE
from lace.database.rls import Protect, ProtectTenant

MINE = "(user_id = nullif(current_setting('app.user_id', true), '')::bigint)"

# Whose calendar a secret address is, while it works; asked before anybody is known. Runs as the owner, past the policies.
FEED_OF = f"""
CREATE FUNCTION lace_feed_of(secret text) RETURNS TABLE (feed uuid, person bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
SELECT id, user_id FROM public.notifications_feed WHERE secret_sha256 = secret AND revoked_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION lace_feed_of(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lace_feed_of(text) TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_protect")]
    operations = [
        Protect("notifications_preference", visible=MINE, may="SELECT, INSERT, UPDATE", job="SELECT"),
        Protect("notifications_preferenceevent", visible=MINE, may="SELECT, INSERT"),
        Protect("notifications_feed", visible=MINE, may="SELECT, INSERT, UPDATE"),
        Protect("notifications_feedevent", visible=MINE, may="SELECT, INSERT"),
        ProtectTenant("notifications_undelivered", may="SELECT, UPDATE", job="SELECT, INSERT, UPDATE"),
        ProtectTenant("notifications_undeliveredevent", may="SELECT, INSERT", job="INSERT"),
        migrations.RunSQL(FEED_OF, "DROP FUNCTION lace_feed_of(text)"),
    ]
