"""Every page as the people who use it see it: axe, headings, error links, text spacing and 320 px, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page

from lace.accounts.access import Role
from tests.browser.axe import assert_accessible
from tests.world import World

OpenPage = Callable[..., Page]
# Pages about a child or a person that need no more than the child's id; those below (one review, one section) have their own tests.
FROM = (
    "work",
    "messages",
    "children",
    "child",
    "child_",
    "dashboard",
    "duties",
    "schools",
    "reports",
    "account",
    "people",
    "invite",
    "access_review",
    "own",
)
ROLES = (
    Role.SOCIAL_WORKER,
    Role.DESIGNATED_PERSON,
    Role.LACE_COORDINATOR,
    Role.GOVERNOR,
    Role.FOSTER_CARER,
    Role.IRO,
    Role.HEADTEACHER,
    Role.ADMINISTRATOR,
    Role.CHILD,
    Role.CHILD_PROTECTION_LEAD,
)


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, bool]]:
    """Routes without arguments but the child's, and whether they have that."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("api/"):
                yield from routes(pattern.url_patterns)
        elif pattern.name and pattern.name.startswith(FROM) and set(pattern.pattern.regex.groupindex) <= {"child"}:
            yield pattern.name, bool(pattern.pattern.converters)


PAGES = sorted(set(routes(get_resolver().url_patterns)) - {("account_logout", False)})


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_accessible_in_both_languages(world: World, open_page: OpenPage, role: Role) -> None:
    client = world.client(role)
    visited = 0
    for name, of_a_child in PAGES:
        path = reverse(name, kwargs={"child": world.own.child.pk} if of_a_child else None)
        answer = client.get(path)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue  # not this role's, which the access tests say
        for language in ("en-gb", "cy"):
            assert_accessible(open_page(path, client=client, language=language))
        visited += 1
    assert visited >= 3, "This role should have pages."
