"""What every table of ours has in common. No tables here."""

from __future__ import annotations

import uuid

from django.db import models


class Row(models.Model):
    """A row with a random key, safe to show in a URL, and the moment it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
