"""No class list, printed register or export tells pupils or uninvolved staff that a child is in care (PRIV-06)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.html import strip_tags

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, TABLE, Facet, Role
from reviews.models import Review
from tests.architecture.tree import files, text
from tests.reviews.test_reviews import arranged
from tests.world import World

MARK = re.compile(
    r"looked[- ]after|\bin care\b|\bcare order|\bfoster|\bplacement|social care|social worker|reviewing officer|corporate parent"
    r"|derbyn gofal|mewn gofal|gorchymyn gofal|maeth|lleoliad|gweithiwr cymdeithasol|rhiant corfforaethol",
    re.IGNORECASE,
)
NAMES_A_CHILD = re.compile(r"given_names|family_name|preferred_name|child\.(name|called)\b")
# Those who meet a child in a lesson or an office and work with no part of the child's care.
UNINVOLVED = [
    *(Role.TEACHER, Role.DELEGATE, Role.ALNCO, Role.EDUCATION_WELFARE_OFFICER, Role.PROGRESSION_COORDINATOR, Role.LEAD_WORKER),
    *(Role.CAREERS_ADVISER, Role.SPECIALIST, Role.PROVIDER_LEAD, Role.STUDENT_SUPPORT_OFFICER, Role.GOVERNOR, Role.ADMINISTRATOR),
]


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, frozenset[str]]]:
    """Every page and file of Lace by name, with the arguments it takes; not the API, which social care's own systems read."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("api/") and not pattern.namespace:
                yield from routes(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, frozenset(pattern.pattern.regex.groupindex)


def addresses(world: World, review: Review) -> Iterator[tuple[str, str]]:
    known = {"child": world.own.child.pk, "number": world.own.school.number, "review": review.pk}
    for name, arguments in sorted(set(routes(get_resolver().url_patterns))):
        if arguments <= known.keys() and name not in {"account_logout", "account_reauthenticate"}:
            yield name, reverse(name, kwargs={argument: known[argument] for argument in arguments})


def test_the_uninvolved_hold_nothing_of_care() -> None:
    for (_relation, role), grant in TABLE.items():
        assert role not in UNINVOLVED or Facet.CARE not in grant.facets


@pytest.mark.req("PRIV-06")
@pytest.mark.parametrize("role", UNINVOLVED)
def test_lists_and_files_that_name_a_child_carry_no_mark_for_the_uninvolved(world: World, role: Role) -> None:
    review = arranged(world.own)
    client = world.client(role)
    client.raise_request_exception = False
    found = [told for language in ("en-gb", "cy") for told in told_of(world, client, review, language)]
    assert not [told for told in found if told.startswith("wrong")], "\n".join(found)
    assert ("children names the child" in found) == (role in NAMED_RELATION or role in GROUP_RELATION)


def told_of(world: World, client: Client, review: Review, language: str) -> Iterator[str]:
    """What lists and files say of the child, and what is wrong with it."""
    client.cookies["language"] = language
    child = world.own.child
    for name, address in addresses(world, review):
        answer = client.get(address)
        if answer.status_code != 200:
            continue
        saved_as = answer.get("Content-Disposition", "")
        if MARK.search(saved_as) or child.family_name in saved_as or child.given_names in saved_as:
            yield f"wrong: {name} is saved as {saved_as}"
        is_page = answer["Content-Type"].startswith("text/html")
        if is_page and f"/{child.pk}/" in address:
            continue  # one child's own record: what it shows goes by facet, which the access matrix holds to account
        words = answer.getvalue().decode(errors="ignore")
        if is_page:
            words = strip_tags(words.split('id="main-content"')[-1].split("</main>")[0])
        if child.family_name in words or child.given_names in words:
            yield f"{name} names the child"
            if mark := MARK.search(words):
                yield f"wrong: {name} names a child beside “{mark[0]}”"


@pytest.mark.req("PRIV-06", "PRIV-14")
def test_what_is_printed_or_sent_names_no_child() -> None:
    """Templates of PDFs and e-mails hold no name of a child, so none can stand beside a mark."""
    outgoing = [path for path in files() if path.parts[0] == "templates" and path.parts[1] in {"pdf", "emails"}]
    assert len(outgoing) >= 5
    wrong = [str(path) for path in outgoing if NAMES_A_CHILD.search(text(path))]
    assert not wrong, f"{wrong}: what leaves Lace on paper or by post names no child"


@pytest.mark.req("PRIV-06", "PRIV-14")
def test_every_file_is_saved_under_a_neutral_name() -> None:
    """Wherever an answer is given a file's name, the name says nothing of care and nothing of a child."""
    doors = [path for path in files() if path.suffix == ".py" and path.parts[0] in {"lace", "schools", "peps", "reviews", "reporting"}]
    names = [(path, found) for path in doors for found in re.findall(r"filename=\\?\"?([^\"\\;\n]*)", text(path))]
    assert names
    for path, name in names:
        assert not re.search(r"child|looked|care|pep|review|plant|gofal", name, re.IGNORECASE), f"{path}: {name}"


@pytest.mark.req("PRIV-06")
def test_the_page_that_prints_the_register_is_for_those_who_keep_it(world: World) -> None:
    """Its heading says what it is, so nobody but its keepers and their authority may open it; the print's title is the school's name."""
    address = reverse("school", kwargs={"number": world.own.school.number})
    keepers = {Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.LACE_COORDINATOR}
    for role in Role:
        answer = world.client(role).get(address)
        holds = answer.status_code == 200 and world.own.child.family_name in answer.content.decode()
        assert holds == (role in keepers), role
        if holds:
            title = re.search(r"<title>([^<]*)</title>", answer.content.decode())
            assert title
            assert not MARK.search(title[1])
