"""Who calls the API, and what was answered to a request that may come again."""

from __future__ import annotations

import hashlib

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import LocalAuthority, Membership


class CaseSystemQuerySet(models.QuerySet["CaseSystem"]):
    def holding(self, token: str) -> CaseSystem | None:
        """The case system to which this access token was given, with its membership; None when there is none, or the token has expired."""
        return (
            self.filter(
                application__accesstoken__token_checksum=hashlib.sha256(token.encode()).hexdigest(),
                application__accesstoken__expires__gt=timezone.now(),
                membership__user__is_active=True,
            )
            .select_related("membership__user", "membership__authority")  # it is held in no organisation
            .first()
        )


class CaseSystem(models.Model):
    """A council's case system: an OAuth client that acts under a service account's membership of one authority (SW-01)."""

    application = models.OneToOneField("oauth2_provider.Application", on_delete=models.PROTECT, related_name="case_system")
    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="case_system")

    objects = CaseSystemQuerySet.as_manager()

    class Meta:
        verbose_name = _("case system")


class Answer(models.Model):
    """What a creating request was answered, kept by the caller's Idempotency-Key: a repeat gets the same and creates nothing."""

    case_system = models.ForeignKey(CaseSystem, on_delete=models.PROTECT, related_name="answers")
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)  # of method, path and body: the same key for another request is refused
    status = models.PositiveSmallIntegerField()
    body = models.TextField()  # the JSON as it was sent, to the byte
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case_system", "key"], name="one_answer_a_key")]
