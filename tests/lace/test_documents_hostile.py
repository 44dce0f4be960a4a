"""Text that is markup: a document opens nothing and gives nothing away, escaped as every template does it, and even where it was not."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.conf import settings as django_settings
from PIL import Image
from pytest_django import Settings

from lace.documents.fonts import WEIGHTS, build_fonts, font_file
from lace.documents.pdf import render_pdf

CANARY = "CANARY-7f3a"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100"><title>t</title>{}</svg>'

# {file} is a folder with canary files as file://…; {path} the same as a plain path; {http} a web server that notes every request.
PAYLOADS = {
    "image of a file": '<img src="{file}/canary.png" alt="x">',
    "image by path": '<img src="{path}/canary.png" alt="x">',
    "image by web": '<img src="{http}/canary.png" alt="x">',
    "image by protocol-relative address": '<img src="//{host}/canary.png" alt="x">',
    "image set": '<img srcset="{http}/canary.png 1x" src="{http}/canary.png" alt="x">',
    "image as data": '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E'
    '%3Cimage href=%22{file}/canary.png%22/%3E%3C/svg%3E" alt="x">',
    "image in capitals": '<IMG SRC="FILE://{path}/canary.png" ALT="x">',
    "picture": '<picture><source srcset="{http}/canary.png"><img src="{file}/canary.svg" alt="x"></picture>',
    "attachment by link": '<link rel="attachment" href="{file}/canary.txt">',
    "attachment by anchor": '<a rel="attachment" href="{file}/canary.txt">attached</a>',
    "attachment by web": '<a rel="attachment" href="{http}/canary.txt">attached</a>',
    "style sheet by link": '<link rel="stylesheet" href="{file}/canary.css">',
    "style sheet by web": '<link rel="stylesheet" href="{http}/canary.css">',
    "import of a file": "<style>@import url('{file}/canary.css');</style>",
    "import by web": "<style>@import '{http}/canary.css';</style>",
    "font of a file": "<style>@font-face{{font-family:Lace;src:url('{file}/canary.ttf')}}</style>",
    "font by web": "<style>@font-face{{font-family:X;src:url('{http}/canary.ttf')}} p{{font-family:X}}</style>",
    "local font": "<style>@font-face{{font-family:Lace;src:local('DejaVu Sans')}}</style>",
    "background": "<p style=\"background:url('{file}/canary.png')\">x</p>",
    "background by web": '<p style="background-image:url({http}/canary.png)">x</p>',
    "list image": "<ul><li style=\"list-style-image:url('{file}/canary.png')\">x</li></ul>",
    "generated content": "<style>p::after{{content:url('{file}/canary.svg')}}</style><p>x</p>",
    "border image": "<p style=\"border:2px solid;border-image:url('{file}/canary.png') 1\">x</p>",
    "mask": "<p style=\"mask-border-source:url('{file}/canary.png')\">x</p>",
    "hiding": "<style>p{{display:none}}</style>",
    "page background": "<style>@page{{background:url('{file}/canary.png')}}</style>",
    "colour profile": "<style>@color-profile --x{{src:url('{file}/canary.icc')}}</style>",
    "counter style": "<style>@counter-style x{{system:cyclic;symbols:url('{file}/canary.png')}}</style><ol style=\"list-style:x\"><li>x</li></ol>",
    "base address": '<base href="{file}/"><img src="canary.png" alt="x"><link rel="stylesheet" href="canary.css">',
    "frame": '<iframe src="{file}/canary.html"></iframe>',
    "object": '<object data="{file}/canary.svg" type="image/svg+xml">x</object>',
    "embed": '<embed src="{file}/canary.svg" type="image/svg+xml">',
    "video poster": '<video poster="{http}/canary.png"></video>',
    "script": "<script>fetch('{http}/')</script>",
    "refresh": '<meta http-equiv="refresh" content="0;url={http}/">',
    "link to a file": '<a href="{file}/canary.txt">open</a>',
    "link to a script": '<a href="JavaScript:app.alert(1)">open</a>',
    "chart with image": SVG.format('<image href="{file}/canary.png" width="9" height="9"/>'),
    "chart with old image": SVG.format('<image xlink:href="{http}/canary.png" width="9" height="9"/>'),
    "chart that uses": SVG.format('<use href="{file}/canary.svg#word"/>'),
    "chart that uses by web": SVG.format('<use xlink:href="{http}/canary.svg#word"/>'),
    "chart with import": SVG.format("<style>@import '{file}/canary.css'; text{{fill:url('{file}/canary.svg#word')}}</style><text>x</text>"),
    "chart with font": SVG.format("<style>@font-face{{font-family:Y;src:url('{http}/canary.ttf')}}</style><text font-family='Y'>x</text>"),
    "chart with filter": SVG.format('<filter id="f"><feImage href="{file}/canary.png"/></filter><rect filter="url({file}/canary.svg#f)"/>'),
    "chart with marker": SVG.format('<path d="M0 0L9 9" marker-end="url({file}/canary.svg#word)"/>'),
    "chart with a page inside": SVG.format('<foreignObject><iframe src="{file}/canary.html"></iframe></foreignObject>'),
    "chart with base": '<svg xmlns="http://www.w3.org/2000/svg" xml:base="{file}/"><image href="canary.png" width="9" height="9"/></svg>',
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "{file}/canary.txt">]><p>&e;</p>',
    "our own scheme": '<img src="lace:../../canary.txt" alt="x"><img src="lace:report.css" alt="x"><img src="lace:lace-400.ttf" alt="x">',
    "out of the head": "</head></html><link rel=attachment href={file}/canary.txt>",
    "wide cell": "<table><tr><td colspan=65534 rowspan=65534>x</td></tr></table>",
}
MARKS = {
    "image": SVG.format('<image href="{file}/canary.png" width="9" height="9"/>'),
    "use": SVG.format('<use href="{file}/canary.svg#word"/>'),
    "import": SVG.format("<style>@import '{http}/canary.css';</style><text>x</text>"),
    "font": SVG.format("<style>@font-face{{font-family:Lace;src:url('{file}/canary.ttf')}}</style><text>x</text>"),
    "entity": '<!DOCTYPE svg [<!ENTITY e SYSTEM "{file}/canary.txt">]><svg xmlns="http://www.w3.org/2000/svg"><text y="9">&e;</text></svg>',
    "laughs": "<!DOCTYPE svg [<!ENTITY a '"
    + "ha" * 50
    + "'>"
    + "".join(f"<!ENTITY {n} '{('&' + p + ';') * 30}'>" for p, n in pairwise("abcdefg"))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&g;</text></svg>',
    "not a picture": "<p>{path}</p",
}

# The audit hook stays for the life of the process, so it notes only while a test listens.
_opened: list[str] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is None:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        _opened.append(f"file {arguments[0]!r}")
    elif event in ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen", "os.system"):
        _opened.append(f"{event} {arguments!r}")


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = Path(django_settings.FONTS_DIR)
    if not all((built / font_file(weight)).exists() for weight in WEIGHTS):
        built = tmp_path_factory.mktemp("fonts")
        build_fonts(Path(django_settings.BASE_DIR) / "static" / "node_modules", built)
    return built


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Canary files, and a web server that would give the same and notes who asks."""
    folder, asked = tmp_path_factory.mktemp("canaries"), []
    texts = {
        "canary.txt": CANARY,
        "canary.css": f"body::before {{ content: '{CANARY}' }}",
        "canary.svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text id="word" y="15">{CANARY}</text></svg>',
        "canary.html": f"<p>{CANARY}</p>",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    Image.new("RGB", (9, 9), "#ff0000").save(folder / "canary.png")
    (folder / "canary.ttf").write_bytes(b"\0\1\0\0")

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / Path(self.path).name).read_bytes())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_port}"
    yield {"file": folder.as_uri(), "path": str(folder), "http": f"http://{host}", "host": host, "asked": asked}
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def printing(settings: Settings, fonts: Path) -> None:
    pages = {
        "raw.html": '{% extends "pdf/base.html" %}{% block content %}<p>before</p>{{ text|safe }}<p>after</p>{% endblock %}',
        "escaped.html": '{% extends "pdf/base.html" %}{% block content %}<p>before</p><p>{{ text }}</p><p>after</p>{% endblock %}',
    }
    plain = [("django.template.loaders.locmem.Loader", pages), "django.template.loaders.filesystem.Loader"]
    settings.FONTS_DIR = fonts
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(settings.BASE_DIR) / "templates"],
            "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", plain)]},
        }
    ]
    # Fonts, style sheet, templates and Pillow's formats are read once; what is opened after that is noted.
    for page in pages:
        made(page, SVG.format("<text>x</text>") + '<img src="lace:no" alt="x">', mark=b"<no picture")


def made(template: str, text: str, mark: bytes | None = None) -> bytes:
    return render_pdf(template=template, context={"text": text, "authority_name": "A"}, language="en", title="Report", mark=mark)


@contextmanager
def watching() -> Iterator[list[str]]:
    """Every file and socket that Python opens meanwhile."""
    global _opened
    gc.collect()  # a font folder of an earlier test, deleted late, would be noted as opened
    noted: list[str] = []
    _opened = noted
    try:
        yield noted
    finally:
        _opened = None


def filled(payload: str, traps: dict[str, Any]) -> str:
    return payload.format(**traps)


def assert_clean(document: bytes, noted: list[str], traps: dict[str, Any]) -> str:
    assert noted == []
    assert traps["asked"] == []
    pages = pypdf.PdfReader(BytesIO(document)).pages
    text = "\n".join(page.extract_text() for page in pages)
    with pikepdf.open(BytesIO(document)) as opened:
        assert "/EmbeddedFiles" not in opened.Root.get("/Names", {})
        assert "/OpenAction" not in opened.Root
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Stream):
                assert thing.get("/Subtype") != "/Image"
                assert CANARY.encode() not in thing.read_bytes()
        for page in opened.pages:
            for note in page.get("/Annots", []):
                assert "/FS" not in note
                if "/A" in note:
                    assert note.A.S == "/URI"
                    assert str(note.A.URI).startswith(("http://", "https://", "mailto:"))
    return text


@pytest.mark.parametrize("name", PAYLOADS)
def test_markup_that_slipped_in_opens_nothing(name: str, traps: dict[str, Any]) -> None:
    with watching() as noted:
        document = made("raw.html", filled(PAYLOADS[name], traps))
    text = assert_clean(document, noted, traps)
    assert CANARY not in text
    assert "before" in text
    assert "after" in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_a_person_typed_is_printed_as_typed(name: str, traps: dict[str, Any]) -> None:
    typed = filled(PAYLOADS[name], traps)
    with watching() as noted:
        document = made("escaped.html", typed)
    text = assert_clean(document, noted, traps)
    assert "".join(typed.split()) in "".join(text.split())


@pytest.mark.parametrize("name", MARKS)
def test_a_hostile_mark_opens_nothing(name: str, traps: dict[str, Any]) -> None:
    with watching() as noted:
        document = made("escaped.html", "x", mark=filled(MARKS[name], traps).encode())
    assert CANARY not in assert_clean(document, noted, traps)


@pytest.mark.parametrize("field", ["title", "subtitle", "author", "authority_name", "rounding_note", "term", "meaning"])
def test_every_field_of_the_frame_is_escaped(field: str, traps: dict[str, Any]) -> None:
    typed = filled('"><img src="{file}/canary.svg"><style>@import "{file}/canary.css";</style>', traps)
    context = {"text": "x", "definitions": [(typed if field == "term" else "t", typed if field == "meaning" else "m")], field: typed}
    document = render_pdf(template="escaped.html", context=context, language="en", title=typed if field == "title" else "Report")
    text = assert_clean(document, [], traps)
    assert "".join(typed.split()) in "".join(text.split())


def test_a_cell_over_all_columns_there_could_be_is_one_cell(traps: dict[str, Any]) -> None:
    table = "<table><tr><td{}>x</td><td>y</td></tr></table>"
    assert made("raw.html", table.format(" colspan=65534 rowspan=9999999")) == made("raw.html", table.format(""))


def test_endless_nesting_is_refused_and_the_next_document_comes_out(traps: dict[str, Any]) -> None:
    before = made("escaped.html", "x")
    with watching() as noted, pytest.raises(ValueError, match="nested too deeply"):
        made("raw.html", "<div>" * 2000 + filled('<img src="{file}/canary.png" alt="x">', traps))
    assert noted == []
    assert made("escaped.html", "x") == before


def test_one_document_cannot_change_the_letters_of_the_next(traps: dict[str, Any]) -> None:
    before = made("escaped.html", "ŵ and ŷ")
    made("raw.html", filled("<style>@font-face{{font-family:Lace;src:local('DejaVu Sans')}} @page{{size:A5}} p{{display:none}}</style>", traps))
    assert made("escaped.html", "ŵ and ŷ") == before


def test_the_watch_sees_what_it_should(traps: dict[str, Any]) -> None:
    with watching() as noted:
        (Path(traps["path"]) / "canary.txt").read_text()
    assert len(noted) == 1
