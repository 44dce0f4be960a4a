"""Eight browsers write in one plan at once: nothing that was said to be saved is lost, and nobody meets an error.

For a second or four with every run; `LACE_WRITERS=60` says for how many seconds (by night). `LACE_WRITERS_SEED` repeats the dice.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.db import connection, transaction

from lace.accounts.access import Role
from peps.models import Section
from tests.peps.plans import acting, events_of, plan, started
from tests.peps.writers import QUESTIONS, Counts, Writer, counted
from tests.world import World, person, signed_in

SECONDS = float(os.environ.get("LACE_WRITERS", "4"))
SEED = os.environ.get("LACE_WRITERS_SEED", "8")


def writers(world: World) -> list[tuple[Writer, int]]:
    """Eight browsers of five people, with their accounts' ids; three of the people have two windows open."""
    colleague = person(Role.DESIGNATED_PERSON, world.own.row, world.own.school.organisation)
    school, social_worker, carer = (world.own.members[role] for role in (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.FOSTER_CARER))
    windows = [school, school, colleague, colleague, social_worker, social_worker, carer, carer]
    made = []
    for number, member in enumerate(windows):
        parts = ("my_page", "carer") if member is carer else ("my_page", "history")
        client = signed_in(member)
        client.raise_request_exception = False
        made.append((Writer(f"b{number}", client, plan(world), parts, random.Random(f"{SEED} {number}")), member.user_id))
    return made


@pytest.mark.req("PEP-10")
@pytest.mark.django_db(transaction=True)
def test_eight_browsers_write_in_one_plan_and_nothing_is_lost(
    world: World, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    started(world.own)
    eight = writers(world)
    end = time.monotonic() + SECONDS

    def write(writer: Writer) -> None:
        try:
            writer.write_until(end)
        except Exception as error:
            writer.wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer, _user in eight]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    did = sum((writer.did for writer, _user in eight), Counter())
    line = f"eight browsers in one plan for {SECONDS:g} s: " + ", ".join(f"{count} x {what}" for what, count in sorted(did.items()))
    record_property("eight writers", line)
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
    assert not [sentence for writer, _user in eight for sentence in writer.wrong]
    assert did["post 409"], "nobody met anybody"
    assert did["post 302"] > 8
    _assert_nothing_lost(world, eight)


def _assert_nothing_lost(world: World, eight: list[tuple[Writer, int]]) -> None:
    """By the audit's trail: no number ever went back, and no save changed the number of a browser of somebody else."""
    owners = {writer.name: user for writer, user in eight}
    with acting(world.own, Role.SOCIAL_WORKER), transaction.atomic():
        for section in Section.objects.all():
            trail = list(events_of(Section).filter(id=section.pk).order_by("pgh_id"))
            assert [event.version for event in trail] == list(range(1, section.version + 1)), "every save has a version of its own"
            for question in QUESTIONS[section.key]:
                texts: list[tuple[Counts, int]] = [({}, 0), *((counted(event.answers.get(question) or ""), event.written_by_id) for event in trail)]
                for (before, _writer), (after, writer) in pairwise(texts):
                    back = {name for name in before if after.get(name, 0) < before[name]}
                    assert not back, f"{section.key}.{question}: {before} became {after}"
                    others = {name for name in after if after[name] != before.get(name, 0) and owners[name] != writer}
                    assert not others, f"{section.key}.{question}: {before} became {after}"
                for one, _user in eight:
                    assert texts[-1][0].get(one.name, 0) >= one.saved.get((section.key, question), 0), f"{one.name} in {section.key}.{question}"
