"""How often a door without sign-in may be knocked at."""

from __future__ import annotations

from django.core.cache import cache

HOUR = 3600  # seconds


def is_worn_out(key: str, limit: int) -> bool:
    """Has this key been counted as often as the limit allows in the hour?"""
    return bool(cache.get(key, 0) >= limit)


def too_often(key: str, limit: int) -> bool:
    """Count one more under this key; whether there were more than the limit in the hour."""
    cache.add(key, 0, timeout=HOUR)
    try:
        return bool(cache.incr(key) > limit)
    except ValueError:  # ran out between the two
        return False
