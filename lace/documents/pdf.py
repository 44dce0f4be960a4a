"""Pages to print: a Django template becomes a PDF/UA-1 file (ISO 14289-1). The only module, with tagging.py, that speaks WeasyPrint.

WeasyPrint is loaded at the first document, because it needs Pango from the system and everything else must run without it.
A document opens nothing: no socket, and no file but the style sheet and the fonts named here. Text that a person wrote is escaped by the
template; what is below holds even for text that was not.
"""

import atexit
import logging
import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from lace.documents.fonts import WEIGHTS, font_file

log = logging.getLogger(__name__)

# Django's language for each language of a document: dates are British, "en" alone would write them American.
DJANGO_LANGUAGE = {"en": "en-gb", "cy": "cy"}
ADDRESS = "lace:"  # names inside this package; no scheme that anything else could open
MARK = f"{ADDRESS}mark"
MARK_LIMIT = 1_000_000  # bytes
MARK_BEGINS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<")  # PNG, JPEG, SVG: Pillow knows 40 more, some of which run programs
SVG = "{http://www.w3.org/2000/svg}"

# None of our templates has these; in a finished page they can only come from text that slipped in as markup.
UNWANTED = frozenset({"style", "link", "script", "base", "iframe", "object", "embed", "meta", "title", f"{SVG}style", f"{SVG}script"})
LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
SPAN_LIMIT = 100  # columns or rows; 65,534 keeps the layout busy for minutes
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
INK = "#0b0c0c"


class PrintingUnavailable(RuntimeError):
    """No PDF can be made on this machine; the message says what to install or run."""


class _Press(NamedTuple):
    html: Any  # weasyprint.HTML
    fetcher: Callable[[Mapping[str, bytes]], Any]
    fonts: Any  # FontConfiguration: loaded fonts, on disk in a folder of its own
    sheet: Any  # the parsed style sheet
    process: int


_press: _Press | None = None
_lock = threading.Lock()  # Pango's font map is not for two threads at once


def render_pdf(
    *, template: str, context: Mapping[str, Any], language: str, title: str, mark: bytes | None = None, pictures: Mapping[str, bytes] | None = None
) -> bytes:
    """The template as a tagged A4 document in one language, "en" or "cy". The same input gives the same bytes.

    `template` extends `pdf/base.html`, whose head lists the names it takes from `context`. `title` is the document's title and first heading.
    `mark` is the authority's logo (PNG, JPEG or SVG, at most 1 MB). `pictures`, which Lace has drawn anew, stand in the page by their names,
    each of which begins with ADDRESS.
    Raises PrintingUnavailable when Pango or the fonts are missing, ValueError for another language, a mark that is too big or of another kind, a
    colour that is not #rrggbb, or a page nested too deeply.
    """
    if language not in DJANGO_LANGUAGE:
        raise ValueError(f"A document is in 'en' or 'cy', not in {language!r}.")
    if mark is not None:
        if len(mark) > MARK_LIMIT:
            raise ValueError(f"The authority's mark has {len(mark):,} bytes; {MARK_LIMIT:,} is the limit. Use a smaller picture.")
        if not mark.startswith(MARK_BEGINS):
            raise ValueError("The authority's mark is not a PNG, JPEG or SVG picture. Save it as one of these.")
    colour = context.get("authority_colour") or INK
    if not COLOUR.fullmatch(colour):
        raise ValueError(f"The authority's colour is {colour!r}; write it as # and six hexadecimal digits, for example #00594f.")
    with translation.override(DJANGO_LANGUAGE[language]):
        page = render_to_string(template, {**context, "language": language, "title": title, "colour": colour, "mark_address": MARK if mark else ""})
    with _lock:
        press = _ready()
        try:
            html = press.html(
                string=unicodedata.normalize("NFC", page),  # w followed by a loose circumflex becomes ŵ, which the font draws better
                url_fetcher=press.fetcher({**(pictures or {}), **({MARK: mark} if mark else {})}),
            )
            html.base_url = None  # a <base> in the page must not complete any address
            _clean(html.etree_element)
            written: bytes = html.write_pdf(stylesheets=[press.sheet], font_config=press.fonts, pdf_variant="pdf/ua-1")
        except RecursionError:
            raise ValueError("The page is nested too deeply to be printed.") from None
    return written


def printing_problem() -> str | None:
    """What keeps this machine from making PDFs, as a sentence that says what to do; None when all is there."""
    try:
        with _lock:
            _ready()
    except PrintingUnavailable as problem:
        return str(problem)
    return None


def _ready() -> _Press:
    global _press
    if _press is None or _press.process != os.getpid():
        _press = _set_up()
    return _press


def _set_up() -> _Press:
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as missing:
        raise PrintingUnavailable(
            "PDF documents need the Pango library, which is not on this machine. Debian and Ubuntu: apt-get install libpango-1.0-0 "
            f"libpangoft2-1.0-0. macOS: brew install pango. Then start Lace again. (The system said: {missing})"
        ) from missing
    from lace.documents import tagging

    tagging.install()

    class NamedOnly(URLFetcher):  # type: ignore[misc]
        """Gives what it was handed, by name. The base class's own set-up, which knows http, ftp and file, is left out on purpose."""

        def __init__(self, named: Mapping[str, bytes]) -> None:
            self.named, self._fail_on_errors = named, False

        def fetch(self, url: str, headers: object = None) -> Any:
            if url not in self.named:
                log.warning("A document asked for an address of scheme %r and was refused.", url.partition(":")[0][:20])
                raise ValueError("not part of this document")
            return URLFetcherResponse(url, self.named[url])

        def open(self, *_args: object, **_kwargs: object) -> Any:
            raise ValueError("not part of this document")

    named = {}
    for weight in WEIGHTS:
        try:
            named[f"{ADDRESS}{font_file(weight)}"] = (Path(settings.FONTS_DIR) / font_file(weight)).read_bytes()
        except OSError as missing:
            raise PrintingUnavailable(f"The fonts for PDF documents are not built. Run: manage.py build_assets. ({missing})") from missing
    fonts = FontConfiguration()
    sheet = weasyprint.CSS(
        string=files("lace.documents").joinpath("report.css").read_text(encoding="utf-8"), url_fetcher=NamedOnly(named), font_config=fonts
    )
    return _Press(weasyprint.HTML, NamedOnly, fonts, sheet, os.getpid())


def _forget_after_fork() -> None:
    """A forked worker makes its own: sharing, it would delete its parent's font folder at its own end."""
    global _press, _lock
    if _press is not None:
        _press.fonts._folder = None
    _press, _lock = None, threading.Lock()


def _close() -> None:
    """Delete the font folder: at the interpreter's end the object that owns it would come too late to do so."""
    global _press
    if _press is not None:
        shutil.rmtree(_press.fonts._folder, ignore_errors=True)
        _press.fonts._folder = None
    _press = None


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(_close)


def _clean(root: Any) -> None:
    """Take out of the parsed page what could load, run, disguise or exhaust."""
    for element in list(root.find("body").iter()):
        if element.tag in UNWANTED:
            log.warning("A document held <%s> as markup; it was left out.", element.tag.rpartition("}")[2])
            following = element.tail
            element.clear()
            element.tag, element.tail = "span", following
    for element in root.iter():
        held = element.attrib
        if element.tag == "a":
            held.pop("rel", None)
            if "href" in held and not LINK.match(held["href"].strip()):
                del held["href"]
        elif element.tag == f"{SVG}svg":
            held["font-family"] = "Lace, sans-serif"  # a chart is lettered like its page
        for span in ("colspan", "rowspan"):
            if span in held and not (held[span].isascii() and held[span].isdigit() and int(held[span]) <= SPAN_LIMIT):
                del held[span]
