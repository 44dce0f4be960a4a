"""Somebody in each of the other roles around one child of the demonstration, so that every page has a reader to sign in as."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.contrib.auth.models import Group

from lace.accounts.access import BY_CONSENT, GROUP_RELATION, HELD_IN_SCHOOL, NAMED_RELATION, TIME_LIMITED, Relation, Role
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, NoContactPerson, Statement, relation_code
from lace.children.rules import ContactLimit, LegalBasis
from schools.models import School

NAMES = (
    *("Alun Prydderch", "Beti Hafgan", "Cai Morlais", "Delyth Ceiri", "Elfed Cynfal", "Ffion Dulas", "Gethin Alwen", "Heledd Brefi", "Ieuan Caeron"),
    *("Lleucu Dyfi", "Mostyn Eifion", "Nia Ffraw", "Osian Glaslyn", "Petra Hirnant", "Rhun Irfon", "Siwan Llugwy", "Tecwyn Marlais", "Undeg Nedd"),
    *("Wmffre Ogwen", "Ynyr Peris", "Anest Rheidol", "Bleddyn Senni", "Carys Teifi", "Dylan Wnion", "Eleri Ystwyth", "Ffred Aeron", "Gwawr Banwy"),
    *("Hefin Clwyd", "Ithel Dysynni", "Lowri Erch", "Mabon Ffrydlas", "Non Gwyrfai", "Owain Honddu", "Peredur Ithon", "Rhian Llyfnwy", "Sulwyn Taf"),
)  # fmt: skip
KINDS = {Relation.HOME: Organisation.Kind.HOME, Relation.LEAVING_CARE: Organisation.Kind.SERVICE, Relation.PROVIDER: Organisation.Kind.PROVIDER}
BODIES = {
    Relation.HOME: ("Hafod Lwyd", "Hafod Lwyd"),
    Relation.LEAVING_CARE: ("Leaving Care Service", "Gwasanaeth Gadael Gofal"),
    Relation.PROVIDER: ("Coleg y Bannau", "Coleg y Bannau"),
}


def gather(authority: LocalAuthority, school: School, child: Child, *, taken: set[str], on: date) -> Iterator[Membership]:
    """A person, a role and a relation to the child for each role not `taken`, from a month before that day; time-limited ones for half a year."""
    since = on - timedelta(days=30)
    bodies: dict[Relation, Organisation] = {}
    for role, name in zip([role for role in Role if role not in taken], NAMES, strict=False):
        user = User(email=f"{role.replace('_', '-')}@{authority.code.lower()}.lace.example", name=child.name if role == Role.CHILD else name)
        user.save()
        relations = GROUP_RELATION.get(role, ())
        organisation = None
        if role in HELD_IN_SCHOOL or {Relation.SCHOOL, Relation.SCHOOL_ALN} & set(relations):
            organisation = school.organisation
        elif relations and relations[0] in KINDS:
            organisation = bodies.get(relations[0]) or bodies.setdefault(relations[0], _body(authority, child, relations[0], since))
        if role in NAMED_RELATION:
            _name(child, user, NAMED_RELATION[role], since, on)
        yield Membership.objects.create(user=user, role=role, authority=authority, organisation=organisation, starts_on=since)


def _body(authority: LocalAuthority, child: Child, relation: Relation, since: date) -> Organisation:
    english, welsh = BODIES[relation]
    group = Group.objects.create(name=f"{KINDS[relation]}:{english}")
    body = Organisation.objects.create(kind=KINDS[relation], authority=authority, group=group, name_en=english, name_cy=welsh)
    if relation == Relation.HOME and ChildGroupGrant.objects.filter(content_object=child, permission=relation_code(relation)).exists():
        return body
    ChildGroupGrant.objects.create(
        content_object=child, group=group, permission=relation_code(relation), authority=authority, starts_on=since, **_given(relation)
    )
    return body


def _name(child: Child, user: User, relation: Relation, since: date, on: date) -> None:
    until = on + timedelta(days=180) if relation in TIME_LIMITED else None
    ChildUserGrant.objects.create(
        content_object=child,
        user=user,
        permission=relation_code(relation),
        authority_id=child.authority_id,
        starts_on=since,
        ends_on=until,
        **_given(relation),
    )


def _given(relation: Relation) -> dict[str, str]:
    """What a relation that somebody gives by hand says of itself."""
    basis = LegalBasis.CONSENT if relation in BY_CONSENT else LegalBasis.PUBLIC_TASK
    return {"purpose": "Cefnogi addysg y plentyn / Supporting the child's education", "legal_basis": basis}


def write_down(child: Child, *, by: User, on: date) -> None:
    """One person to be kept away and two statements, so that the guarded pages have something to guard."""
    owned = {"child": child, "authority_id": child.authority_id}
    NoContactPerson.objects.create(
        **owned, name="Gwrtheyrn Gad", relationship="Ewythr / Uncle", limit=ContactLimit.NONE, starts_on=on - timedelta(days=90), recorded_by=by,
        detail="Ffoniwch y gweithiwr cymdeithasol / Phone the social worker",
    )  # fmt: skip
    for text, readers in (
        ("Dw i eisiau aros yn y clwb gwyddbwyll.", [Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON]),
        ("Dw i ddim yn hoffi'r bws.", []),
    ):
        Statement.objects.create(
            **owned, text=text, language="cy", said_on=on - timedelta(days=7), readers=readers, taken_down_by=by, taken_down_as=Role.SOCIAL_WORKER
        )
