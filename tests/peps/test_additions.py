"""Pictures and recordings on the child's page: who puts them there, who sees them, and what a version keeps."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse
from pdfua import Severity, validate

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.core.errors import BadInput, NotAllowed, Refused
from peps import services
from peps.models import Addition, Pep, Version
from peps.rules.additions import MOST, MOST_BYTES
from peps.services.additions import add_addition, choose_addition_readers, remove_addition
from peps.services.evaluation import let_go_on
from peps.services.exchange import export_plan
from tests.peps.media import SECRET, m4a, photo, picture, wav
from tests.peps.plans import acting, amended, plan, started, text, typed, written
from tests.peps.test_exchange import exported, for_other, taken_over, wrong
from tests.peps.test_printing import of_version, read
from tests.world import World

WORDS = "Fy nghi ar y traeth"


def added(world: World, pep: Pep, role: Role = Role.CHILD, sent: bytes = b"", words: str = WORDS, **other: Any) -> Addition:
    with acting(world.own, role) as by:
        return add_addition(by=by, pep=pep, sent=sent or photo(), description=words, language=other.pop("language", "cy"), **other)


def lets(world: World, row: Addition, *roles: Role, everybody: bool = False) -> None:
    with acting(world.own, Role.CHILD) as by:
        choose_addition_readers(by=by, addition=row, readers=None if everybody else roles)


def removed(world: World, row: Addition, role: Role = Role.CHILD) -> None:
    with acting(world.own, role) as by:
        remove_addition(by=by, pep=row.pep, addition=row.pk)


def made_final(world: World, pep: Pep) -> Version:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today)


def now(world: World, row: Addition) -> Addition:
    with acting(world.own, Role.CHILD):
        return Addition.objects.get(pk=row.pk)


def address(world: World, row: Addition) -> str:
    return plan(world, f"additions/{row.pk}/")


# -- services ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-12", "VOICE-11")
def test_the_child_adds_a_picture_and_whoever_writes_the_page_a_recording(world: World) -> None:
    pep = started(world.own)
    row = added(world, pep, words=f"  {WORDS} ")
    assert (row.kind, row.media_type, row.description, row.added_as, row.readers) == ("picture", "image/jpeg", WORDS, "child", None)
    assert SECRET not in bytes(now(world, row).data)
    sound = added(world, pep, Role.FOSTER_CARER, wav())
    assert (sound.kind, sound.media_type, sound.added_as) == ("sound", "audio/wav", "foster_carer")
    assert now(world, sound).sha256 == sound.sha256
    with acting(world.own, Role.CHILD):
        assert Pep.objects.get(pk=pep.pk).state == "developing"


def test_who_may_not_and_what_is_refused(world: World) -> None:
    pep = started(world.own)
    row = added(world, pep)
    for role in (Role.IRO, Role.HEADTEACHER, Role.LACE_COORDINATOR, Role.ADVOCATE):
        with pytest.raises(NotAllowed):
            added(world, pep, role)
    for names, how in (
        ({"file"}, {"sent": b"%PDF-1.7"}),
        ({"file", "description"}, {"sent": b"x", "words": " "}),
        ({"description"}, {"words": "x" * 301}),
        ({"language"}, {"language": "fr"}),
    ):
        with pytest.raises(BadInput) as refused:
            added(world, pep, **how)
        assert set(refused.value.problems) == names
    with acting(world.other, Role.CHILD) as stranger, pytest.raises(NotAllowed):
        add_addition(by=stranger, pep=pep, sent=photo(), description=WORDS, language="cy")
    with acting(world.other, Role.CHILD) as stranger, pytest.raises(NotAllowed):
        choose_addition_readers(by=stranger, addition=row, readers=[])
    for role in (Role.FOSTER_CARER, Role.DESIGNATED_PERSON):
        with pytest.raises(NotAllowed):  # the child put it there
            removed(world, row, role)
        with acting(world.own, role) as by, pytest.raises(NotAllowed):
            choose_addition_readers(by=by, addition=row, readers=None)
    for roles in (["headteacher"], ["child"], ["nobody"]):
        with acting(world.own, Role.CHILD) as by, pytest.raises(BadInput):
            choose_addition_readers(by=by, addition=row, readers=roles)
    for _more in range(MOST - 1):
        added(world, pep)
    with pytest.raises(Refused):
        added(world, pep)
    removed(world, row)
    added(world, pep)


@pytest.mark.req("VOICE-15")
def test_only_those_whom_the_child_lets_see_it_down_to_the_database(world: World) -> None:
    pep = started(world.own)
    row = added(world, pep, Role.FOSTER_CARER)
    readers = (Role.CHILD, Role.FOSTER_CARER, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON)

    def who() -> set[Role]:
        found = set()
        for role in (*readers, Role.HEADTEACHER):
            with acting(world.own, role) as by:
                if Addition.objects.filter(pk=row.pk).exists():
                    found.add(role)
                assert Addition.objects.visible_to(by).filter(pk=row.pk).exists() == (role in found)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM peps_additionevent WHERE id = %s", [row.pk])
                    assert bool(cursor.fetchone()[0]) == (role in found)
        return found

    assert who() == set(readers)
    lets(world, row, Role.SOCIAL_WORKER)
    assert who() == {Role.CHILD, Role.SOCIAL_WORKER}
    with pytest.raises(NotAllowed):  # who put it there has lost it too
        removed(world, row, Role.FOSTER_CARER)
    lets(world, row)
    assert who() == {Role.CHILD}
    lets(world, row, everybody=True)
    assert who() == set(readers)


@pytest.mark.req("PEP-11")
def test_a_version_keeps_digest_and_words_and_the_bytes_stay_as_long_as_it_does(world: World) -> None:
    pep = written(world.own)
    row, few, gone = added(world, pep), added(world, pep, words="Fy nghyfrinach"), added(world, pep)
    lets(world, few, Role.DESIGNATED_PERSON)
    removed(world, gone)
    assert bytes(now(world, gone).data) == b""  # no version held it
    version = made_final(world, pep)
    kept = {one["id"]: one for one in version.content["additions"]}
    assert kept.keys() == {str(row.key), str(few.key)}
    whole = kept[str(row.key)]
    assert (whole["sha256"], whole["description"], whole["kind"], whole["readers"]) == (row.sha256, WORDS, "picture", None)
    assert (kept[str(few.key)]["description"], kept[str(few.key)]["readers"]) == ("", ["designated_person"])
    assert version.is_intact()
    assert now(world, row).held_since == 1
    with pytest.raises(Refused):  # of a final plan
        removed(world, row)
    amended(world.own, version)
    removed(world, row)
    assert now(world, row).removed_on
    assert bytes(now(world, row).data)
    for change in ("data = ''", "description = 'Another'", f"sha256 = '{'0' * 64}'", "held_since = NULL"):
        with acting(world.own, Role.CHILD), pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE peps_addition SET {change} WHERE id = %s", [row.pk])
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:  # by the owner of the tables too
        cursor.execute("DELETE FROM peps_addition WHERE id = %s", [row.pk])
    with acting(world.own, Role.CHILD) as by:
        assert Addition.objects.visible_to(by).filter(pep=pep).standing().count() == 1
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=Pep.objects.get(pk=pep.pk))
    assert [one["id"] for one in made_final(world, pep).content["additions"]] == [str(few.key)]


@pytest.mark.req("VOICE-15")
def test_what_the_child_keeps_from_who_makes_the_plan_final_is_in_no_version(world: World) -> None:
    pep = written(world.own)
    row = added(world, pep)
    lets(world, row, Role.SOCIAL_WORKER)
    assert made_final(world, pep).content["additions"] == []
    assert now(world, row).held_since is None


# -- pages ---------------------------------------------------------------------------------------------------------------


def upload(data: bytes, name: str = "IMG_2041.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def put(client: Client, at: str, data: bytes | None, **other: str) -> Any:
    body = typed(client, at, description=WORDS, language="cy") | other
    return client.post(at, body | ({"file": upload(data)} if data is not None else {}))


@pytest.mark.req("PEP-12", "VOICE-15")
def test_from_the_childs_page_to_who_reads_it(world: World) -> None:
    started(world.own)
    child, school = world.client(Role.CHILD), world.client(Role.DESIGNATED_PERSON)
    at = plan(world, "additions/")
    assert at in text(child.get(reverse("own")))
    assert at in text(child.get(plan(world, "section/my_page/")))
    assert "There is nothing here yet" in text(child.get(at))
    assert put(child, at, photo()).status_code == 302
    with acting(world.own, Role.CHILD):
        row = Addition.objects.get()
    for page in (child.get(at), school.get(at), school.get(plan(world, "read/")), school.get(plan(world, "section/my_page/"))):
        assert f'alt="{WORDS}" lang="cy"' in text(page)
        assert f'src="{address(world, row)}"' in text(page)
    assert f"{address(world, row)}take-away/" not in text(school.get(at))
    choose = reverse("own_addition_readers", args=[row.pk])
    assert choose in text(child.get(at))
    assert choose not in text(school.get(at))
    assert "Your social worker" in text(child.get(choose))
    refused = child.post(choose, typed(child, choose) | {"who": "few", "readers": ["headteacher"]})
    assert "Choose from the people on this page" in text(refused)
    assert child.post(choose, typed(child, choose) | {"who": "few", "readers": ["social_worker"]}).status_code == 302
    assert "Only the people you chose can see this" in text(child.get(at))
    assert WORDS not in text(school.get(at)) + text(school.get(plan(world, "read/")))
    assert "The child chose who sees this" not in text(world.client(Role.FOSTER_CARER).get(at))
    assert "The child chose who sees this" in text(world.client(Role.SOCIAL_WORKER).get(at))
    away = f"{address(world, row)}take-away/"
    assert "The file will be deleted" in text(child.get(away))
    assert child.post(away, typed(child, away)).status_code == 302
    assert WORDS not in text(child.get(at))
    assert child.get(away).status_code == 404
    assert child.get(address(world, row)).status_code == 404


@pytest.mark.req("PRIV-14")
def test_the_bytes_are_a_part_of_a_page_and_nothing_more(world: World) -> None:
    pep = started(world.own)
    for sent, name in ((photo(), "picture.jpg"), (picture("PNG", mode="RGBA", colour=(0, 0, 0, 0)), "picture.png"), (m4a(), "sound.m4a")):
        row = added(world, pep, sent=sent)
        response = world.client(Role.IRO).get(address(world, row))
        assert response.status_code == 200
        assert response["Content-Type"] == row.media_type
        assert response["Content-Disposition"] == f'inline; filename="{name}"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["Cache-Control"] == "no-store"
        assert response.content == bytes(row.data)
    with acting(world.own, Role.LACE_COORDINATOR):
        look = Read.objects.latest("id")
    assert (look.door, look.act, look.facets) == ("child_plan_addition", Read.Act.READ, ["voice"])


@pytest.mark.req("VOICE-15")
def test_who_may_not_see_it_is_told_what_is_told_of_one_that_is_not_there(world: World) -> None:
    pep = started(world.own)
    row, hidden = added(world, pep), added(world, pep)
    lets(world, hidden)
    nothing = plan(world, f"additions/{uuid4()}/")
    for client in (world.client(Role.SOCIAL_WORKER), world.client(Role.IRO)):
        assert client.get(address(world, row)).status_code == 200
        assert client.get(address(world, hidden)).status_code == client.get(nothing).status_code == 404
        assert len(client.get(address(world, hidden)).content) == len(client.get(nothing).content)
    for client in (world.client(Role.HEADTEACHER), world.client(Role.SOCIAL_WORKER, world.other), world.client(Role.CHILD, world.other)):
        assert {client.get(at).status_code for at in (address(world, row), address(world, hidden), nothing)} == {404}
    assert world.client(Role.CHILD, world.other).get(reverse("own_addition_readers", args=[row.pk])).status_code == 404
    other = f"/children/{world.other.child.pk}/plan/additions/{row.pk}/"  # under the address of another child
    started(world.other)
    assert world.client(Role.CHILD, world.other).get(other).status_code == 404


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "Choose the picture or the recording"),
        (b"", "The file is empty"),
        (b"%PDF-1.7", "This is no picture or recording that Lace can use"),
        (photo()[:300], "This picture cannot be read"),
        (wav()[:60], "This recording cannot be read"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 30, "HEIC"),
        (b"\xff\xd8\xff" + b"\0" * (MOST_BYTES + 1), "The file is larger than 5 MB"),
        (b"\xff\xd8\xff" + b"\0" * (3 * MOST_BYTES), "The file is larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_what_was_typed_is_kept(world: World, data: bytes | None, sentence: str) -> None:
    started(world.own)
    client = world.client(Role.CHILD)
    answer = put(client, plan(world, "additions/"), data)
    assert answer.status_code == 200
    page = text(answer)
    assert sentence in page
    assert f"{WORDS}</textarea>" in page
    with acting(world.own, Role.CHILD):
        assert not Addition.objects.exists()
        assert Pep.objects.get().state == "initiated"


def test_a_large_photo_goes_through_here_and_nowhere_else(world: World) -> None:
    started(world.own)
    large = photo() + b"\0" * (4 * 1024 * 1024)
    assert put(world.client(Role.CHILD), plan(world, "additions/"), large).status_code == 302
    with acting(world.own, Role.CHILD):
        assert len(bytes(Addition.objects.get().data)) < 10_000


def test_no_form_on_a_full_page_nor_of_a_final_plan(world: World) -> None:
    pep = written(world.own)
    for _one in range(MOST):
        row = added(world, pep)
    child = world.client(Role.CHILD)
    at = plan(world, "additions/")
    assert 'type="file"' not in text(child.get(at))
    made_final(world, pep)
    assert "The plan is final" in text(child.get(at))
    assert "take-away" not in text(child.get(at))
    assert child.get(f"{address(world, row)}take-away/").status_code == 302
    lets(world, row)  # who sees it, the child decides at any time


# -- versions, paper, differences, files ---------------------------------------------------------------------------------


@pytest.mark.req("PEP-11", "PEP-12", "VOICE-15")
def test_a_version_shows_it_to_those_whom_the_child_lets_see_it_now(world: World) -> None:
    pep = written(world.own)
    row = added(world, pep)
    version = made_final(world, pep)
    pages = [plan(world, of_version(version, "")), plan(world, "read/")]
    for role in (Role.CHILD, Role.IRO, Role.SOCIAL_WORKER):
        for page in pages:
            assert f'alt="{WORDS}"' in text(world.client(role).get(page))
    assert WORDS not in "".join(text(world.client(Role.HEADTEACHER).get(page)) for page in pages)
    lets(world, row, Role.SOCIAL_WORKER)
    for page in pages:
        assert WORDS not in text(world.client(Role.IRO).get(page))
        assert WORDS in text(world.client(Role.SOCIAL_WORKER).get(page))
    amended(world.own, version)
    removed(world, row)
    assert WORDS in text(world.client(Role.SOCIAL_WORKER).get(pages[0]))
    assert world.client(Role.SOCIAL_WORKER).get(address(world, row)).status_code == 200
    assert WORDS not in text(world.client(Role.SOCIAL_WORKER).get(pages[1]))
    compared = text(world.client(Role.SOCIAL_WORKER).get(plan(world, "differences/")))
    assert "Pictures and recordings" in compared
    assert WORDS in compared
    assert WORDS not in text(world.client(Role.IRO).get(plan(world, "differences/")))


def pictures_in(response: Any) -> list[tuple[str, str]]:
    """Alternative text and language of each figure of a PDF."""
    found = []
    with pikepdf.open(BytesIO(response.content)) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure":
                found.append((str(item.get("/Alt", "")), str(item.get("/Lang", ""))))
    return found


@pytest.mark.req("PEP-12", "PEP-36")
@pytest.mark.parametrize("part", ["my-plan-en.pdf", "plan-cy.pdf"])
def test_on_paper_the_picture_stands_with_its_words(world: World, part: str, tmp_path: Any) -> None:
    pep = written(world.own)
    row = added(world, pep)
    added(world, pep, sent=picture("PNG", mode="RGBA", colour=(0, 0, 255, 60)), words="Draig")
    added(world, pep, sent=wav(), words="Fi yn canu")
    iro = world.client(Role.IRO)
    paper = iro.get(plan(world, part))
    assert pictures_in(paper) == [(WORDS, "cy"), ("Draig", "cy")]
    assert "Fi yn canu" in read(paper)
    file = tmp_path / "plan.pdf"
    file.write_bytes(paper.content)
    assert not [found for found in validate(file).findings if found.severity == Severity.ERROR]
    lets(world, row, Role.SOCIAL_WORKER)
    assert WORDS not in read(iro.get(plan(world, part)))
    assert len(pictures_in(iro.get(plan(world, part)))) == 1
    assert not pictures_in(world.client(Role.HEADTEACHER).get(plan(world, part)))
    version = made_final(world, pep)
    assert len(pictures_in(iro.get(plan(world, of_version(version, part))))) == 1


@pytest.mark.req("PEP-23")
def test_another_authority_takes_over_words_and_digest_and_not_the_bytes(world: World) -> None:
    pep = written(world.own)
    row, away = added(world, pep), added(world, pep, words="Wedi mynd")
    version = made_final(world, pep)
    amended(world.own, version)
    removed(world, away)
    first = for_other(world, exported(world, pep))
    copy = taken_over(world, first)
    with acting(world.other, Role.SOCIAL_WORKER) as by:
        second = export_plan(by=by, pep=copy)
        rows = {found.key: found for found in Addition.objects.filter(pep=copy)}
    assert second["plan"] == first["plan"]
    assert (bytes(rows[row.key].data), rows[row.key].sha256, rows[row.key].held_since, rows[row.key].removed_on) == (b"", row.sha256, 1, None)
    assert rows[away.key].removed_on
    page = text(world.client(Role.SOCIAL_WORKER, world.other).get(f"/children/{world.other.child.pk}/plan/read/"))
    assert WORDS in page
    assert "The file itself stayed with the authority" in page


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"description": " "}, "description"), ({"added_as": "wizard"}, "added_as"), ({"readers": ["wizard"]}, "added_as"), ({"sha256": "x"}, "sha256")],
)
def test_one_that_does_not_fit_is_named(world: World, change: dict[str, Any], pointer: str) -> None:
    pep = written(world.own)
    added(world, pep)
    found = for_other(world, exported(world, pep))
    found["plan"]["content"]["additions"][0] |= change
    assert wrong(world, found)[0].startswith(f"/plan/content/additions/0/{pointer}:")


def test_a_page_takes_as_many_statements_for_one_as_for_six(world: World, django_assert_max_num_queries: Any) -> None:
    from django.db import connection as used
    from django.test.utils import CaptureQueriesContext

    pep = written(world.own)
    client = world.client(Role.CHILD)
    counts: dict[int, list[int]] = {}
    for number in range(1, 4):
        added(world, pep)
        counts[number] = []
        for page in ("additions/", "read/", "section/my_page/", "my-plan-en.pdf"):
            client.get(plan(world, page))
            with CaptureQueriesContext(used) as asked:
                client.get(plan(world, page))
            counts[number].append(len(asked))
    assert counts[1] == counts[2] == counts[3]
