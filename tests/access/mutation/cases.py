"""What the rules of access tell apart and the furnished authorities do not have: put in before the mutants are tried."""

from __future__ import annotations

from datetime import date

from lace.accounts.access import Role
from lace.accounts.authorities import BY_NUMBER, consortium_of
from lace.accounts.models import LocalAuthority
from lace.database.context import OWNER_ROLE
from reporting.models import TermFigures
from reporting.rules.figures import BodyKind
from schools.models import School
from schools.rules import Term
from tests.access.random_queries.population import AUTHORITIES, Population, connect
from tests.world import make_school, person


def make_cases(database: str, today: date) -> None:
    """What the policies and scopes tell apart, of each authority: an address that must not be shown (the second child's), records closed after an
    adoption (the third's yesterday, the fourth's today), relations that begin and end on the days about today, of people, bodies and other
    authorities, and every third relation narrowed by hand (PRIV-04).
    """
    with connect(database, OWNER_ROLE) as owner:
        owner.execute(
            "CREATE TEMPORARY TABLE numbered AS"
            " SELECT id, authority_id, row_number() OVER (PARTITION BY authority_id ORDER BY reference) n FROM children_child"
        )
        which = "FROM numbered WHERE numbered.id = children_child.id AND n"
        owner.execute(f"UPDATE children_child SET address_is_sensitive = true {which} = 2".encode())
        owner.execute(f"UPDATE children_child SET sealed_on = CURRENT_DATE + n::int - 4, support_agreed = n = 3 {which} IN (3, 4)".encode())
        columns = "content_object_id, authority_id, permission_id, starts_on, ends_on, purpose, legal_basis, agreement"
        values = "o.id, o.authority_id, g.permission_id, %(today)s + starts, %(today)s + ends, '', '', ''"
        edges = "(VALUES (2, -9, 0), (3, -9, 1), (4, 0, 40), (5, 1, 40)) edge (of, starts, ends)"
        for table, holder in (("children_childusergrant", "user_id"), ("children_childgroupgrant", "group_id")):
            owner.execute(
                f"INSERT INTO {table} ({columns}, {holder}) SELECT {values}, {holder} FROM {table} g JOIN numbered f ON f.id = g.content_object_id"
                f" JOIN numbered o ON o.authority_id = f.authority_id JOIN {edges} ON of = o.n WHERE f.n = 1 ON CONFLICT DO NOTHING".encode(),
                {"today": today},
            )
        owner.execute(  # each authority is host to children of one other, on the same days, and to one for good
            f"INSERT INTO children_childgroupgrant ({columns}, group_id)"
            f" SELECT {values}, a.group_id FROM (SELECT DISTINCT authority_id FROM numbered) f"
            " JOIN accounts_localauthority a ON a.id = f.authority_id"
            " JOIN LATERAL (SELECT id AS permission_id FROM auth_permission WHERE codename = 'host') g ON true"
            f" JOIN numbered o ON o.authority_id <> a.id JOIN (SELECT * FROM {edges} UNION VALUES (1, -9, 400)) e (of, starts, ends) ON of = o.n"
            " ON CONFLICT DO NOTHING".encode(),
            {"today": today},
        )
        owner.execute(  # two children leave their school, and one comes
            "UPDATE children_childgroupgrant g SET ends_on = %s::date + n::int - 2 FROM numbered, auth_permission p"
            " WHERE numbered.id = content_object_id AND n IN (2, 3) AND p.id = permission_id AND codename = 'school' AND ends_on IS NULL",
            [today],
        )
        owner.execute(
            "UPDATE children_childgroupgrant g SET starts_on = %s::date + 1 FROM numbered, auth_permission p"
            " WHERE numbered.id = content_object_id AND n = 4 AND p.id = permission_id AND codename = 'school'",
            [today],
        )
        for table in ("children_childusergrant", "children_childgroupgrant"):
            third = f"SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) r FROM {table}) numbers WHERE r % 3 = 0"
            owner.execute(f"UPDATE {table} SET facets = '{{identity,no_contact,voice}}' WHERE id IN ({third})".encode())


def share_out(made: Population) -> None:
    """Rows that the dice give to nobody in particular: messages of no child, one's own readings, and statements for LACE coordinators to read."""
    made.owner.execute("UPDATE notifications_notification SET child_id = NULL WHERE id::text < '5'")
    for same, which in (("=", 0), ("<>", 1)):  # here, and by the same person elsewhere
        made.owner.execute(
            f"UPDATE audit_read SET user_id = (SELECT min(user_id) FROM accounts_membership m WHERE m.authority_id {same} audit_read.authority_id"
            f" AND m.authority_id IN (SELECT authority_id FROM children_child)) WHERE id % 3 = {which}".encode()
        )
    chosen = ("children_statement", "peps_addition")
    for name in chosen:
        made.owner.execute(f"UPDATE {name} SET readers = readers || '{{lace_coordinator}}' WHERE id::text < '8'".encode())
    for name in ("notifications_notification", "audit_read", *chosen):
        made.rows[name] = made._read(made.tables[name])


def found_apart(today: date) -> None:
    """A second school in each authority, which no child attends; and somebody of an authority in no consortium."""
    for authority in LocalAuthority.objects.filter(code__in=AUTHORITIES):
        make_school(authority)
    alone = next(row for row in LocalAuthority.objects.order_by("code") if consortium_of(BY_NUMBER[row.la_number], on=today) is None)
    person(Role.CONSORTIUM_LEAD, alone)


def publish_figures(today: date) -> None:
    """Figures of a term of every kind of body, and of two kinds under one name."""
    bodies = [(BodyKind.WALES, "wales", "")]
    for school in School.objects.select_related("organisation__authority"):
        number = school.organisation.authority.la_number
        consortium = consortium_of(BY_NUMBER[number], on=today)
        region = consortium.code if consortium else ""
        bodies += [(BodyKind.SCHOOL, school.number, ""), (BodyKind.AUTHORITY, number, region), (BodyKind.REGION, region or "none", region)]
        bodies += [(BodyKind.AUTHORITY, school.number, ""), (BodyKind.SCHOOL, number, "")]
    TermFigures.objects.bulk_create(
        TermFigures(year=2025, term=Term.AUTUMN, kind=kind, body=body, region=region, figures={}, least=5, cut_on=today)
        for kind, body, region in dict.fromkeys(bodies)
    )
