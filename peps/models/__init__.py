"""The Personal Education Plan: the current plan in sections, its targets, and its frozen versions."""

from peps.models.plan import FORM, TARGET_FIELDS, Pep, PepQuerySet, Section, Version, digest, frozen
from peps.models.target import Target

__all__ = ["FORM", "TARGET_FIELDS", "Pep", "PepQuerySet", "Section", "Target", "Version", "digest", "frozen"]
