"""A recording that somebody sends, as it sounds, without what a recorder writes beside it: names, places, days, pictures.

Each kind of file is gone through part by part, and only parts that are needed to play it are kept; whatever a later edition of a format
adds is therefore left out too. WAV (RIFF), MP3 (ISO 11172-3 frames), OGG (RFC 3533) with Opus (RFC 7845) or Vorbis, M4A (ISO 14496-12).
WebM is not taken: recorders of telephones and computers do not write it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from django.utils.translation import gettext_lazy as _

from peps.rules.unusable import Unusable

_BROKEN = _("This recording cannot be read: the file is damaged or not whole. Choose it again, or record it anew")
_NO_SOUND = _("Lace cannot use this recording: it holds a film, or a kind of sound that browsers do not play. Send it as MP3 or M4A")


class _Damaged(Exception):
    pass


def sound_type(sent: bytes) -> str:
    """The media type that the first bytes tell; empty for none that is taken."""
    if sent[:4] == b"RIFF" and sent[8:12] == b"WAVE":
        return "audio/wav"
    if sent[:4] == b"OggS":
        return "audio/ogg"
    if sent[4:8] == b"ftyp":
        return "audio/mp4"
    if sent[:3] == b"ID3" or (sent[:1] == b"\xff" and _frame_length(sent[:4])):
        return "audio/mpeg"
    return ""


def read_sound(sent: bytes, media_type: str) -> bytes:
    """The recording without its labels. Raises Unusable."""
    readers: dict[str, Callable[[bytes], bytes]] = {"audio/wav": _wav, "audio/mpeg": _mp3, "audio/ogg": _ogg, "audio/mp4": _m4a}
    try:
        return readers[media_type](sent)
    except (_Damaged, struct.error, IndexError):
        raise Unusable(_BROKEN) from None


def _wav(sent: bytes) -> bytes:
    """`fmt `, `fact` and `data` are what plays; INFO lists, broadcast and ID3 chunks say who recorded it, when and where."""
    kept, place = {}, 12
    while place + 8 <= len(sent):
        name, size = sent[place : place + 4], struct.unpack_from("<I", sent, place + 4)[0]
        if name in {b"fmt ", b"fact", b"data"} and name not in kept:
            body = sent[place + 8 : place + 8 + size]
            if len(body) < size:
                raise _Damaged
            kept[name] = name + struct.pack("<I", size) + body + b"\0" * (size % 2)
        place += 8 + size + size % 2
    if not {b"fmt ", b"data"} <= kept.keys() or len(kept[b"data"]) == 8:
        raise _Damaged
    body = b"WAVE" + b"".join(kept[name] for name in (b"fmt ", b"fact", b"data") if name in kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


# Bit rates in kbit/s by (MPEG 1?, layer), and samples a second by version: ISO 11172-3 and 13818-3.
_RATES = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # MPEG 1, 2, 2.5


def _frame_length(head: bytes) -> int:
    """Bytes of the MPEG frame with this head; 0 when it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate, samples, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate in {0, 15} or samples == 3:
        return 0
    bits, hertz = _RATES[version == 3, layer][rate] * 1000, _SAMPLES[version][samples]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def _mp3(sent: bytes) -> bytes:
    """The frames, one after another; ID3 and APE labels stand before, behind or between them."""
    frames, start = [], 0
    if sent[:3] == b"ID3":
        start = 10 + sum((sent[6 + at] & 0x7F) << 7 * (3 - at) for at in range(4)) + (10 if sent[5] & 0x10 else 0)
    place = start
    while place + 4 <= len(sent):
        length = _frame_length(sent[place : place + 4])
        if length and place + length <= len(sent):
            frames.append(sent[place : place + length])
            place += length
        else:
            following = sent.find(b"\xff", place + 1)
            place = len(sent) if following < 0 else following
    if len(frames) < 4 or sum(map(len, frames)) * 2 < len(sent) - start:
        raise _Damaged  # no tenth of a second, or more beside the sound than sound
    return b"".join(frames)


def _crc_table() -> list[int]:
    found = []
    for number in range(256):
        rest = number << 24
        for _bit in range(8):
            rest = rest << 1 ^ (0x04C11DB7 if rest & 0x80000000 else 0)
        found.append(rest & 0xFFFFFFFF)
    return found


_CRC = _crc_table()


def _ogg_crc(page: bytes) -> int:
    rest = 0
    for byte in page:
        rest = rest << 8 & 0xFFFFFFFF ^ _CRC[rest >> 24 ^ byte]
    return rest


_COMMENTS = {b"OpusHead": (b"OpusTags", b""), b"\x01vorbis": (b"\x03vorbis", b"\x01")}  # begin of the first packet: begin and end of the second


def _ogg(sent: bytes) -> bytes:
    """Page by page. The second packet of an Opus or Vorbis stream holds the labels: it keeps its length, and holds spaces after that."""
    pages = list(_ogg_pages(sent))
    head = next((begin for begin in _COMMENTS if pages and pages[0][1].startswith(begin)), None)
    if head is None:
        raise Unusable(_NO_SOUND) if pages else _Damaged
    if len({page[14:18] for page, _body in pages}) > 1 or sum(page[5] & 2 for page, _body in pages) > 2:
        raise Unusable(_NO_SOUND)  # a second stream, or one after the other
    begin, end = _COMMENTS[head]
    # from the second page on: the lengths of the packets' pieces, up to the one that is shorter than 255 and so ends the packet
    pieces, whole = [], False
    for number, (page, _body) in enumerate(pages[1:], 1):
        taken = 0
        for length in page[27:]:
            taken += length
            whole = length < 255
            if whole:
                break
        pieces.append((number, taken))
        if whole:
            break
    size = sum(taken for _number, taken in pieces)
    room = size - len(begin) - len(end) - 8
    first = pages[pieces[0][0]][1] if pieces else b""
    if not whole or room < 0 or not first.startswith(begin):
        raise _Damaged
    packet = begin + struct.pack("<I", room) + b" " * room + struct.pack("<I", 0) + end
    for number, taken in pieces:
        page, body = pages[number]
        pages[number] = (page, packet[:taken] + body[taken:])
        packet = packet[taken:]
        page, body = pages[number]
        blank = page[:22] + b"\0\0\0\0" + page[26:] + body
        pages[number] = (blank[:22] + struct.pack("<I", _ogg_crc(blank)) + page[26:], body)
    return b"".join(page + body for page, body in pages)


def _ogg_pages(sent: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Head and body of each page."""
    place = 0
    while place < len(sent):
        if sent[place : place + 4] != b"OggS" or len(sent) < place + 27:
            raise _Damaged
        head = sent[place : place + 27 + sent[place + 26]]
        body = sent[place + len(head) : place + len(head) + sum(head[27:])]
        if len(body) < sum(head[27:]):
            raise _Damaged
        yield head, body
        place += len(head) + len(body)


# The boxes that are needed to play, each with those inside it that are; what is not here is blanked where it stands, so that nothing moves.
_LEAF: dict[bytes, dict[bytes, object]] = {}
_BOXES: dict[bytes, object] = {
    b"ftyp": _LEAF,
    b"mdat": _LEAF,
    b"moov": {
        b"mvhd": _LEAF,
        b"mvex": _LEAF,
        b"trak": {
            b"tkhd": _LEAF,
            b"edts": _LEAF,
            b"mdia": {b"mdhd": _LEAF, b"hdlr": _LEAF, b"minf": {b"smhd": _LEAF, b"dinf": _LEAF, b"stbl": _LEAF}},
        },
    },
    b"moof": {b"mfhd": _LEAF, b"traf": dict.fromkeys((b"tfhd", b"tfdt", b"trun", b"sgpd", b"sbgp"), _LEAF)},
    b"sidx": _LEAF,
    b"styp": _LEAF,
}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}  # they begin with the seconds at which they were made and changed


def _m4a(sent: bytes) -> bytes:
    """The boxes of one or more sound tracks, without user data, labels and the days on which it was recorded."""
    kept = bytearray(sent)
    tracks: list[bytes] = []
    found: set[bytes] = set()
    _blank(kept, 0, len(kept), _BOXES, tracks, found)
    if not {b"moov", b"mdat"} <= found or not tracks:
        raise _Damaged
    if set(tracks) != {b"soun"}:
        raise Unusable(_NO_SOUND)
    return bytes(kept)


def _blank(kept: bytearray, start: int, end: int, known: dict[bytes, object], tracks: list[bytes], found: set[bytes]) -> None:
    place = start
    while place < end:
        size, name = struct.unpack_from(">I4s", kept, place)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", kept, place + 8)[0], 16
        elif size == 0:
            size = end - place
        if size < head or place + size > end:
            raise _Damaged
        inside = known.get(name)
        if inside is None:
            kept[place + 4 : place + 8] = b"free"
            kept[place + head : place + size] = bytes(size - head)
        elif inside:
            assert isinstance(inside, dict)
            _blank(kept, place + head, place + size, inside, tracks, found)
        elif name in _DATED:
            days = 16 if kept[place + head] == 1 else 8
            kept[place + head + 4 : place + head + 4 + days] = bytes(days)
        elif name == b"hdlr":
            tracks.append(bytes(kept[place + head + 8 : place + head + 12]))
            kept[place + head + 24 : place + size] = bytes(size - head - 24)  # the name of what recorded it
        found.add(name)
        place += size
