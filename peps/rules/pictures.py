"""A picture that somebody sends, drawn anew: upright, no larger than a screen, and with nothing in it but what one sees.

What a camera writes beside the picture (where it was taken, when, with whose phone, a smaller picture of what was cut off) is not copied.
"""

from __future__ import annotations

import re
from io import BytesIO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile, ImageOps

from peps.rules.unusable import Unusable

# How the files begin. Pillow reads 40 more kinds, some of which run programs.
PICTURES = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)
MOST_PIXELS = 24_000_000  # a telephone's photo; what says it is larger is not looked at further
LONGEST = 1600  # pixels of the longer side
LARGE = 2 * 1024 * 1024  # bytes; a see-through picture that takes more is laid on white
_BROKEN = _("This picture cannot be read: the file is damaged or not whole. Choose it again, or another one")
_TOO_LARGE = _("This picture has more than 24 million dots. Make it smaller, or send a screenshot of it")


def read_picture(sent: bytes) -> tuple[str, bytes]:
    """Media type and bytes of the picture drawn anew; of one that moves, its first frame. Raises Unusable."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint sets it for the whole process when it is loaded
    try:
        with Image.open(BytesIO(sent), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise Unusable(_TOO_LARGE)
            image.draft("RGB", (LONGEST, LONGEST))  # a JPEG is read at a half, a quarter or an eighth of its size where that is enough
            image.load()
            return _written(_seen(image))
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable(_TOO_LARGE) from None
    except Exception:  # of what is wrong in a file, Pillow's readers say in a dozen ways
        raise Unusable(_BROKEN) from None


def _seen(image: Image.Image) -> Image.Image:
    """The dots alone, upright and no larger than needed."""
    upright = ImageOps.exif_transpose(image)
    see_through = upright.has_transparency_data
    upright = upright.convert("RGBA" if see_through else "RGB")
    upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    if see_through and upright.getchannel("A").getextrema()[0] == 255:
        upright = upright.convert("RGB")
    return Image.frombytes(upright.mode, upright.size, upright.tobytes())  # what was read beside them stays behind


def _written(image: Image.Image) -> tuple[str, bytes]:
    if image.mode == "RGBA":
        drawn = BytesIO()
        image.save(drawn, "PNG", optimize=True)
        if drawn.tell() <= LARGE:
            return "image/png", drawn.getvalue()
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white.convert("RGB")
    photo = BytesIO()
    image.save(photo, "JPEG", quality=85, optimize=True)
    return "image/jpeg", photo.getvalue()
