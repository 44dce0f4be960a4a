"""Row-level security, table by table: the migration operations that switch it on and say who passes.

`ProtectChild` guards a table that holds a child's data, `ProtectTenant` one that belongs to an authority without naming a
child. Both are FORCEd, so not even the owner passes by ownership; the owner's own policy lets migrations move data.
Measured at a million children: the form below stays an index scan (6 ms), EXISTS or IN would read the whole table (200 ms).
"""

from __future__ import annotations

from django.db import migrations

from lace.database.context import APP_ROLE, JOB_ROLE, OWNER_ROLE


def _ids(setting: str) -> str:
    return f"nullif(current_setting('app.{setting}', true), '')::bigint[]"


def _names(setting: str) -> str:
    return f"nullif(current_setting('app.{setting}', true), '')::text[]"


def own_authority(authority: str = "authority_id") -> str:
    """The SQL of "of an authority whose every child I see", closed records among them: for what a write leaves behind."""
    return f"{authority} = ANY({_ids('authority_ids')})"


def child_visible(child: str, authority: str = "authority_id") -> str:
    """The SQL of "may see this child": an authority-wide role of its responsible authority, or an open relation.

    A record that was closed after an adoption is there for the authority's LACE coordinators only (PRIV-20).

    The functions stand in subqueries of their own, which are evaluated once a statement. Bare, one ran anew for every row and every inner
    query of a list: 111 ms of a social worker's caseload in place of 18 (measured).
    """
    closed = f"{child} = ANY((SELECT lace_closed_children())::uuid[])"
    return (
        f"(({own_authority(authority)} AND (current_setting('app.role', true) = 'lace_coordinator' OR NOT {closed}))"
        f" OR {child} = ANY((SELECT lace_granted_children())::uuid[]))"
    )


def facet_visible(facet: str, child: str = "child_id", authority: str = "authority_id") -> str:
    """The SQL of "may see this child, through a relation that gives this facet"; a grant that was narrowed must name the facet.

    None of these facets is left to the authority of a record that was closed after an adoption.
    """
    relations = f"(nullif(current_setting('app.facet_relations', true), '')::jsonb -> '{facet}')"
    return (
        f"(({own_authority(authority)} AND {relations} ? 'responsible' AND NOT {child} = ANY((SELECT lace_closed_children())::uuid[]))"
        f" OR {child} = ANY((SELECT lace_granted_children_with('{facet}'))::uuid[]))"
    )


def tenant_visible(authority: str = "authority_id") -> str:
    """The SQL of "belongs to my authority", for tables that hold no child's data."""
    return f"({authority} = ANY({_ids('tenant_ids')}))"


# One array of the children to whom the asker holds an open relation; runs as the owner, because the relation rows are
# themselves protected by the policies that call it. ANY(ARRAY(…)) keeps it on the B-tree of person and relation: with IN the planner
# took the exclusion constraint's GiST index, which leads with the child, and read 700 pages in place of 5 (measured).
def _granted(name: str, argument: str, relations: str, narrowed: str) -> str:
    arms = " UNION ALL ".join(
        f"""
    SELECT content_object_id FROM public.{table}
    WHERE {holder}
      AND permission_id = ANY(ARRAY(SELECT id FROM public.auth_permission WHERE codename = ANY({_names(setting)}){relations}))
      AND starts_on <= nullif(current_setting('app.today', true), '')::date
      AND (ends_on IS NULL OR ends_on > nullif(current_setting('app.today', true), '')::date){narrowed}"""  # noqa: S608  # constants of this module only
        for table, holder, setting in (
            ("children_childusergrant", "user_id = nullif(current_setting('app.user_id', true), '')::bigint", "user_relations"),
            ("children_childgroupgrant", f"group_id = ANY({_ids('group_ids')})", "group_relations"),
        )
    )
    return f"""
CREATE OR REPLACE FUNCTION {name}({argument}) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
SELECT ARRAY({arms}
)
$$
"""  # constants of this module only


GRANTED_CHILDREN = _granted("lace_granted_children", "", "", "")
# Those among them to whom the role in use holds a guarded facet.
GRANTED_CHILDREN_WITH = _granted(
    "lace_granted_children_with",
    "facet text",
    " AND (nullif(current_setting('app.facet_relations', true), '')::jsonb -> facet) ? codename",
    " AND (facets IS NULL OR facet = ANY(facets))",
)


# One array of the children whose records are closed, of the authorities of which the asker sees every child. Without a day all count as
# closed. Runs as the owner, because children_child is under the policies that call it.
CLOSED_CHILDREN = f"""
CREATE OR REPLACE FUNCTION lace_closed_children() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
SELECT ARRAY(
    SELECT id FROM public.children_child
    WHERE {own_authority()} AND sealed_on IS NOT NULL
      AND coalesce(sealed_on <= nullif(current_setting('app.today', true), '')::date, true)
)
$$
"""  # noqa: S608  # constants of this module only


class Protect(migrations.RunSQL):
    """Guard a table by a rule of its own: `visible` says who passes, `may_add` who may write a row (the same unless said).

    `{child}` in either stands for "may see the child of this row". `may_add` must hold for every row that is visible, or its readers could
    not change it. `may` is what the app's role may do; `job` what the set-based jobs' role may do (nothing unless said).
    """

    def __init__(self, table: str, *, visible: str, may: str, job: str = "", may_add: str = "") -> None:
        self.table = table
        visible, check = (text.replace("{child}", child_visible("child_id")) for text in (visible, may_add or visible))
        forward = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY owner_all ON {table} TO {OWNER_ROLE} USING (true) WITH CHECK (true)",
            f"CREATE POLICY visible ON {table} TO {APP_ROLE} USING ({visible}) WITH CHECK ({check})",
            f"REVOKE ALL ON {table} FROM {APP_ROLE}",
            f"GRANT {may} ON {table} TO {APP_ROLE}",
        ]
        backward = [
            f"DROP POLICY visible ON {table}",
            f"DROP POLICY owner_all ON {table}",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ]
        if job:
            forward += [f"CREATE POLICY job ON {table} TO {JOB_ROLE} USING (true) WITH CHECK (true)", f"GRANT {job} ON {table} TO {JOB_ROLE}"]
            backward = [f"DROP POLICY job ON {table}", f"REVOKE ALL ON {table} FROM {JOB_ROLE}", *backward]
        super().__init__(tuple(forward), tuple(backward))

    def describe(self) -> str:
        return f"Row-level security on {self.table}"


class ProtectChild(Protect):
    """Guard a table with a child's data: only those who may see the child pass; with `facet`, only those who hold that facet of the child.

    `child` is the column with the child's id; `may` what the app's role may do; `job` what the set-based jobs' role may do
    (nothing unless said). Event tables of the audit pass `may="SELECT, INSERT"`: append-only; `may_add` as in `Protect`.
    """

    def __init__(
        self, table: str, *, child: str = "child_id", may: str = "SELECT, INSERT, UPDATE", job: str = "", facet: str = "", may_add: str = ""
    ) -> None:
        visible = facet_visible(facet, child) if facet else child_visible(child)
        super().__init__(table, visible=visible, may=may, job=job, may_add=may_add)


class ProtectTenant(Protect):
    """Guard a table that belongs to an authority and holds no child's data."""

    def __init__(self, table: str, *, authority: str = "authority_id", may: str = "SELECT, INSERT, UPDATE", job: str = "") -> None:
        super().__init__(table, visible=tenant_visible(authority), may=may, job=job)


class ProtectPublished(migrations.RunSQL):
    """Guard a table of an authority that everybody who signs in may read (term dates): only its own authority writes it."""

    def __init__(self, table: str, *, authority: str = "authority_id", may: str = "SELECT, INSERT, UPDATE, DELETE", job: str = "SELECT") -> None:
        own = tenant_visible(authority)
        super().__init__(
            (
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY owner_all ON {table} TO {OWNER_ROLE} USING (true) WITH CHECK (true)",
                f"CREATE POLICY readable ON {table} FOR SELECT TO {APP_ROLE} USING ({_ids('tenant_ids')} IS NOT NULL)",
                f"CREATE POLICY added ON {table} FOR INSERT TO {APP_ROLE} WITH CHECK ({own})",
                f"CREATE POLICY changed ON {table} FOR UPDATE TO {APP_ROLE} USING ({own}) WITH CHECK ({own})",
                f"CREATE POLICY removed ON {table} FOR DELETE TO {APP_ROLE} USING ({own})",
                f"CREATE POLICY job ON {table} FOR SELECT TO {JOB_ROLE} USING (true)",
                f"REVOKE ALL ON {table} FROM {APP_ROLE}",
                f"GRANT {may} ON {table} TO {APP_ROLE}",
                f"GRANT {job} ON {table} TO {JOB_ROLE}",
            ),
            (
                f"REVOKE ALL ON {table} FROM {JOB_ROLE}",
                *(f"DROP POLICY {name} ON {table}" for name in ("job", "removed", "changed", "added", "readable", "owner_all")),
                f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            ),
        )


class GrantedChildren(migrations.RunSQL):
    """The two functions the policies stand on; after the two relation tables, before the first `ProtectChild`."""

    def __init__(self) -> None:
        names = ("lace_granted_children()", "lace_closed_children()")
        super().__init__(
            [GRANTED_CHILDREN, CLOSED_CHILDREN, *(f"GRANT EXECUTE ON FUNCTION {name} TO {APP_ROLE}" for name in names)],
            [f"DROP FUNCTION {name}" for name in names],
        )


class GrantedChildrenWith(migrations.RunSQL):
    """The function that the policies of guarded tables stand on; before the first `ProtectChild(…, facet=…)`."""

    def __init__(self) -> None:
        super().__init__(
            [GRANTED_CHILDREN_WITH, f"GRANT EXECUTE ON FUNCTION lace_granted_children_with(text) TO {APP_ROLE}"],
            "DROP FUNCTION lace_granted_children_with(text)",
        )


class SameAuthority(migrations.RunSQL):
    """A child's rows belong to the child's authority: a composite foreign key, which also follows a hand-over (XLA-12).

    Foreign keys look past row-level security, so without it a row could point at an invisible child.
    """

    def __init__(self, table: str, *, child: str = "child_id") -> None:
        name = f"{table}_child_authority"
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({child}, authority_id)"
            " REFERENCES children_child (id, authority_id) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )


class JobMay(migrations.RunSQL):
    """What the set-based jobs' role may do on a table without row-level security (people, schools, calendars)."""

    def __init__(self, table: str, may: str = "SELECT") -> None:
        super().__init__(f"GRANT {may} ON {table} TO {JOB_ROLE}", f"REVOKE {may} ON {table} FROM {JOB_ROLE}")


class JobReads(migrations.RunSQL):
    """Columns that the set-based jobs' role may read of a table under row-level security which it may not otherwise touch."""

    def __init__(self, table: str, columns: str) -> None:
        name = "job_reads"
        super().__init__(
            (f"CREATE POLICY {name} ON {table} FOR SELECT TO {JOB_ROLE} USING (true)", f"GRANT SELECT ({columns}) ON {table} TO {JOB_ROLE}"),
            (f"REVOKE SELECT ({columns}) ON {table} FROM {JOB_ROLE}", f"DROP POLICY {name} ON {table}"),  # noqa: S608 - constants of migrations
        )
