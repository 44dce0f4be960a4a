"""The child, the time in care, the placements, and who stands in which relation to the child."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.contrib.auth.models import Permission as RelationCode
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from lace.accounts.access import Facet, Grant, Held, Relation, Role, grant_of, relations_giving
from lace.accounts.models import LocalAuthority, Organisation, User
from lace.audit.track import tracked
from lace.children import rules
from lace.core.actor import Actor
from lace.core.model import Row

M = TypeVar("M", bound=models.Model)


class DateRange(Func):
    """daterange(start, end): the end is the day of leaving, so the next may start on it."""

    function = "DATERANGE"
    output_field = DateRangeField()


class _IsAny(Func):
    """`column = ANY(array)`: an index scan for each side of an OR, where IN would read the whole table."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()
    conditional = True


class _ArrayOf(ArraySubquery):
    """The array of a query's rows. That of a query known to find nothing makes the condition false, which Django then leaves out."""

    empty_result_set_value = NotImplemented


def _visible(actor: Actor, child: str, facet: Facet | None = None) -> Q:
    """The rows of children this actor may see, by the column with the child's id; with `facet`, of those of whom the actor holds it.

    An arm for which the actor has no authority, group or relation finds nothing: Django knows, and leaves it out.
    """
    through = None if facet is None else relations_giving(actor, facet)
    reach = Q(authority_id__in=actor.authorities if through is None or Relation.RESPONSIBLE in through else ())
    if not _reads_closed(actor, facet):
        closed = Child.objects.filter(authority__in=actor.authorities, sealed_on__lte=actor.today)
        reach &= ~Q(_IsAny(F(child), _ArrayOf(closed.values("pk"))))
    for granted in (_granted_to_groups(actor), _granted_to_person(actor)):
        if through is not None:
            granted = granted.filter(_by(through), Q(facets__isnull=True) | Q(facets__contains=[facet]))
        reach |= Q(_IsAny(F(child), _ArrayOf(granted.values("content_object_id"))))
    return reach


def _reads_closed(actor: Actor, facet: Facet | None) -> bool:
    """Of a record that was closed after an adoption its LACE coordinators are left who the child is, and the education part (PRIV-20)."""
    return actor.role == Role.LACE_COORDINATOR and facet in {None, Facet.IDENTITY, Facet.EDUCATION}


def _granted_to_groups(actor: Actor) -> models.QuerySet[ChildGroupGrant]:
    return ChildGroupGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today), _by(actor.relations), group__in=actor.groups, starts_on__lte=actor.today
    )


def _granted_to_person(actor: Actor) -> models.QuerySet[ChildUserGrant]:
    return ChildUserGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today), _by(actor.own_relations), user=actor.user_id, starts_on__lte=actor.today
    )


def _by(relations: Collection[str]) -> Q:
    """Grants of these relations, by an array: joined, the planner left the B-tree of holder and relation for the exclusion constraint's index."""
    if not relations:
        return Q(pk__in=())
    return Q(_IsAny(F("permission_id"), _ArrayOf(RelationCode.objects.filter(codename__in=sorted(relations)).values("pk"))))


class ChildQuerySet(models.QuerySet["Child"]):
    def visible_to(self, actor: Actor) -> Self:
        """The children this actor may see: the start of every query at a door."""
        return self.filter(_visible(actor, "id"))

    def readable_by(self, actor: Actor, facet: Facet) -> Self:
        """Those of whom the actor holds this facet."""
        return self.filter(_visible(actor, "id", facet))

    def in_care_on(self, day: date) -> ChildQuerySet:
        return self.filter(
            models.Exists(
                CareEpisode.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=day), child=models.OuterRef("pk"), started_on__lte=day)
            )
        )


class ChildOwnedQuerySet(models.QuerySet[M]):
    """Rows about a child: seen by those who see the child, and of a guarded table by those who hold its facet."""

    def visible_to(self, actor: Actor) -> Self:
        """The rows of the children this actor may see: the start of every query at a door."""
        return self.filter(_visible(actor, "child_id", getattr(self.model, "GUARDED_BY", None)))

    def readable_by(self, actor: Actor, facet: Facet) -> Self:
        """Of those, the rows of the children of whom the actor holds this facet: what a list may count before anything is shown."""
        return self.filter(_visible(actor, "child_id", facet))


class AddressQuerySet(ChildOwnedQuerySet["PlacementAddress"]):
    def visible_to(self, actor: Actor) -> Self:
        """Those of the children whose address this actor may read, but for children whose address must not be shown."""
        return super().visible_to(actor).filter(child__address_is_sensitive=False)


class ChildOwned(Row):
    """A row about a child. `authority` is the child's, kept equal by a composite foreign key.

    Keys that say "once a child" name the authority too: a key is checked before a foreign key, and would otherwise answer questions
    about a child whom the asker may not see.

    `FACETS` says for every field which facet must be held to read it; a field that is not named fails the build. A table whose
    rows are all of one guarded facet names it in `GUARDED_BY`, and its policy asks for it too (`ProtectChild(…, facet=…)`).
    """

    child = models.ForeignKey("children.Child", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)

    FACETS: ClassVar[Mapping[str, Facet]] = {}
    GUARDED_BY: ClassVar[Facet | None] = None

    class Meta:
        abstract = True


@tracked()
class Child(Row):
    """A child or young person. The row belongs to the responsible authority, the corporate parent (XLA-01)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="children", verbose_name=_("responsible authority"))
    reference = models.CharField(_("social care reference"), max_length=40)  # the number in the authority's own case system
    given_names = models.CharField(_("given names"), max_length=100)
    family_name = models.CharField(_("family name"), max_length=100)
    preferred_name = models.CharField(_("preferred name"), max_length=100, blank=True)
    sort_key = models.CharField(max_length=400, editable=False)
    born_on = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=6, choices=rules.Sex)
    ethnicity = models.CharField(_("ethnicity"), max_length=4, choices=rules.Ethnicity, default=rules.Ethnicity.NOT_KNOWN)
    upn = models.CharField(_("unique pupil number"), max_length=13, blank=True)
    first_language = models.CharField(_("first language"), max_length=60, blank=True)
    disabled = models.BooleanField(_("disability"), default=False)
    additional_needs = models.BooleanField(_("additional learning needs"), default=False)
    free_school_meals = models.BooleanField(_("free school meals"), default=False)
    address_is_sensitive = models.BooleanField(_("the address must not be shown"), default=False)
    # After an adoption the former record is closed to the authority too, but for what the family asked for (PRIV-20; 002 4.73).
    sealed_on = models.DateField(_("record closed on"), null=True, blank=True)
    support_agreed = models.BooleanField(_("the family asked for support in education"), default=False)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "authority", "given_names", "family_name", "preferred_name", "sort_key", "born_on", "sex", "upn"), Facet.IDENTITY
    ) | {
        "reference": Facet.CARE,
        "ethnicity": Facet.IDENTITY,
        "first_language": Facet.IDENTITY,
        "disabled": Facet.EDUCATION,
        "additional_needs": Facet.EDUCATION,
        "free_school_meals": Facet.EDUCATION,
        "address_is_sensitive": Facet.ADDRESS,
        "sealed_on": Facet.CARE,
        "support_agreed": Facet.CARE,
    }

    objects = ChildQuerySet.as_manager()

    class Meta:
        verbose_name = _("child")
        default_permissions = ()
        permissions = [(str(relation), f"stands to the child as {relation}") for relation in Relation if relation != Relation.RESPONSIBLE]
        constraints = [
            models.UniqueConstraint(fields=["id", "authority"], name="child_with_authority"),  # what children's rows refer to
            # Within the authority only: that a number exists elsewhere must not be discoverable.
            models.UniqueConstraint(
                fields=["authority", "upn"],
                condition=~Q(upn=""),
                name="upn_once_in_authority",
                violation_error_message=_("Another child of your authority has this unique pupil number"),
            ),
            models.UniqueConstraint(
                fields=["authority", "reference"],
                name="reference_once_in_authority",
                violation_error_message=_("Another child of your authority has this social care reference"),
            ),
        ]
        indexes = [
            models.Index(fields=["authority", "sort_key"]),
            models.Index(fields=["authority"], condition=Q(sealed_on__isnull=False), name="closed_records"),  # asked of in every statement
        ]

    @property
    def name(self) -> str:
        """What the child is called: the preferred name, else the first given name, and the family name."""
        return f"{self.called} {self.family_name}"

    @property
    def called(self) -> str:
        """The preferred name, else the first given name."""
        return self.preferred_name or self.given_names.split(" ")[0]

    @property
    def initials(self) -> str:
        """All that a message outside Lace may say of the child (PRIV-14)."""
        return rules.initials(self.called, self.family_name)


@tracked()
class CareEpisode(ChildOwned):
    """A time of being looked after, from the day of entry to, not including, the day it ended (DATA-02)."""

    started_on = models.DateField(_("looked after since"))
    entry_type = models.CharField(_("entry"), max_length=9, choices=rules.EntryType)
    reason = models.CharField(_("reason"), max_length=20, choices=rules.EntryReason)
    legal_status = models.CharField(_("legal status"), max_length=12, choices=rules.LegalStatus)
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("reason for the end"), max_length=20, choices=rules.EndReason, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "started_on", "entry_type", "legal_status", "ended_on", "end_reason"), Facet.CARE
    ) | {"reason": Facet.LEGAL}

    objects = ChildOwnedQuerySet["CareEpisode"].as_manager()

    class Meta:
        verbose_name = _("time in care")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="episode_ends_after_start",
                violation_error_message=_("The end must be on or after the start"),
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="") | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="episode_end_with_reason",
                violation_error_message=_("Give the day and the reason of the end together"),
            ),
            ExclusionConstraint(
                name="episodes_do_not_overlap",
                expressions=[
                    ("child", RangeOperators.EQUAL),
                    ("authority", RangeOperators.EQUAL),
                    (DateRange("started_on", "ended_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The child is already looked after in these dates"),
            ),
        ]
        indexes = [models.Index(fields=["authority", "started_on"])]


@tracked()
class Placement(ChildOwned):
    """Where the child lives, from a day and until, not including, another. Address and carer stand in a guarded table beside it."""

    episode = models.ForeignKey(CareEpisode, on_delete=models.PROTECT, related_name="placements")
    kind = models.CharField(_("kind of placement"), max_length=20, choices=rules.PlacementType)
    started_on = models.DateField(_("start"))
    ended_on = models.DateField(_("end"), null=True, blank=True)
    end_reason = models.CharField(_("reason for the move"), max_length=10, choices=rules.PlacementEndReason, blank=True)
    host_authority = models.ForeignKey(
        LocalAuthority, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("authority where the child lives")
    )
    outside_wales = models.CharField(_("place outside Wales"), max_length=100, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "episode", "kind", "started_on", "ended_on", "end_reason", "host_authority", "outside_wales"),
        Facet.CARE,
    )

    objects = ChildOwnedQuerySet["Placement"].as_manager()

    class Meta:
        verbose_name = _("placement")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="placement_ends_after_start",
                violation_error_message=_("The end must be on or after the start"),
            ),
            ExclusionConstraint(
                name="placements_do_not_overlap",
                expressions=[
                    ("child", RangeOperators.EQUAL),
                    ("authority", RangeOperators.EQUAL),
                    (DateRange("started_on", "ended_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The child has another placement in these dates"),
            ),
        ]
        indexes = [models.Index(fields=["child", "started_on"]), models.Index(fields=["authority", "started_on"])]


@tracked()
class PlacementAddress(ChildOwned):
    """With whom and at which address a placement is. Apart, so that the database itself gives it to few (goals A1).

    A child's "the address must not be shown" beats every relation: it is then read in the authority's own system only.
    """

    placement = models.OneToOneField(Placement, on_delete=models.PROTECT, related_name="where")
    home = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("children's home"))
    carer_name = models.CharField(_("carer"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    postcode = models.CharField(_("postcode"), max_length=8, blank=True)

    GUARDED_BY = Facet.ADDRESS
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "placement", "home", "carer_name", "address", "postcode"), Facet.ADDRESS
    )

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address of the placement")
        indexes = [models.Index(fields=["child"])]


class _Dated(models.Model):
    """A relation holds from a day and until, not including, another (PRIV-17).

    One given by hand says for what purpose and on which legal basis (PRIV-11), and may be narrowed to some facets (PRIV-04).
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    facets = ArrayField(models.CharField(max_length=20, choices=[(str(facet), str(facet)) for facet in Facet]), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    legal_basis = models.CharField(_("legal basis"), max_length=20, choices=rules.LegalBasis, blank=True)
    agreement = models.CharField(_("data-sharing agreement"), max_length=200, blank=True)
    consented_on = models.DateField(_("consent given on"), null=True, blank=True)  # where the relation rests on it (PRIV-10)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # none: it follows from a fact

    class Meta:
        abstract = True


@tracked()
class ChildUserGrant(UserObjectPermissionBase, _Dated):
    """A named person's relation to a child: the permission's codename is the relation."""

    content_object = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="user_grants")

    class Meta:
        default_permissions = ()
        constraints = [
            ExclusionConstraint(
                name="user_grants_do_not_overlap",
                expressions=[
                    ("content_object", RangeOperators.EQUAL),
                    ("authority", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    ("permission", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            )
        ]
        indexes = [models.Index(fields=["user", "permission", "content_object"]), models.Index(fields=["content_object", "permission"])]


@tracked()
class ChildGroupGrant(GroupObjectPermissionBase, _Dated):
    """A school's or an authority's relation to a child, held by its group."""

    content_object = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="group_grants")

    class Meta:
        default_permissions = ()
        constraints = [
            ExclusionConstraint(
                name="group_grants_do_not_overlap",
                expressions=[
                    ("content_object", RangeOperators.EQUAL),
                    ("authority", RangeOperators.EQUAL),
                    ("group", RangeOperators.EQUAL),
                    ("permission", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            )
        ]
        indexes = [models.Index(fields=["group", "permission", "content_object"]), models.Index(fields=["content_object", "permission"])]


def relation_code(relation: Relation) -> RelationCode:
    """guardian's permission row for a relation."""
    return RelationCode.objects.get_by_natural_key(str(relation), "children", "child")


def lock(child: Child) -> Child:
    """The child's row as it stands, held to the end of the transaction: acts about one child happen one after another.

    NO KEY, so that the sweep's foreign-key checks on the child wait for nobody.
    """
    return Child.objects.select_for_update(of=("self",), no_key=True).select_related("authority").get(pk=child.pk)


def grants_of(actor: Actor, children: Iterable[Child]) -> dict[UUID, Grant]:
    """What the actor may read of and do to each of these children; one query however many there are. A child out of reach has an empty grant."""
    held: dict[UUID, list[Held]] = {}
    for child in children:
        opened = open_of_closed(child, Role(actor.role), actor.today) if child.authority_id in actor.authorities else frozenset()
        held[child.pk] = [Held(Relation.RESPONSIBLE, opened)] if opened is None or opened else []
    for granted in (_granted_to_groups(actor), _granted_to_person(actor)):
        rows: Any = granted.filter(content_object__in=list(held)).values_list("content_object_id", "permission__codename", "facets")
        for child_id, codename, facets in rows:
            held[child_id].append(Held(Relation(codename), None if facets is None else frozenset(map(Facet, facets))))
    return {child_id: grant_of(actor, relations) for child_id, relations in held.items()}


def open_of_closed(child: Child, role: Role, on: date) -> frozenset[Facet] | None:
    """What the authority itself may still read of a record that was closed after an adoption: its LACE coordinators who the child is,
    and the education part where the family asked for support, nobody else anything (PRIV-20). None: the record is not closed.
    """
    if child.sealed_on is None or child.sealed_on > on:
        return None
    if role != Role.LACE_COORDINATOR:
        return frozenset()
    return frozenset({Facet.IDENTITY, Facet.EDUCATION}) if child.support_agreed else frozenset({Facet.IDENTITY})
