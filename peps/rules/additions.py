"""What a child adds to the child's page beside words: a drawing, a photo, a recording of the child's voice (PEP-12). No database.

`read` takes a file as it was sent and answers what is kept of it: a picture drawn anew, a recording without its labels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from peps.rules.pictures import PICTURES, read_picture
from peps.rules.sounds import read_sound, sound_type
from peps.rules.unusable import Unusable

MOST = 6  # that stand on one page
MOST_BYTES = 5 * 1024 * 1024  # of a file as it is sent
LIMIT = 300  # characters of a description
# What a browser offers to choose from; what a file really is, its bytes say.
ACCEPTED = ".png,.jpg,.jpeg,.webp,.mp3,.m4a,.ogg,.oga,.opus,.wav,image/png,image/jpeg,image/webp,audio/mpeg,audio/mp4,audio/ogg,audio/wav"
# What a version keeps of one: `Addition.as_frozen`.
ADDITION_FIELDS = ("kind", "media_type", "sha256", "description", "language", "added_on", "added_as", "readers")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/ogg": "ogg", "audio/wav": "wav"}

__all__ = ["ACCEPTED", "ADDITION_FIELDS", "ENDINGS", "LIMIT", "MOST", "MOST_BYTES", "AdditionKind", "Kept", "Unusable", "read"]


class AdditionKind(TextChoices):
    PICTURE = "picture", _("Picture")
    SOUND = "sound", _("Recording")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a file."""

    kind: AdditionKind
    media_type: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read(sent: bytes) -> Kept:
    """What is kept of a file as it was sent: known by its bytes, never by its name. Raises Unusable with a sentence that says what to do."""
    if not sent:
        raise Unusable(_("The file is empty. Choose another one"))
    if len(sent) > MOST_BYTES:
        raise Unusable(_("The file is larger than 5 MB. Choose a smaller picture, or a shorter recording"))
    if PICTURES.match(sent):
        media_type, data = read_picture(sent)
        return Kept(AdditionKind.PICTURE, media_type, data)
    if sent[4:8] == b"ftyp" and sent[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}:
        raise Unusable(_("Lace cannot show pictures of this kind (HEIC). Save it as JPEG, or send a screenshot of it"))
    known = sound_type(sent)
    if known:
        return Kept(AdditionKind.SOUND, known, read_sound(sent, known))
    raise Unusable(_("This is no picture or recording that Lace can use. Choose a PNG, JPEG or WebP picture, or an MP3, M4A, OGG or WAV recording"))
