"""The database's side of the seal (lace.audit.chain): functions that only the named jobs may call."""

from __future__ import annotations

from lace.database.context import JOB_ROLE

_LOCK = 7_030_419  # any number that no other advisory lock of ours uses
CHUNK = 50_000  # rows in one seal, at most
LATE = "1 day"  # a row whose own time is that much older than the sealing before it was not written when it says
# A row as text must not depend on who asks: the same settings at the sealing and at every later reading.
_FIXED = (
    "SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601'"
    " SET extra_float_digits = 1 SET bytea_output = 'hex'"
)
_DEFINER = f"SECURITY DEFINER {_FIXED}"

# The audit's tables, from the catalogue: pghistory's by their columns, and the record of reads.
TABLES = """
CREATE OR REPLACE FUNCTION lace_audit_tables() RETURNS TABLE (name text, key text, moment text, authority text, columns text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT c.relname::text, k.key, k.moment,
    CASE WHEN 'authority_id' = ANY(a.columns) THEN 'coalesce(authority_id, 0)::bigint' ELSE '0::bigint' END, a.columns
FROM pg_class c
CROSS JOIN LATERAL (
    SELECT array_agg(attname::text ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
) a
CROSS JOIN LATERAL (
    SELECT CASE c.relname WHEN 'audit_read' THEN 'id' ELSE 'pgh_id' END AS key,
        CASE c.relname WHEN 'audit_read' THEN 'at' ELSE 'pgh_created_at' END AS moment
) k
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND (c.relname = 'audit_read' OR a.columns @> ARRAY['pgh_id', 'pgh_created_at', 'pgh_label'])
$$
"""

# A row's digest: over these columns, in this order. NULL and the empty text differ, and quoting keeps columns apart.
DIGEST = """
CREATE OR REPLACE FUNCTION lace_audit_digest(columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT 'sha256(convert_to(ROW(' || string_agg(format('t.%I', c), ', ' ORDER BY n) || ')::text, ''UTF8''))'
FROM unnest(columns) WITH ORDINALITY u (c, n)
$$
"""

CHAINED = f"""
CREATE OR REPLACE FUNCTION lace_audit_chained(before bytea, authority bigint, number bigint, name text, columns text[], ids bigint[],
    digests bytea[], total bigint, at timestamptz, run bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE {_FIXED} AS $$
SELECT sha256(coalesce(before, ''::bytea) || convert_to(ROW(authority, number, name, columns, ids, digests, total, at, run)::text, 'UTF8'))
$$
"""  # constants of this module only

# The newest sealing whose marks are settled: every transaction that could still bring a lower id had ended before a later sealing began,
# so that nothing up to its marks is left to seal.
MARK = """
CREATE OR REPLACE FUNCTION lace_audit_mark() RETURNS audit_sealing
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
SELECT m FROM audit_sealing newest JOIN audit_sealing m ON m.id = newest.settled WHERE newest.id = (SELECT max(id) FROM audit_sealing)
$$
"""

SEAL = f"""
CREATE OR REPLACE FUNCTION lace_seal_audit() RETURNS bigint
LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
    mark audit_sealing; newest audit_sealing; source record; run bigint; settled_ bigint; low bigint; high bigint; taken bigint;
    batches bigint; seals bigint := 0; rows_ bigint := 0; marks jsonb := '{{}}'; at_ timestamptz := clock_timestamp();
BEGIN
    IF NOT pg_try_advisory_xact_lock({_LOCK}) THEN RETURN NULL; END IF;
    -- Sealings before which no transaction is still under way: with this one they are settled. After a move to another server the
    -- counter of transactions begins anew; then nothing of before is under way.
    SELECT max(id) INTO settled_ FROM audit_sealing s
        WHERE s.transactions <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            OR s.transactions > pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    mark := lace_audit_mark();
    SELECT * INTO newest FROM audit_sealing ORDER BY id DESC LIMIT 1;
    run := coalesce(newest.id, 0) + 1;
    FOR source IN SELECT * FROM lace_audit_tables() ORDER BY name LOOP
        low := coalesce((mark.marks ->> source.name)::bigint, 0);
        high := greatest(low, (newest.marks ->> source.name)::bigint);
        LOOP
            EXECUTE format($sql$
                WITH found AS (
                    SELECT %1$s AS authority, t.%2$I AS id, %3$s AS digest FROM %4$I t
                    -- what a sealing since the mark took already: nothing in a quiet hour, a few rows beside long transactions
                    WHERE t.%2$I > $1 AND NOT EXISTS (
                        SELECT FROM audit_seal s, unnest(s.rows) AS taken (id) WHERE s."table" = $3 AND s.sealing_id > $6 AND taken.id = t.%2$I
                    )
                    ORDER BY t.%2$I LIMIT {CHUNK}
                ),
                batch AS (
                    SELECT authority, array_agg(id ORDER BY id) AS ids, array_agg(digest ORDER BY id) AS digests, count(*) AS rows
                    FROM found GROUP BY authority
                ),
                written AS (
                    INSERT INTO audit_seal (sealing_id, authority_id, number, "table", columns, rows, digests, total, chain, sealed_at)
                    SELECT $2, b.authority, coalesce(h.number, 0) + 1, $3, $4, b.ids, b.digests, coalesce(h.total, 0) + b.rows,
                        lace_audit_chained(h.chain, b.authority, coalesce(h.number, 0) + 1, $3, $4, b.ids, b.digests,
                            coalesce(h.total, 0) + b.rows, $5, $2),
                        $5
                    FROM batch b LEFT JOIN LATERAL (
                        SELECT number, total, chain FROM audit_seal WHERE authority_id = b.authority ORDER BY number DESC LIMIT 1
                    ) h ON true
                    RETURNING 1
                )
                SELECT (SELECT max(id) FROM found), (SELECT count(*) FROM found), (SELECT count(*) FROM written)
            $sql$, source.authority, source.key, lace_audit_digest(source.columns), source.name)
            INTO low, taken, batches USING low, run, source.name, source.columns, at_, coalesce(mark.id, 0);
            EXIT WHEN taken = 0;
            high := greatest(high, low);
            seals := seals + batches;
            rows_ := rows_ + taken;
            EXIT WHEN taken < {CHUNK};
        END LOOP;
        marks := marks || jsonb_build_object(source.name, high);
    END LOOP;
    INSERT INTO audit_sealing (id, at, transactions, marks, settled, seals, rows)
    VALUES (run, at_, pg_snapshot_xmax(pg_current_snapshot())::text::bigint, marks, settled_, seals, rows_);
    RETURN rows_;
END
$$
"""  # noqa: S608  # constants of this module only

FAULTS = f"""
CREATE OR REPLACE FUNCTION lace_audit_faults() RETURNS TABLE (authority_id bigint, what text, number bigint, table_name text, row_id bigint)
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
DECLARE
    mark audit_sealing := lace_audit_mark(); source record; shape record;
BEGIN
    RETURN QUERY SELECT s.authority_id, CASE WHEN s.number <> s.place THEN 'gap' ELSE 'chain' END, s.number, s."table"::text, NULL::bigint
        FROM (
            SELECT z.*, row_number() OVER w AS place, lag(z.chain) OVER w AS before, lag(z.total) OVER w AS counted
            FROM audit_seal z WINDOW w AS (PARTITION BY z.authority_id ORDER BY z.number)
        ) s
        WHERE s.number <> s.place OR s.total <> coalesce(s.counted, 0) + cardinality(s.rows)
            OR s.chain <> lace_audit_chained(s.before, s.authority_id, s.number, s."table", s.columns, s.rows, s.digests,
                s.total, s.sealed_at, s.sealing_id);
    RETURN QUERY SELECT 0::bigint, 'gap', NULL::bigint, 'audit_sealing', r.id
        FROM (SELECT z.*, row_number() OVER (ORDER BY z.id) AS place FROM audit_sealing z) r
        WHERE r.id <> r.place OR r.seals <> (SELECT count(*) FROM audit_seal z WHERE z.sealing_id = r.id);
    RETURN QUERY SELECT s.authority_id, 'gap', s.number, s."table"::text, NULL::bigint
        FROM audit_seal s WHERE NOT EXISTS (SELECT FROM audit_sealing r WHERE r.id = s.sealing_id);
    FOR shape IN SELECT DISTINCT s."table" AS name, s.columns FROM audit_seal s LOOP
        SELECT * INTO source FROM lace_audit_tables() a WHERE a.name = shape.name AND a.columns @> shape.columns;
        IF source.name IS NULL THEN
            RETURN QUERY SELECT s.authority_id, 'unreadable', min(s.number), shape.name::text, NULL::bigint FROM audit_seal s
                WHERE s."table" = shape.name AND s.columns = shape.columns GROUP BY s.authority_id;
            CONTINUE;
        END IF;
        RETURN QUERY EXECUTE format($sql$
            SELECT s.authority_id, CASE
                WHEN t.%2$I IS NULL THEN 'missing'
                WHEN u.digest IS DISTINCT FROM %3$s OR s.authority_id <> t.authority THEN 'changed'
                ELSE 'late' END, s.number, $1, u.id
            FROM audit_seal s
            LEFT JOIN audit_sealing r ON r.id = s.sealing_id - 1
            CROSS JOIN LATERAL unnest(s.rows, s.digests) AS u (id, digest)
            LEFT JOIN (SELECT *, %1$s AS authority FROM %4$I) t ON t.%2$I = u.id
            WHERE s."table" = $1 AND s.columns = $2
                AND (t.%2$I IS NULL OR u.digest IS DISTINCT FROM %3$s OR s.authority_id <> t.authority OR t.%5$I < r.at - interval '{LATE}')
        $sql$, source.authority, source.key, lace_audit_digest(shape.columns), source.name, source.moment) USING shape.name::text, shape.columns;
    END LOOP;
    RETURN QUERY SELECT min(s.authority_id), 'twice', max(s.number), s."table"::text, sealed.id
        FROM audit_seal s, unnest(s.rows) AS sealed (id) GROUP BY s."table", sealed.id HAVING count(*) > 1;
    FOR source IN SELECT * FROM lace_audit_tables() LOOP
        RETURN QUERY EXECUTE format($sql$
            SELECT t.authority, 'added', NULL::bigint, $1, t.id FROM (SELECT %1$s AS authority, %2$I::bigint AS id FROM %3$I WHERE %2$I <= $2) t
            WHERE NOT EXISTS (SELECT FROM audit_seal s, unnest(s.rows) AS sealed (id) WHERE s."table" = $1 AND sealed.id = t.id)
        $sql$, source.authority, source.key, source.name) USING source.name, coalesce((mark.marks ->> source.name)::bigint, 0);
    END LOOP;
END
$$
"""  # noqa: S608  # constants of this module only

ROWS = f"""
CREATE OR REPLACE FUNCTION lace_audit_rows() RETURNS TABLE (authority_id bigint, rows bigint)
LANGUAGE sql STABLE {_DEFINER} AS $$ SELECT s.authority_id, sum(cardinality(s.rows))::bigint FROM audit_seal s GROUP BY s.authority_id $$
"""  # noqa: S608  # constants of this module only
HEADS = f"""
CREATE OR REPLACE FUNCTION lace_audit_heads() RETURNS SETOF audit_seal
LANGUAGE sql STABLE {_DEFINER} AS $$ SELECT DISTINCT ON (authority_id) * FROM audit_seal ORDER BY authority_id, number DESC $$
"""  # noqa: S608  # constants of this module only
ONE = f"""
CREATE OR REPLACE FUNCTION lace_audit_seal(authority bigint, place bigint) RETURNS bytea
LANGUAGE sql STABLE {_DEFINER} AS $$ SELECT chain FROM audit_seal WHERE authority_id = authority AND number = place $$
"""  # noqa: S608  # constants of this module only
# How much of the asker's own authority is not sealed yet.
WAITING = f"""
CREATE OR REPLACE FUNCTION lace_audit_waiting() RETURNS bigint
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
DECLARE
    tenants bigint[] := nullif(current_setting('app.tenant_ids', true), '')::bigint[]; mark audit_sealing := lace_audit_mark();
    source record; found bigint; counted bigint := 0;
BEGIN
    FOR source IN SELECT * FROM lace_audit_tables() LOOP
        EXECUTE format($sql$
            SELECT count(*) FROM (SELECT %1$s AS authority, %2$I::bigint AS id FROM %3$I WHERE %2$I > $2) t WHERE t.authority = ANY($1)
                AND NOT EXISTS (
                    SELECT FROM audit_seal s, unnest(s.rows) AS sealed (id) WHERE s."table" = $3 AND s.sealing_id > $4 AND sealed.id = t.id
                )
        $sql$, source.authority, source.key, source.name) INTO found
        USING tenants, coalesce((mark.marks ->> source.name)::bigint, 0), source.name, coalesce(mark.id, 0);
        counted := counted + found;
    END LOOP;
    RETURN counted;
END
$$
"""  # noqa: S608  # constants of this module only

INNER = {
    "lace_audit_tables()": TABLES,
    "lace_audit_digest(text[])": DIGEST,
    "lace_audit_chained(bytea, bigint, bigint, text, text[], bigint[], bytea[], bigint, timestamptz, bigint)": CHAINED,
    "lace_audit_mark()": MARK,
}
FOR_JOBS = {
    "lace_seal_audit()": SEAL,
    "lace_audit_faults()": FAULTS,
    "lace_audit_rows()": ROWS,
    "lace_audit_heads()": HEADS,
    "lace_audit_seal(bigint, bigint)": ONE,
}
FOR_ALL = {"lace_audit_waiting()": WAITING}
FUNCTIONS = {**INNER, **FOR_JOBS, **FOR_ALL}


def created() -> list[str]:
    """The statements that make the functions and say who may call them."""
    made = list(FUNCTIONS.values())
    made += [f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC" for name in FUNCTIONS]
    made += [f"GRANT EXECUTE ON FUNCTION {name} TO {JOB_ROLE}" for name in FOR_JOBS]
    made += [f"GRANT EXECUTE ON FUNCTION {name} TO lace_app" for name in FOR_ALL]
    return made


def dropped() -> list[str]:
    return [f"DROP FUNCTION {name}" for name in reversed(FUNCTIONS)]
