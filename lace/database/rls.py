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


def child_visible(child: str, authority: str = "authority_id") -> str:
    """The SQL of "may see this child": an authority-wide role of its responsible authority, or an open relation.

    The function stands in a subquery of its own, which is evaluated once a statement. Bare, it ran anew for every row and every inner
    query of a list: 111 ms of a social worker's caseload in place of 18 (measured).
    """
    return f"({authority} = ANY({_ids('authority_ids')}) OR {child} = ANY((SELECT lace_granted_children())::uuid[]))"


def facet_visible(facet: str, child: str = "child_id", authority: str = "authority_id") -> str:
    """The SQL of "may see this child, through a relation that gives this facet"; a grant that was narrowed must name the facet."""
    relations = f"(nullif(current_setting('app.facet_relations', true), '')::jsonb -> '{facet}')"
    return (
        f"(({authority} = ANY({_ids('authority_ids')}) AND {relations} ? 'responsible')"
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


class Protect(migrations.RunSQL):
    """Guard a table by a rule of its own: `visible` says who passes, `may_add` who may write a row (the same unless said).

    `{child}` in either stands for "may see the child of this row". `may` is what the app's role may do; `job` what the set-based
    jobs' role may do (nothing unless said).
    """

    def __init__(self, table: str, *, visible: str, may: str, job: str = "", may_add: str = "") -> None:
        self.table = table
        visible = visible.replace("{child}", child_visible("child_id"))
        check = f"{visible} OR {may_add.replace('{child}', child_visible('child_id'))}" if may_add else visible
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
    (nothing unless said). Event tables of the audit pass `may="SELECT, INSERT"`: append-only.
    """

    def __init__(self, table: str, *, child: str = "child_id", may: str = "SELECT, INSERT, UPDATE", job: str = "", facet: str = "") -> None:
        super().__init__(table, visible=facet_visible(facet, child) if facet else child_visible(child), may=may, job=job)


class ProtectTenant(Protect):
    """Guard a table that belongs to an authority and holds no child's data."""

    def __init__(self, table: str, *, authority: str = "authority_id", may: str = "SELECT, INSERT, UPDATE", job: str = "") -> None:
        super().__init__(table, visible=tenant_visible(authority), may=may, job=job)


class GrantedChildren(migrations.RunSQL):
    """The function the policies stand on; after the two relation tables, before the first `ProtectChild`."""

    def __init__(self) -> None:
        super().__init__(
            [GRANTED_CHILDREN, f"GRANT EXECUTE ON FUNCTION lace_granted_children() TO {APP_ROLE}"], "DROP FUNCTION lace_granted_children()"
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
