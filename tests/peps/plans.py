"""Plans for the tests of this folder: written by the people who write them, through the services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client
from lxml import html

from lace.accounts.access import Role
from lace.accounts.models import Language
from lace.core.actor import Actor
from lace.web.middleware import serving
from peps import services
from peps.models import Action, Pep, Target, Version
from peps.rules.sections import SOMETIMES
from peps.services.actions import save_action
from tests.world import Authority, World

ANSWERS: dict[str, dict[str, Any]] = {
    "my_page": {"feeling": "fine", "like": "  Rygbi,\n a fy nghi ", "next": "Bod yn filfeddyg", "how": "own", "helper": "Mam-gu"},
    "history": {"institutions": "Ysgol y Bryn", "attendance": "96%", "achievements": "Swimming badge", "needs": "None"},
    "arrangements": {
        "school": "Hill School, Year 9",
        "named_adult": "Mr Rees",
        "provision": "Reading, twice a week",
        "promotion": "Mentor",
        "disruption": "No change is planned",
    },
    "attainment": {
        "development": "Sings and counts to ten",
        "subjects": [{"subject": "Mathemateg", "current": "PS3", "expected": "PS4", "comment": ""}],
        "progress": "",
    },
    "elsewhere": {"where": "Tutor at the library", "taught": "English and mathematics", "back": "Two mornings from May"},
    "aln": {"kind": "idp_school", "where": "", "summary": "A visual timetable"},
    "exclusions": {"what": "Two days in March", "prevent": "A card to leave the room", "meantime": ""},
    "aspirations": {"expected": "Eight GCSEs", "gap": "same", "bridge": "", "careers": "A week at the vet's", "still": "first"},
    "post_16": {"mode": "full", "course": "Animal care, level 3", "follows": "University", "support": "", "engage": ""},
    "transition": {"to": "College in September", "steps": "Three visits", "worries": ""},
    "personal_development": {"leisure": "Rugby club", "wellbeing": "Good friends", "strategies": ""},
    "carer": {"education": "Reads every evening", "leisure": "Drives to rugby", "home": "", "comments": ""},
    "pathway": {"passes": "The bursary", "help": ""},
    "contacts": {"people": [{"role": "Social worker", "name": "Eleri", "note": "Mornings"}]},
}
WRITERS = {"my_page": Role.FOSTER_CARER, "carer": Role.FOSTER_CARER}  # the rest by the designated person
CANARIES = (
    "Bod yn filfeddyg",
    "Swimming badge",
    "Mr Rees",
    "Mathemateg",
    "Good friends",
    "Drives to rugby",
    "Eleri",
    "Nine out of ten",
    "Eight GCSEs",
    "Two days in March",
)


@contextmanager
def acting(authority: Authority, role: Role, *, days: int = 0) -> Iterator[Actor]:
    """Act as the holder of this role in the authority, some days from now."""
    actor = authority.actor(role)
    actor = replace(actor, today=actor.today + timedelta(days=days))
    with serving(actor):
        yield actor


def events_of(model: Any) -> Any:
    """The audit's trail of a table, which pghistory makes: rows to filter."""
    return model.pgh_event_model.objects


def facts(by: Actor, **other: Any) -> dict[str, Any]:
    """A target's values."""
    return {
        "area": "academic",
        "need": "Fractions",
        "baseline": "Six out of ten",
        "goal": "Nine out of ten",
        "measure": "Quiz in May",
        "strategy": "Twenty minutes a day with Mr Rees",
        "carer_part": "Asks about it",
        "review_on": by.today + timedelta(days=60),
        "child_agrees": True,
        "teacher_agrees": True,
        "language": Language.ENGLISH,
    } | other


def started(authority: Authority) -> Pep:
    with acting(authority, Role.SOCIAL_WORKER) as by:
        return services.start_pep(by=by, child=authority.child, on=by.today)


def with_every_section(authority: Authority, pep: Pep) -> None:
    """The sections that only some plans hold are added to this one."""
    with acting(authority, Role.SOCIAL_WORKER) as by:
        services.ask_for(by=by, pep=pep, keys=SOMETIMES)


def add_target(authority: Authority, pep: Pep, **other: Any) -> Target:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return services.save_target(by=by, pep=pep, facts=facts(by, **other))


def written(authority: Authority) -> Pep:
    """A plan that can be made final."""
    pep = started(authority)
    for key, answers in ANSWERS.items():
        with acting(authority, WRITERS.get(key, Role.DESIGNATED_PERSON)) as by:
            services.write_section(by=by, pep=pep, key=key, answers=answers, language=Language.WELSH if key == "my_page" else "en-gb", version=0)
    add_target(authority, pep)
    add_target(authority, pep, area="leisure", goal="Play for the county")
    return pep


def action_facts(by: Actor, **other: Any) -> dict[str, Any]:
    """An action's values."""
    return {
        "what": "Order a dictionary",
        "owner_role": "social_worker",
        "owner_id": None,
        "due_on": by.today + timedelta(days=20),
        "resource": "Ten pounds",
        "language": Language.ENGLISH,
    } | other


def add_action(authority: Authority, pep: Pep, **other: Any) -> Action:
    with acting(authority, Role.SOCIAL_WORKER) as by:
        return save_action(by=by, pep=pep, facts=action_facts(by, **other))


def amended(authority: Authority, version: Version, *, days: int = 0) -> Pep:
    with acting(authority, Role.DESIGNATED_PERSON, days=days) as by:
        return services.amend(by=by, pep=version.pep, reason="Termly review")


def final(authority: Authority) -> Version:
    pep = written(authority)
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today)


def plan(world: World, part: str = "") -> str:
    """The address of a page of the own child's plan."""
    return f"/children/{world.own.child.pk}/plan/{part}"


def text(response: Any) -> str:
    """A page's HTML, with its entities read."""
    return unescape(response.content.decode())


def typed(client: Client, address: str, **answers: str) -> dict[str, str]:
    """What a browser sends from the page's form after these answers were typed."""
    page = html.fromstring(client.get(address).content)
    form = next(form for form in page.forms if "form_token" in form.fields)
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"} | answers
