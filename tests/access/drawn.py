"""What a child added to the child's page, for the canaries: a row for all readers, that one in a version, and rows for fewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

_FILE = {"media_type": "image/png", "sha256": "0" * 64, "kind": "picture", "added_as": "child"}


def additions(planter: Any) -> Iterable[dict[str, Any]]:
    """One for all who may read the child's page, which the version names too, one that the child keeps, and one for a few (VOICE-15)."""
    plain: dict[str, Any] = {"data": b"\x89PNG\r\n\x1a\n", "held_since": None, "removed_on": None} | _FILE
    for readers in (None, [], ["social_worker"]):
        let = None if readers is None else frozenset({"child", *readers})
        text = planter.canaries.word(planter.letter, "Addition.description", "voice", let)
        yield plain | {"description": text, "readers": readers, "key": planter.drawn if readers is None else uuid4()}


def frozen_addition(planter: Any) -> dict[str, Any]:
    """The second of them, in a version's content."""
    text = planter._word("Version", "additions", "voice")
    return _FILE | {"id": str(planter.drawn), "description": text, "language": "en-gb", "readers": None, "added_on": "2026-01-05"}
