"""Pictures and recordings for the tests: small, made here, each with labels that must not survive."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

from PIL import Image

from peps.rules.sounds import _ogg_crc

SECRET = b"CANARY-where-and-when"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), colour: Any = "white", mode: str = "RGB", corner: Any = "red", **how: Any) -> bytes:
    """A picture with a red corner at its upper left."""
    image = Image.new(mode, size, colour)
    image.paste(corner, (0, 0, size[0] // 3, size[1] // 3))
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def photo() -> bytes:
    """As a telephone takes it held upright: lying on its side, with the place, the day, the maker and a word of comment in it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter to the right
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 29.0, 0.0), 3: "W", 4: (3.0, 10.0, 0.0)})
    exif.get_ifd(0x8769)[0x9003] = "2026:11:20 10:00:00"
    return picture(exif=exif.tobytes(), comment=SECRET, icc_profile=SECRET, dpi=(300, 300))


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def dot(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    """Red, green and blue at one place, each from 0 to 255."""
    place: Any = image.convert("RGB").getpixel((x, y))
    red, green, blue = place
    return red, green, blue


def wav() -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    parts = [(b"fmt ", form), (b"LIST", b"INFOIART" + struct.pack("<I", len(SECRET)) + SECRET + b"\0"), (b"data", b"\x80" * 400), (b"id3 ", SECRET)]
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413  # MPEG 1, layer 3, 128 kbit/s, 44.1 kHz: 417 bytes


def mp3() -> bytes:
    label = b"TPE1" + struct.pack(">I", len(SECRET)) + b"\0\0" + SECRET
    size = bytes((len(label) >> 7 * at) & 0x7F for at in (3, 2, 1, 0))
    return b"ID3\x04\0\0" + size + label + FRAME * 12 + b"TAG" + SECRET.ljust(125, b"\0")


def ogg(codec: str = "opus", long: int = 0) -> bytes:
    """Three pages; with `long` labels the second packet goes over two."""
    comment = SECRET + b"x" * long
    said = struct.pack("<I", 4) + b"made" + struct.pack("<II", 1, len(comment)) + comment
    head, labels = {
        "opus": (b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0", b"OpusTags" + said),
        "vorbis": (b"\x01vorbis" + b"\0" * 23, b"\x03vorbis" + said + b"\x01"),
        "speex": (b"Speex   " + b"\0" * 72, said),
    }[codec]
    pages = [_page(2, 0, [head]), *_packet_pages(1, labels), _page(4, 9, [b"\x00sound" * 20])]
    return b"".join(pages)


def _packet_pages(number: int, packet: bytes) -> list[bytes]:
    if len(packet) < 255 * 255:
        return [_page(0, number, [packet])]
    first = packet[: 255 * 255]
    return [_raw_page(0, number, b"\xff" * 255, first), _page(1, number + 1, [packet[len(first) :]])]


def _page(kind: int, number: int, packets: list[bytes]) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    return _raw_page(kind, number, lacing, b"".join(packets))


def _raw_page(kind: int, number: int, lacing: bytes, body: bytes) -> bytes:
    start = b"OggS\0" + bytes([kind]) + b"\0" * 8 + b"\x01\0\0\0" + struct.pack("<I", number)
    rest = bytes([len(lacing)]) + lacing + body
    return start + struct.pack("<I", _ogg_crc(start + b"\0" * 4 + rest)) + rest


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I", 8 + len(body)) + name + body


def m4a(handler: bytes = b"soun") -> bytes:
    dated = b"\0" * 4 + b"DAYSDAYS" + b"\0" * 12
    named = b"\0" * 8 + handler + b"\0" * 12 + SECRET
    table = box(b"stbl", box(b"stsd", b"\0" * 8), box(b"stco", struct.pack(">III", 0, 1, 600)))
    media = box(b"mdia", box(b"mdhd", dated), box(b"hdlr", named), box(b"minf", box(b"smhd", b"\0" * 8), table))
    track = box(b"trak", box(b"tkhd", dated), media, box(b"udta", SECRET))
    moov = box(b"moov", box(b"mvhd", dated), track, box(b"udta", box(b"meta", SECRET)))
    return box(b"ftyp", b"M4A \0\0\0\0") + moov + box(b"uuid", SECRET) + box(b"mdat", b"sound" * 40)
