"""How the policy's tables are written: names one after another."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The names in this text."""
    return frozenset(text.split())
