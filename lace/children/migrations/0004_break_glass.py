"""Break-glass: the one way to a record without a relation to it. It opens a relation and finds nothing but by an exact match.

It runs as the owner, because whoever asks may not see the child. What it may do is bounded here, whatever the application says: the
roles that may ask, one child exactly, for the asker's own account, from the asker's own day and for two days at most.
"""

from django.db import migrations

from lace.database.context import APP_ROLE

BREAK_GLASS = """
CREATE FUNCTION lace_break_glass(asked_upn text, asked_given text, asked_family text, asked_born date) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asker bigint := nullif(current_setting('app.user_id', true), '')::bigint;
    day date := nullif(current_setting('app.today', true), '')::date;
    relation integer := (
        SELECT p.id FROM public.auth_permission p JOIN public.django_content_type c ON c.id = p.content_type_id
        WHERE c.app_label = 'children' AND p.codename = 'emergency'
    );
    found public.children_child[];
BEGIN
    IF asker IS NULL OR day IS NULL
        OR current_setting('app.role', true) NOT IN ('lace_coordinator', 'social_worker', 'iro', 'designated_manager') THEN
        RETURN NULL;
    END IF;
    IF coalesce(asked_upn, '') <> '' THEN
        found := ARRAY(SELECT c FROM public.children_child c WHERE c.upn = asked_upn LIMIT 2);
    ELSIF coalesce(asked_given, '') <> '' AND coalesce(asked_family, '') <> '' AND asked_born IS NOT NULL THEN
        found := ARRAY(
            SELECT c FROM public.children_child c
            WHERE c.born_on = asked_born AND lower(c.family_name) = lower(asked_family)
              AND lower(asked_given) IN (lower(c.given_names), lower(split_part(c.given_names, ' ', 1)), lower(c.preferred_name))
            LIMIT 2
        );
    END IF;
    IF coalesce(cardinality(found), 0) <> 1 THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.children_childusergrant
        (content_object_id, user_id, permission_id, authority_id, starts_on, ends_on, purpose, legal_basis, agreement)
    SELECT found[1].id, asker, relation, found[1].authority_id, day, day + 2, '', 'vital_interests', ''
    WHERE NOT EXISTS (
        SELECT FROM public.children_childusergrant g
        WHERE g.content_object_id = found[1].id AND g.user_id = asker AND g.permission_id = relation AND (g.ends_on IS NULL OR g.ends_on > day)
    );
    RETURN found[1].id;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("children", "0003_protect_guarded")]
    operations = [
        migrations.RunSQL(
            [
                BREAK_GLASS,
                "REVOKE ALL ON FUNCTION lace_break_glass(text, text, text, date) FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION lace_break_glass(text, text, text, date) TO {APP_ROLE}",
            ],
            "DROP FUNCTION lace_break_glass(text, text, text, date)",
        )
    ]
