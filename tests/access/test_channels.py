"""The same policy in the other ways out: search, e-mail, the file of a report, the whole stack, and an address that must not be shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pypdf
import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.children.models import Child
from lace.core.actor import Actor
from lace.notifications.delivery import letter_of
from lace.notifications.models import Notification
from lace.web.middleware import serving
from reviews.services import schedule
from tests.access import oracle
from tests.access.cast import Cast, Person, everything
from tests.access.doors import Light
from tests.access.policy.routes import ROUTES
from tests.access.test_matrix import ALL, Address, nearest, paths
from tests.world import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plainly")]

NOWHERE = "zzyzx"


def near(made: Cast, *standings: str) -> Iterator[Person]:
    """A person of each role where the child is nearest, and one of each role in these standings."""
    return (person for person in made.people if person.standing in {nearest(person.role), *standings})


def get(light: Light, path: str, person: Person | None) -> Any:
    return light.knock("GET", path, person.membership if person else None, drawn=True)


@pytest.mark.req("PRIV-13")
def test_a_search_tells_nothing_of_a_child_out_of_reach(stage: tuple[Cast, Light]) -> None:
    made, light = stage
    wrong = []
    with everything(made.facts["A"].authority):
        child = Child.objects.get(pk=made.child.pk)
    for searched in (child.family_name, child.upn, child.reference):
        for person in near(made, "unrelated", "former"):
            asked, nothing = (get(light, f"{reverse('children')}?q={text}", person) for text in (searched, NOWHERE))
            told = asked.text.replace(searched, NOWHERE)  # what was typed stands in the box again
            wrong += [
                f"{person}: {planted.name}" for planted in made.canaries.found(told) if not oracle.reads(person, planted, made.facts[planted.child])
            ]
            if not oracle.facets(person, made.facts["A"]) and (asked.status, without_tokens(told)) != (nothing.status, without_tokens(nothing.text)):
                wrong.append(f"{person} learns from searching {searched} that there is such a child")
    assert not wrong, "\n".join(wrong)


def without_tokens(text: str) -> str:
    """A page without what is made anew each time it is drawn: proofs against forgery, lengths and one-time keys."""
    return re.sub(r'value="[^"]{40,}"|nonce-[\w+/=-]+|Content-Length: \d+', "", text)


@pytest.mark.req("PRIV-14")
def test_no_message_holds_a_word_of_a_record(stage: tuple[Cast, Light]) -> None:
    made, _light = stage
    coordinator = made.sets["responsible"].actor(Role.LACE_COORDINATOR)
    with transaction.atomic():
        for letter in "AB":
            with serving(coordinator):
                for review in list(_arranged(made.facts[letter].child)):
                    review.state = "cancelled"
                    review.save()
                schedule(by=coordinator, child=made.facts[letter].child, scheduled_for=timezone.now() + timedelta(days=20), venue="Hall")
        with serving(Actor.named_job("test", today=timezone.localdate())):
            rows = list(Notification.objects.filter(channel="email").select_related("recipient", "child"))
            letters = [(row, letter_of(row)) for row in rows]
        transaction.set_rollback(True)
    assert len({row.kind for row in rows}) > 1
    wrong = set()
    for row, sent in letters:
        for planted in made.canaries.found(f"{sent.subject}\n{sent.body}".replace(row.recipient.name, "")):
            wrong.add(f"{row.kind}: {planted.name}")
    assert not wrong


def _arranged(child: Child) -> Any:
    from reviews.models import Review

    return Review.objects.filter(child=child, state="scheduled")


@pytest.mark.req("PRIV-19")
def test_the_file_of_a_report_holds_no_word_of_a_record(stage: tuple[Cast, Light]) -> None:
    made, light = stage
    reader = next(person for person in made.people if person.role == "governor" and person.standing == "school")
    for address in (address for address in ALL if address.name == "report_pdf"):
        answer = get(light, address.pattern.format(**made.parameters), reader)
        assert answer.status == 200
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.body)).pages)
        assert len(text) > 200
        assert not made.canaries.found(text)


CHILD_PAGES = [address for address in ALL if address.name in ROUTES and ROUTES[address.name].about == "child"]


@pytest.mark.req("PRIV-04")
@pytest.mark.parametrize("flagged", [True, False], ids=["flagged", "not flagged"])
def test_a_sensitive_address_is_shown_to_nobody(stage: tuple[Cast, Light], flagged: bool) -> None:
    """The flag beats every grant (goals A1): not one word of where the child lives or with whom, whoever asks. Without it, some see it."""
    made, light = stage
    seen = set()
    with transaction.atomic():
        with everything(made.facts["A"].authority):
            Child.objects.filter(pk=made.child.pk).update(address_is_sensitive=flagged)
        light = light.in_another_world()
        with light.remembering():
            for person in near(made):
                for path in (path for address in CHILD_PAGES for path, _section in paths(address, made.parameters)):
                    text = get(light, path, person).text.replace(person.membership.user.name, "")  # everybody reads who they are themselves
                    found = made.canaries.found(text)
                    seen |= {f"{person}: {path}: {planted.name}" for planted in found if (planted.child, planted.facet) == ("A", "address")}
        transaction.set_rollback(True)
    if flagged:
        assert not seen, "\n".join(sorted(seen))
    else:
        assert seen


# Parts that are named by what they are, not by whose: they are there under every child.
BY_KIND = {"child", "key", "wish", "relation", "measure", "instrument"}


@pytest.mark.req("PRIV-13")
def test_a_part_of_another_childs_record_is_not_there_under_this_child(stage: tuple[Cast, Light]) -> None:
    """The address names one child and a version, target, review or duty of another: nobody finds it, even who may see both."""
    made, light = stage
    mixed = made.others | {"child": made.child.pk}
    wrong = []
    with light.remembering():
        for address in (address for address in CHILD_PAGES if set(address.parameters) - BY_KIND):
            ((path, _section),) = paths(address, mixed)
            for person, method in product(near(made, "colleague"), ("GET", "POST")):
                answer = light.knock(method, path, person.membership)
                allowed = {403, 404, 405} if oracle.facets(person, made.facts["A"]) else {404}
                if answer.status not in allowed or answer.writes:
                    wrong.append(f"{method} {address.name} as {person}: {answer.status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_the_whole_stack_answers_as_the_matrix_was_answered(stage: tuple[Cast, Light], role: Role, record_property: Any) -> None:
    """Signing in, cookies, every middleware: the same status, and no canary in body or headers that the person may not meet."""
    made, light = stage
    person = next(person for person in near(made) if person.role == str(role))
    client = signed_in(person.membership)
    asked: list[Address] = [address for address in ALL if address.name in ROUTES and ROUTES[address.name].about not in {"self", "public", "nothing"}]
    wrong, count = [], 0
    for address in asked:
        for path, _section in paths(address, made.parameters):
            with transaction.atomic():
                response = client.get(path, headers={"Accept-Language": "en"})
                transaction.set_rollback(True)
            count += 1
            body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]  # of the streaming kind only
            cookies = "\n".join(morsel.OutputString() for morsel in response.cookies.values())
            text = "\n".join([body.decode(errors="replace"), cookies, *(f"{name}: {value}" for name, value in response.items())])
            status = light.knock("GET", path, person.membership).status
            if response.status_code != status:
                wrong.append(f"{address.name}: {response.status_code}, and {status} without the stack")
            for planted in made.canaries.found(text):
                if not oracle.reads(person, planted, made.facts[planted.child]):
                    wrong.append(f"{address.name}: leaks {planted.child}:{planted.name}")
    record_property("cells", count)
    assert not wrong, "\n".join(sorted(set(wrong)))
