"""Who looked at a child: the one way past the policy of the record of reads, which gives everyone their own authority's reads only.

A child's record is also read in other authorities (host, school's), and the responsible authority must see those looks. A policy
could not use the index over the children of a read (array operators are not leakproof), so this function asks in its stead: as the
owner, only about a child of the asker's own authority, and only the columns it names: of a list, never the other children.
"""

from __future__ import annotations

from lace.database.context import APP_ROLE

LOOKS_AT = """
CREATE OR REPLACE FUNCTION lace_looks_at(child uuid) RETURNS TABLE (id bigint, at timestamptz, act text, authority_id bigint, user_id bigint,
    membership_id bigint, role text, door text, facets text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM children_child c
        WHERE c.id = child AND c.authority_id = ANY(nullif(current_setting('app.tenant_ids', true), '')::bigint[])
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT r.id, r.at, r.act::text, r.authority_id, r.user_id, r.membership_id, r.role::text, r.door::text, r.facets::text[]
        FROM audit_read r WHERE r.children @> ARRAY[child];
END
$$
"""
CREATED = [LOOKS_AT, "REVOKE ALL ON FUNCTION lace_looks_at(uuid) FROM PUBLIC", f"GRANT EXECUTE ON FUNCTION lace_looks_at(uuid) TO {APP_ROLE}"]
DROPPED = ["DROP FUNCTION lace_looks_at(uuid)"]
