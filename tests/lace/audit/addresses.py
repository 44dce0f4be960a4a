"""Every address of the resolver with a child in it, and every other page, made from the resolver and never typed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

OURS = ("lace.", "schools.", "peps.", "reviews.", "reporting.")


@dataclass(frozen=True)
class Route:
    """One address: its name and its pattern, with `<kind:name>` for what must be filled in."""

    name: str
    pattern: str

    @property
    def is_about_a_child(self) -> bool:
        return "<uuid:child>" in self.pattern

    @property
    def is_of_the_api(self) -> bool:
        return self.pattern.startswith("api/")

    def address(self, **known: Any) -> str:
        """With what is known filled in, and ids that do not exist elsewhere."""

        def value(match: re.Match[str]) -> str:
            kind, name = match[1], match[2]
            made = {"uuid": str(uuid.uuid4()), "int": "7", "slug": "aspirations"}.get(kind.rstrip(":"), "x")
            return str(known.get(name, made))

        return "/" + re.sub(r"<(\w+:)?(\w+)>", value, self.pattern)


def routes(resolver: Any = None, prefix: str = "") -> Iterator[Route]:
    """Ours; the libraries' own show no child."""
    for entry in (resolver or get_resolver()).url_patterns:
        if not isinstance(entry.pattern, RoutePattern):
            continue
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, pattern)
        elif isinstance(entry, URLPattern) and entry.name:
            view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None) or entry.callback
            if view.__module__.startswith(OURS):
                yield Route(entry.name, pattern)
