"""Pictures and recordings on the child's page, as a browser shows and plays them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Addition
from peps.services.additions import add_addition
from tests.browser.axe import assert_accessible
from tests.browser.hands import Hands
from tests.peps.media import photo, picture, wav
from tests.peps.plans import acting, plan, written
from tests.world import World

Open = Callable[..., Page]
WORDS = "Fy nghi ar y traeth"
SHOWN = "image => image.decode().then(() => image.naturalWidth)"
PLAYED = "sound => new Promise((done, fail) => { sound.onloadedmetadata = () => done(sound.duration); sound.onerror = fail; sound.load() })"


@pytest.mark.no_js
@pytest.mark.req("PEP-12")
def test_a_child_puts_a_photo_on_the_page_without_scripts(open_page: Open, world: World, tmp_path: Path) -> None:
    written(world.own)
    file = tmp_path / "IMG_2041.jpg"
    file.write_bytes(photo())
    hands = Hands(open_page("/my/", client=world.client(Role.CHILD), language="cy"), looked_at=False)
    hands.open("/plan/additions/")
    hands.page.locator("input[type=file]").set_input_files(file)
    hands.type(description=WORDS)
    hands.send()
    expect(hands.page.get_by_role("img", name=WORDS)).to_be_visible()
    hands.open("/readers/")
    hands.choose("who", "few")
    hands.tick("readers", "social_worker")
    hands.send()
    with acting(world.own, Role.SOCIAL_WORKER), transaction.atomic():
        assert Addition.objects.get().readers == ["social_worker"]
    hands.open("/take-away/")
    hands.send()
    expect(hands.page.get_by_role("img", name=WORDS)).to_have_count(0)


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible_and_show_and_play(open_page: Open, world: World, language: str) -> None:
    pep = written(world.own)
    with acting(world.own, Role.CHILD) as by, transaction.atomic():
        for sent, words in ((photo(), WORDS), (picture("PNG", mode="RGBA", colour=(0, 0, 255, 60)), "Draig"), (wav(), "Fi yn canu")):
            row = add_addition(by=by, pep=pep, sent=sent, description=words, language="cy")
    child, school = world.client(Role.CHILD), world.client(Role.DESIGNATED_PERSON)
    away = f"additions/{row.pk}/take-away/"
    for client, parts in ((child, ("additions/", "read/", "section/my_page/", away)), (school, ("additions/", "read/"))):
        for part in parts:
            page = open_page(plan(world, part), client=client, language=language)
            assert_accessible(page)
            assert all(image.evaluate(SHOWN) > 0 for image in page.locator("main figure img").all())
            assert all(sound.evaluate(PLAYED) > 0 for sound in page.locator("main audio").all())
            if os.environ.get("LOOK"):
                for width in (320, 1280):
                    page.set_viewport_size({"width": width, "height": 900})
                    name = part.strip("/").replace("/", "-").replace(str(row.pk), "x")
                    page.screenshot(path=f"/tmp/media/{name}-{'child' if client is child else 'school'}-{language}-{width}.png", full_page=True)
    assert_accessible(open_page(f"/my/pictures/{row.pk}/readers/", client=child, language=language))
    if os.environ.get("LOOK"):
        page.screenshot(path=f"/tmp/media/readers-{language}.png", full_page=True)
