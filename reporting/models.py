"""Published reports, frozen: what governors and panels read names no child and never changes."""

from __future__ import annotations

from typing import Any, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.accounts.authorities import BY_NUMBER, Consortium, consortium_of
from lace.accounts.models import Language, LocalAuthority, User
from lace.audit.track import tracked
from lace.core.actor import Actor
from lace.core.model import Row
from peps.models import digest
from reporting.rules import Cohort, Training
from reporting.rules.figures import BodyKind
from schools.models import School
from schools.rules import Term


class ReportQuerySet(models.QuerySet["TermlyReport"]):
    def visible_to(self, actor: Actor) -> Self:
        """A school's own people see its reports, governors those that are published; a LACE coordinator the published ones of the authority."""
        match actor.role:
            case Role.DESIGNATED_PERSON | Role.HEADTEACHER:
                return self.filter(school=actor.organisation_id)
            case Role.GOVERNOR | Role.LINK_GOVERNOR:
                return self.filter(school=actor.organisation_id, published_on__isnull=False)
            case Role.LACE_COORDINATOR:
                return self.filter(authority__in=actor.authorities, published_on__isnull=False)
            case _:
                return self.none()

    def published(self) -> Self:
        return self.filter(published_on__isnull=False)

    def newest_first(self) -> Self:
        in_year = models.Case(*(models.When(term=term, then=place) for place, term in enumerate(Term)), output_field=models.IntegerField())
        return self.order_by("-year", in_year.desc(), "-number")


@tracked()
class TermlyReport(Row):
    """The termly report of a school to its governing body (GOV-01): figures already held back where a child could be known.

    Prepared by the designated person, published by the headteacher. All that is printed is in the row and frozen when published.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="reports")
    year = models.PositiveSmallIntegerField()  # the calendar year in which the school year began
    term = models.CharField(max_length=6, choices=Term)
    number = models.PositiveSmallIntegerField(default=1)  # a later version of the same term's report replaces it, unaltered
    figures = models.JSONField()  # of reporting.rules.figures, with "earlier" terms as they were published
    narrative = models.TextField(_("what governors should know"), max_length=4000, blank=True)
    asks = models.TextField(_("what governors are asked to do"), max_length=1000, blank=True)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of the two texts
    training = models.CharField(max_length=6, choices=Training, blank=True)
    policy_reviewed_on = models.DateField(null=True)
    heads = models.JSONField(default=dict)  # names as they stood: school and authority in both languages, who prepared and who published
    cut_on = models.DateField()  # the day whose data it shows
    sha256 = models.CharField(max_length=64)  # of all that is printed
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_on = models.DateField(null=True)
    published_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("termly report")
        constraints = [
            models.UniqueConstraint(fields=["school", "year", "term", "number"], name="one_report_a_version"),
            models.UniqueConstraint(fields=["school", "year", "term"], condition=Q(published_on__isnull=True), name="one_draft_a_term"),
            models.CheckConstraint(condition=Q(published_on__isnull=True) | Q(published_on__gte=models.F("cut_on")), name="published_after_cut"),
            models.CheckConstraint(
                condition=Q(published_on__isnull=True, published_at__isnull=True, published_by__isnull=True)
                | Q(published_on__isnull=False, published_at__isnull=False, published_by__isnull=False),
                name="published_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["authority", "year", "term"])]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="frozen", operation=pgtrigger.Update, condition=pgtrigger.Q(old__published_on__isnull=False)),
        ]

    @property
    def cohort(self) -> Cohort:
        return Cohort(self.figures["cohort"])

    def printed(self) -> dict[str, Any]:
        """All that a reader meets of the report, in plain JSON."""
        return {
            "school": str(self.school_id),
            "year": self.year,
            "term": self.term,
            "number": self.number,
            "figures": self.figures,
            "narrative": self.narrative,
            "asks": self.asks,
            "language": self.language,
            "training": self.training,
            "policy_reviewed_on": self.policy_reviewed_on and self.policy_reviewed_on.isoformat(),
            "heads": self.heads,
            "cut_on": self.cut_on.isoformat(),
            "published_at": self.published_at and self.published_at.isoformat(),
        }

    def fingerprint(self) -> str:
        """The SHA-256 of what is printed."""
        return digest(self.printed())

    def is_intact(self) -> bool:
        """Is what is printed the same as when it was frozen?"""
        return self.fingerprint() == self.sha256


class ReportChallengeQuerySet(models.QuerySet["ReportChallenge"]):
    def visible_to(self, actor: Actor) -> Self:
        """Whoever reads the report reads what governors ask about it."""
        return self.filter(report__in=TermlyReport.objects.visible_to(actor).published())


@tracked()
class ReportChallenge(Row):
    """What governors challenge in a published report: the school's plans and their delivery as a whole, naming no child (PEP-31; 002 4.31).

    What is said stands as it is.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(TermlyReport, on_delete=models.PROTECT, related_name="challenges")
    text = models.TextField(max_length=2000)
    language = models.CharField(max_length=5, choices=Language)  # of the text
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_on = models.DateField()
    reply_due_on = models.DateField()
    reply = models.TextField(max_length=2000, blank=True)
    reply_language = models.CharField(max_length=5, choices=Language, blank=True)
    replied_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    replied_on = models.DateField(null=True)

    objects = ReportChallengeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(replied_on__isnull=True, reply="") | (Q(replied_on__isnull=False) & ~Q(reply="")), name="replied_with_words"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="kept_challenge", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="standing_words",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.replied_on IS NOT NULL"
                    " OR (OLD.text, OLD.raised_by_id, OLD.reply_due_on) IS DISTINCT FROM (NEW.text, NEW.raised_by_id, NEW.reply_due_on)"
                ),
            ),
        ]


class FiguresQuerySet(models.QuerySet["TermFigures"]):
    def visible_to(self, actor: Actor) -> Self:
        """Elected members and an authority's leaders read its figures; a consortium's people its own and those of its authorities; the
        government all of Wales; a link governor the school's."""
        match actor.role:
            case Role.ELECTED_MEMBER | Role.SENIOR_LEADER | Role.LACE_COORDINATOR | Role.DESIGNATED_MANAGER:
                return self.filter(kind=BodyKind.AUTHORITY, body=_number(actor))
            case Role.CONSORTIUM_LEAD | Role.CHALLENGE_ADVISER:
                region = region_of(actor)
                return self.filter(region=region.code) if region else self.none()
            case Role.GOVERNMENT:
                return self.filter(kind__in=(BodyKind.AUTHORITY, BodyKind.REGION, BodyKind.WALES))
            case Role.LINK_GOVERNOR:
                return self.filter(kind=BodyKind.SCHOOL, body__in=School.objects.filter(organisation=actor.organisation_id).values("number"))
            case _:
                return self.none()


def region_of(actor: Actor) -> Consortium | None:
    """The consortium to which the actor's authority belongs today, or None."""
    return consortium_of(BY_NUMBER[_number(actor)], on=actor.today)


def _number(actor: Actor) -> str:
    assert actor.authority_id is not None  # of every membership
    return LocalAuthority.objects.values_list("la_number", flat=True).get(pk=actor.authority_id)


class TermFigures(Row):
    """What is published of one term and one body: an authority, a consortium, Wales, or a school (CPP-04, PDG-10, PRIV-19).

    Holds published values alone, rounded and with small numbers held back; the exact ones are stored nowhere. Written once by a named job. It
    belongs to no tenant: what two bodies publish is made to stand beside each other. So row-level security asks for one of the roles that read
    figures, `visible_to` gives each what it is there for, and nobody but the job may write.
    """

    year = models.PositiveSmallIntegerField()  # the calendar year in which the school year began
    term = models.CharField(max_length=6, choices=Term)
    kind = models.CharField(max_length=9, choices=BodyKind)
    body = models.CharField(max_length=12)  # the authority's three digits, the consortium's code, "wales", the school's number
    region = models.CharField(max_length=12, blank=True)  # the consortium, of itself and of an authority in it on the term's last day
    members = ArrayField(models.CharField(max_length=3), default=list)  # the numbers of the authorities summed up, for a consortium and Wales
    figures = models.JSONField()  # table -> {"level", "lines": [[code, rounded]]}, or null where it is held back
    least = models.PositiveSmallIntegerField()  # the smallest group of which a number is given
    cut_on = models.DateField()  # the day on which it was counted, from what was recorded by then

    objects = FiguresQuerySet.as_manager()

    class Meta:
        verbose_name = _("figures of a term")
        constraints = [models.UniqueConstraint(fields=["year", "term", "kind", "body"], name="one_publication_a_term")]
        indexes = [models.Index(fields=["kind", "body"])]
        triggers = [pgtrigger.Protect(name="frozen_figures", operation=pgtrigger.Update | pgtrigger.Delete)]
