"""What is kept of a picture or a recording that somebody sends: what one sees and hears, and nothing of where and when it was made."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from PIL import ImageFile

from peps.rules import sounds
from peps.rules.additions import MOST_BYTES, AdditionKind, Unusable, read
from tests.peps.media import FRAME, SECRET, box, dot, m4a, mp3, ogg, opened, photo, picture, wav

SOUNDS: list[tuple[Callable[[], bytes], str]] = [(wav, "audio/wav"), (mp3, "audio/mpeg"), (ogg, "audio/ogg"), (m4a, "audio/mp4")]


def sentence(sent: bytes) -> str:
    with pytest.raises(Unusable) as refused:
        read(sent)
    return str(refused.value.sentence)


@pytest.mark.req("PEP-12")
def test_a_photo_is_turned_upright_and_tells_nothing_of_where_and_when_it_was_taken() -> None:
    sent = photo()
    assert SECRET in sent
    assert opened(sent).getexif().get_ifd(0x8825)
    kept = read(sent)
    assert (kept.kind, kept.media_type) == (AdditionKind.PICTURE, "image/jpeg")
    drawn = opened(kept.data)
    assert drawn.size == (40, 60)  # the red corner is at the upper right now
    assert dot(drawn, 36, 3)[0] > 200
    assert dot(drawn, 36, 3)[1] < 60
    assert not drawn.getexif()
    assert not {"comment", "icc_profile", "exif"} & drawn.info.keys()
    assert SECRET not in kept.data


def test_a_picture_is_no_larger_than_a_screen_and_one_that_moves_stands_still() -> None:
    assert opened(read(picture(size=(4000, 1000))).data).size == (1600, 400)
    assert opened(read(picture(size=(30, 20))).data).size == (30, 20)
    moving = picture("WEBP", save_all=True, append_images=[opened(picture(colour="blue"))])
    assert min(dot(opened(read(moving).data), 50, 35)) > 200  # white, and not the blue that comes after
    drawing = read(picture("PNG", mode="RGBA", colour=(0, 0, 255, 100)))
    assert drawing.media_type == "image/png"
    assert opened(drawing.data).mode == "RGBA"
    assert read(picture("PNG", mode="RGBA", colour=(0, 0, 255, 255))).media_type == "image/jpeg"  # nothing shines through
    for mode in ("1", "L", "P", "I;16"):
        assert read(picture("PNG", mode=mode, colour=1, corner=0)).data
    assert read(picture("JPEG", mode="CMYK")).data
    assert read(picture("PNG", mode="LA")).data


def test_a_picture_that_would_fill_the_memory_is_not_read() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    assert "24 million dots" in sentence(bomb)
    assert "24 million dots" in sentence(picture("PNG", size=(5000, 4900), mode="1", colour=1))
    text = picture("PNG")[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 50_000_000)) + picture("PNG")[33:]
    assert "cannot be read" in sentence(text)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused_also_after_the_press_has_made_pillow_lenient(kind: str) -> None:
    whole = picture(kind, size=(400, 300), colour="green")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    for part in (whole[: len(whole) // 2], whole[:40], whole[:12] + b"\0" * 200):
        assert "cannot be read" in sentence(part)
    assert read(whole)


@pytest.mark.parametrize(("make", "media_type"), SOUNDS)
def test_a_recording_keeps_its_sound_and_loses_its_labels(make: Callable[[], bytes], media_type: str) -> None:
    sent = make()
    assert SECRET in sent
    kept = read(sent)
    assert (kept.kind, kept.media_type) == (AdditionKind.SOUND, media_type)
    assert SECRET not in kept.data
    assert b"DAYSDAYS" not in kept.data
    assert read(kept.data).data == kept.data  # what is kept is whole, and has nothing more to lose


@pytest.mark.parametrize(("make", "media_type"), SOUNDS)
def test_half_a_recording_is_refused(make: Callable[[], bytes], media_type: str) -> None:
    sent = make()
    assert "damaged or not whole" in sentence(sent[: len(sent) // 6])
    assert "damaged or not whole" in sentence(sent[:45])
    if media_type != "audio/mpeg":
        assert "damaged or not whole" in sentence(sent[:-30] if media_type != "audio/wav" else wav()[:-80])


def test_what_plays_stands_where_it_stood() -> None:
    assert read(mp3()).data == FRAME * 12
    assert len(read(m4a()).data) == len(m4a())
    assert read(m4a()).data.endswith(box(b"mdat", b"sound" * 40))
    for codec in ("opus", "vorbis"):
        for long in (0, 300, 70_000):
            sent = ogg(codec, long)
            kept = read(sent).data
            assert len(kept) == len(sent)
            assert b"\x00sound" * 20 in kept
            assert b"xxx" not in kept
            for head, body in sounds._ogg_pages(kept):
                blank = head[:22] + b"\0\0\0\0" + head[26:] + body
                assert struct.unpack("<I", head[22:26])[0] == sounds._ogg_crc(blank)


def test_what_is_no_picture_or_recording_is_named() -> None:
    assert "HEIC" in sentence(box(b"ftyp", b"heic\0\0\0\0mif1") + b"\0" * 50)
    assert "no picture or recording" in sentence(b"%PDF-1.7 " + b"x" * 100)
    assert "no picture or recording" in sentence(b"GIF89a" + b"\0" * 100)
    assert "no picture or recording" in sentence(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    assert "no picture or recording" in sentence(b"\x1a\x45\xdf\xa3 webm")
    assert "a film" in sentence(m4a(b"vide"))
    assert "a film" in sentence(ogg("speex"))
    assert "empty" in sentence(b"")
    assert "larger than 5 MB" in sentence(b"\xff\xd8\xff" + b"\0" * MOST_BYTES)


@pytest.mark.parametrize("make", [photo, wav, mp3, ogg, m4a])
def test_a_damaged_file_is_kept_or_refused_with_a_sentence(make: Callable[[], bytes]) -> None:
    whole = make()
    for place in range(0, min(len(whole), 700), 7):
        for byte in (0x00, 0xFF):
            sent = whole[:place] + bytes([byte]) + whole[place + 1 :]
            with suppress(Unusable):
                read(sent)
