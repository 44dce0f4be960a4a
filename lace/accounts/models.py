"""Authorities, organisations, people and the memberships under which they act."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.accounts.rules import Decision
from lace.audit.track import tracked
from lace.core.model import Row


class Language(models.TextChoices):
    """Languages are named in themselves."""

    ENGLISH = "en-gb", "English"
    WELSH = "cy", "Cymraeg"


class TwoNames(models.Model):
    """A body with a name in each language, equal in rank."""

    name_en = models.CharField(max_length=200)
    name_cy = models.CharField(max_length=200)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        return self.name_cy if (get_language() or "").startswith("cy") else self.name_en


class LocalAuthority(TwoNames):
    """One of the 22 authorities of Wales: a tenant. Its settings are columns, each with the visible default of DL-11."""

    code = models.CharField(max_length=3, unique=True)
    gss = models.CharField(max_length=9, unique=True)
    la_number = models.CharField(max_length=3, unique=True)
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="authority")
    brand_colour = models.CharField(max_length=7, default="#00594f")
    # The unit of "20 days" in 002 1.16 is not stated; calendar days are the strictest reading (AMB-01).
    developed_clock = models.CharField(max_length=8, default="calendar")
    minimum_group_size = models.PositiveSmallIntegerField(default=5)  # below it no figure is shown (PRIV-09)
    large_meeting = models.PositiveSmallIntegerField(default=8)  # people; a longer list of invited is warned of (PRIV-02)
    policy_check_months = models.PositiveSmallIntegerField(default=12)  # between two looks at a school's policy (SCH-13)

    class Meta:
        verbose_name = _("local authority")
        verbose_name_plural = _("local authorities")


class Organisation(TwoNames):
    """A body that stands to children through its people: a school, a home, a provider."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("School")
        HOME = "home", _("Residential home")
        SERVICE = "service", _("Fostering or leaving-care service")
        PROVIDER = "provider", _("College, training provider or university")

    kind = models.CharField(max_length=10, choices=Kind)
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="organisations")
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="organisation")

    class Meta:
        verbose_name = _("organisation")


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, name: str, password: str | None = None, language: str = Language.ENGLISH) -> User:
        user = self.model(email=email.strip().lower(), name=name, language=language)
        user.set_password(password)
        user.save(using=self._db)
        return user


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may see hangs on their memberships, never on the account."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def open_on(self, day: date) -> MembershipQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)


@tracked()
class Membership(models.Model):
    """A person's role in an authority or one of its organisations, from a day and until, not including, another (PRIV-17)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role)
    # Found by the indexes with the role: beside one without it the planner read all members of an authority to find its coordinators.
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships", db_index=False)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "authority", "organisation"],
                condition=Q(ends_on__isnull=True),
                nulls_distinct=False,
                name="one_open_membership",
                violation_error_message=_("This person already holds this role there."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="membership_ends_after_start",
                violation_error_message=_("A role cannot end before it starts."),
            ),
        ]
        indexes = [models.Index(fields=["authority", "role"]), models.Index(fields=["organisation", "role"])]


class RoleInvitationQuerySet(models.QuerySet["RoleInvitation"]):
    def open_at(self, moment: datetime) -> RoleInvitationQuerySet:
        """Those whose link still works."""
        return self.waiting().filter(expires_at__gt=moment)

    def waiting(self) -> RoleInvitationQuerySet:
        """Neither taken up nor withdrawn; the link may have run out."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)


@tracked(exclude=["token_sha256"])
class RoleInvitation(Row):
    """A role offered to somebody by a link in an e-mail: it works once and until a day, and gives nothing before it is taken up.

    The link is signed; of it the digest is kept. Sending again makes a new link, and the old one works no longer.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    name = models.CharField(max_length=200)  # as the administrator wrote it: an account that was there already keeps its own
    role = models.CharField(max_length=30, choices=Role)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    ends_on = models.DateField(null=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent = models.PositiveSmallIntegerField(default=1)  # how often
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token_sha256 = models.CharField(max_length=64, unique=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = RoleInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "user"], condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True), name="one_waiting_invitation"
            ),
            models.CheckConstraint(condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True), name="accepted_or_withdrawn"),
        ]


@tracked()
class AccessReview(Row):
    """Once a term an authority looks through every open role: is it still needed? (PRIV-17)"""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    term_starts_on = models.DateField()
    due_on = models.DateField()

    class Meta:
        verbose_name = _("access review")
        constraints = [models.UniqueConstraint(fields=["authority", "term_starts_on"], name="one_review_a_term")]


class ReviewedRoleQuerySet(models.QuerySet["ReviewedRole"]):
    def undecided(self, day: date) -> ReviewedRoleQuerySet:
        """Still open, and nothing said of them."""
        return self.filter(decision="", membership__in=Membership.objects.open_on(day))

    def over(self, day: date) -> ReviewedRoleQuerySet:
        """Ended in the review, or meanwhile without it."""
        return self.filter(Q(decision=Decision.ENDED) | Q(decision="", membership__ends_on__lte=day))


@tracked()
class ReviewedRole(Row):
    """A role that was open when the review began, and what was said of it by whom. Nothing said: not confirmed."""

    review = models.ForeignKey(AccessReview, on_delete=models.PROTECT, related_name="roles")
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="reviews")
    last_used_at = models.DateTimeField(null=True)  # at the beginning of the review; empty: never
    # Whether any child was connected with the role then: named to the person, or to the school or home. Empty: not known, or no such role.
    has_children = models.BooleanField(null=True)
    decision = models.CharField(max_length=9, choices=Decision, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = ReviewedRoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role in a review")
        constraints = [
            models.UniqueConstraint(fields=["review", "membership"], name="once_in_a_review"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="decided_by_somebody",
            ),
        ]
