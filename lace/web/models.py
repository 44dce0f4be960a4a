"""What the pages themselves keep."""

from __future__ import annotations

from django.db import models

from lace.accounts.models import User


class UsedToken(models.Model):
    """A form's one-time token, claimed in the transaction of its act, with where the act led: a second click goes there too."""

    token = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    location = models.CharField(max_length=500, blank=True)
    used_at = models.DateTimeField(auto_now_add=True, db_index=True)
