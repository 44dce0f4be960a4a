"""The four ways to say no. Doors translate them; nothing else carries a refusal.

A rule that refuses becomes a form's error, a 409 in the API and a logged skip in a job. Not visible is 404, visible but
not allowed 403, a lost update a merge page or 412.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise

Message = str | Promise


class Refused(Exception):
    """A rule refuses the act. `problems` maps a field's name ("" for the act as a whole) to sentences for the reader."""

    def __init__(self, problems: Mapping[str, Sequence[Message]] | Message) -> None:
        self.problems: dict[str, list[Message]] = (
            {"": [problems]} if isinstance(problems, str | Promise) else {field: list(messages) for field, messages in problems.items()}
        )
        super().__init__("; ".join(sorted(self.problems)) or "refused")  # field names only: the sentences may hold what was typed


class BadInput(Refused):
    """What came in is not usable as it stands: a form error, or a 400 that names each field."""


class NotAllowed(PermissionDenied):
    """The actor sees the object and may not do this to it."""


class Changed(Exception):
    """Somebody else saved first. `current` is what stands now, for the merge page."""

    def __init__(self, current: object) -> None:
        self.current = current
        super().__init__("changed meanwhile")


def refuse(problems: Iterable[tuple[str, Message]]) -> None:
    """Raise BadInput when there are any; several of one field stand together."""
    by_field: dict[str, list[Message]] = defaultdict(list)
    for name, message in problems:
        by_field[name].append(message)
    if by_field:
        raise BadInput(by_field)
