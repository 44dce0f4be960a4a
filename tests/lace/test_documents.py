"""Printed documents: what a screen reader finds in them, what the eye sees of Welsh, and that they can be made again byte for byte."""

import datetime
import os
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
import pypdf
import pytest
from django.conf import settings as django_settings
from django.utils.safestring import mark_safe
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from pdfua import Severity, validate
from pytest_django import Settings

from lace.documents import pdf, tagging
from lace.documents.fonts import PACKAGE, SUBSETS, WEIGHTS, WELSH_LETTERS, FontError, Outline, build_fonts, font_file, outline
from lace.documents.pdf import PrintingUnavailable, printing_problem, render_pdf

NODE_MODULES = Path(django_settings.BASE_DIR) / "static" / "node_modules"

CHART = mark_safe(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 200" role="img"><title>Plans by status</title><desc>31 of 40 are on time</desc>'
    '<rect x="40" y="40" width="310" height="60" fill="#12436d"/><text x="40" y="130">Ysgol y Dŵr</text></svg>'
)
TEMPLATE = """{% extends "pdf/base.html" %}{% block content %}
<h2>Plans</h2><p>Text <span lang="en">quoted in English</span> and <span lang="cy">yn Gymraeg</span>;
<a href="https://gov.wales/guidance">the statutory guidance</a>.</p>
<blockquote lang="{{ other }}"><p>A passage.</p></blockquote>
{% include "pdf/key_figures.html" %}
{% include "pdf/figure.html" %}
<h3>Detail</h3>{% include "pdf/table.html" %}
{% endblock %}"""
LETTERS = (
    '{% extends "pdf/base.html" %}{% block content %}<p class="letters">{{ letters }}</p><p class="letters"><b>{{ letters }}</b></p>{% endblock %}'
)


def sample(language: str = "en", rows: int = 6) -> dict[str, Any]:
    table = {
        "caption": "Plans by school",
        "columns": ["School", "On time", "Late"],
        "rows": [(f"Ysgol {number}", [number, 0]) for number in range(rows)],
        "numbers": True,
        "note": "Numbers below 5 are withheld.",
    }
    return {
        "other": "cy" if language == "en" else "en",
        "authority_name": "Cyngor Sir Ceredigion",
        "authority_colour": "#00594f",
        "subtitle": "Ysgol Gyfun Aberŵyl",
        "author": "The designated person",
        "made_at": datetime.datetime(2026, 10, 6, 14, 5, tzinfo=ZoneInfo("Europe/London")),
        "data_cut": datetime.date(2026, 10, 2),
        "definitions": [("On time", "within 20 school days of entry to care.")],
        "rounding_note": "Every figure is rounded to the nearest 5.",
        "key_figures": [("94%", "attendance", "1 point up"), ("15", "children", "")],
        "figure": {"caption": "Plans by status", "chart": CHART, "table": table},
        "table": table,
    }


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fonts of the set-up, or else made for this run from the installed npm packages."""
    built = Path(django_settings.FONTS_DIR)
    if not all((built / font_file(weight)).exists() for weight in WEIGHTS):
        built = tmp_path_factory.mktemp("fonts")
        build_fonts(NODE_MODULES, built)
    return built


@pytest.fixture(autouse=True)
def printing(settings: Settings, fonts: Path) -> None:
    loaders = [
        ("django.template.loaders.locmem.Loader", {"sample.html": TEMPLATE, "letters.html": LETTERS}),
        "django.template.loaders.filesystem.Loader",
    ]
    settings.FONTS_DIR = fonts
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(settings.BASE_DIR) / "templates"],
            "OPTIONS": {"loaders": loaders},
        }
    ]


def made(language: str = "en", **more: Any) -> bytes:
    title = "Termly report" if language == "en" else "Adroddiad tymhorol"
    return render_pdf(template="sample.html", context={**sample(language), **more}, language=language, title=title)


def text_of(document: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(BytesIO(document)).pages]


def elements(node: Any) -> Iterator[Any]:
    """Every element of the tag tree, parents before children."""
    for child in node.K if isinstance(node.K, pikepdf.Array) else [node.K]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from elements(child)


def opened(document: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(document))


def instructions(page: pikepdf.Page) -> Iterator[tuple[Any, str]]:
    for step in pikepdf.parse_content_stream(page):
        yield step.operands, str(step.operator)


def tagged(document: pikepdf.Pdf, kind: str) -> list[Any]:
    return [element for element in elements(document.Root.StructTreeRoot) if str(element.S) == kind]


# ---- what a screen reader finds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "cy"])
def test_checker_of_pdf_ua_finds_nothing(language: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(made(language))
    assert [finding.message for finding in validate(str(path)).findings if finding.severity is not Severity.INFO] == []


@pytest.mark.parametrize(("language", "title"), [("en", "Termly report"), ("cy", "Adroddiad tymhorol")])
def test_catalogue_says_language_title_and_conformance(language: str, title: str) -> None:
    document = opened(made(language))
    root = document.Root
    assert str(root.Lang) == language
    assert bool(root.MarkInfo.Marked)
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    assert str(document.docinfo.Title) == title
    assert str(document.docinfo.Author) == "The designated person"
    assert str(document.docinfo.CreationDate).startswith("D:20261006140500")
    metadata = document.open_metadata()
    assert metadata["pdfuaid:part"] == "1"
    assert metadata["dc:title"] == title


def test_passages_in_the_other_language_say_so() -> None:
    document = opened(made("cy"))
    assert [str(span.Lang) for span in tagged(document, "/Span") if "/Lang" in span] == ["en", "cy"]
    assert [str(quote.Lang) for quote in tagged(document, "/BlockQuote")] == ["en"]


def test_every_header_cell_has_its_scope() -> None:
    document = opened(made())
    cells = tagged(document, "/TH")
    scopes = [str(cell.A.Scope) for cell in cells]
    assert len(cells) == 2 * (3 + 6)
    assert (scopes.count("/Column"), scopes.count("/Row")) == (6, 12)
    assert all(cell.A.Headers for cell in tagged(document, "/TD"))


def test_chart_reads_its_title_and_summary() -> None:
    document = opened(made())
    assert [str(figure.Alt) for figure in tagged(document, "/Figure")] == ["Plans by status. 31 of 40 are on time."]


def test_mark_reads_as_the_authority() -> None:
    mark = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
    context = {"authority_name": "Cyngor Gwynedd"}
    document = opened(render_pdf(template="pdf/base.html", context=context, language="cy", title="Adroddiad", mark=mark))
    assert [str(figure.Alt) for figure in tagged(document, "/Figure")] == ["Cyngor Gwynedd"]


def test_link_is_described_by_its_words() -> None:
    document = opened(made())
    links = [note for page in document.pages for note in page.get("/Annots", []) if note.Subtype == "/Link"]
    assert [str(link.Contents) for link in links] == ["the statutory guidance"]
    assert all(int(link.F) & tagging.PRINTED for link in links)


def test_headings_descend_one_step_and_make_the_outline() -> None:
    document = opened(made())
    levels = [int(str(element.S)[2:]) for element in elements(document.Root.StructTreeRoot) if str(element.S) in ("/H1", "/H2", "/H3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    with document.open_outline() as contents:
        assert [item.title for item in contents.root] == ["Termly report"]
        assert [item.title for item in contents.root[0].children] == ["Plans", "About these figures"]


def test_headers_and_footers_are_artifacts_and_all_else_is_tagged() -> None:
    document = opened(made(table={**sample()["table"], "rows": [(f"Row {n}", [n, n]) for n in range(60)]}))
    assert len(document.pages) > 2
    for page in document.pages:
        marked, open_tags, kinds = 0, [], set()
        for operands, operator in instructions(page):
            if operator == "BDC":
                open_tags.append(str(operands[0]))
                if "/MCID" in operands[1]:
                    marked += 1
                else:
                    kinds.add((str(operands[1].Type), str(operands[1].Subtype)))
            elif operator == "BMC":
                open_tags.append(str(operands[0]))
            elif operator == "EMC":
                open_tags.pop()
            elif operator in ("Tj", "TJ", "f", "S", "Do"):
                assert open_tags, "something is drawn that is neither tagged nor an artifact"
        assert ("/Pagination", "/Footer") in kinds
        parents = document.Root.StructTreeRoot.ParentTree.Nums[2 * int(page.StructParents) + 1]
        assert len(parents) == marked
        assert all(document.Root.StructTreeRoot.K[0].objgen == top(parent).objgen for parent in parents)


def top(element: Any) -> Any:
    """The document element above it, through parents that each hold their child."""
    while element.S != "/Document":
        assert any(isinstance(kid, pikepdf.Dictionary) and kid.objgen == element.objgen for kid in element.P.K), "an element nobody can reach"
        element = element.P
    return element


# ---- what the eye sees --------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("REP-23")
@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["Prepared by The designated person", "Made on 6 October 2026, 14:05", "recorded on 2 October 2026", "On time: within", "nearest 5"]),
        ("cy", ["Paratowyd gan The designated person", "Lluniwyd ar 6 Hydref 2026, 14:05", "ar 2 Hydref 2026", "Diffiniadau", "nearest 5"]),
    ],
)
def test_a_report_says_who_when_from_what_and_how_rounded(language: str, parts: list[str]) -> None:
    text = " ".join(text_of(made(language)))
    assert [part for part in parts if part not in text] == []


@pytest.mark.parametrize(("language", "words"), [("en", "Page {} of {}"), ("cy", "Tudalen {} o {}")])
def test_every_page_is_numbered_in_its_language(language: str, words: str) -> None:
    pages = text_of(made(language, table={**sample()["table"], "rows": [(f"Row {n}", [n, n]) for n in range(60)]}))
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert words.format(number, len(pages)) in page


def drawn(document: pikepdf.Pdf) -> list[Outline]:
    """The outlines of the glyphs that the first page's content stream draws, in order, from the embedded fonts: no text layer is asked."""
    page = document.pages[0]
    fonts, font, shapes = {}, None, []
    for name, resource in page.Resources.Font.items():
        program = TTFont(BytesIO(resource.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()))
        fonts[name] = program
    for operands, operator in instructions(page):
        if operator == "Tf":
            font = fonts[str(operands[0])]
        elif operator in ("Tj", "TJ"):
            for piece in operands[0] if operator == "TJ" else operands:
                if isinstance(piece, pikepdf.String) and font is not None:
                    shapes += [glyph_outline(font, int.from_bytes(pair, "big")) for pair in pairs(bytes(piece))]
    return shapes


def pairs(string: bytes) -> list[bytes]:
    return [string[place : place + 2] for place in range(0, len(string), 2)]


def glyph_outline(font: TTFont, number: int) -> Outline:
    pen = DecomposingRecordingPen(font.getGlyphSet())
    font.getGlyphSet()[font.getGlyphName(number)].draw(pen)
    strokes: Outline = pen.value
    return strokes


def packaged(letter: str, weight: int) -> Outline:
    stem = PACKAGE.split("/")[1]
    for subset in SUBSETS:
        font = TTFont(NODE_MODULES / PACKAGE / "files" / f"{stem}-{subset}-{weight}-normal.woff2")
        if ord(letter) in font.getBestCmap():
            return outline(font, letter)
    raise AssertionError(f"the npm package has no {letter!r}")


@pytest.mark.parametrize("typed", ["composed", "loose accents"])
def test_welsh_letters_are_drawn_as_the_typeface_draws_them(typed: str) -> None:
    letters = "ŵŷŴŶâêîôûÂÊÎÔÛ"
    typed_as = letters if typed == "composed" else unicodedata.normalize("NFD", letters)
    shapes = drawn(opened(render_pdf(template="letters.html", context={"letters": typed_as}, language="cy", title="A")))
    for weight in WEIGHTS:
        wanted = [packaged(letter, weight) for letter in letters]
        assert any(shapes[start : start + len(wanted)] == wanted for start in range(len(shapes))), f"weight {weight}"


def test_fonts_hold_all_of_welsh_and_come_out_the_same(tmp_path: Path) -> None:
    made_once, made_twice = build_fonts(NODE_MODULES, tmp_path / "a"), build_fonts(NODE_MODULES, tmp_path / "b")
    assert [path.read_bytes() for path in made_once] == [path.read_bytes() for path in made_twice]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["OFL.txt", "lace-400.ttf", "lace-700.ttf"]
    for weight in WEIGHTS:
        font = TTFont(tmp_path / "a" / font_file(weight))
        assert [letter for letter in WELSH_LETTERS if not outline(font, letter)] == []


def test_missing_npm_package_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FontError, match="build_assets"):
        build_fonts(tmp_path / "node_modules", tmp_path / "fonts")


# ---- made again, elsewhere, and not at all ------------------------------------------------------------------------------------------------


ELSEWHERE = """
import sys, django
from pathlib import Path
from django.conf import settings
root, fonts = map(Path, sys.argv[1:])
templates = {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [root / "templates"]}
settings.configure(BASE_DIR=root, FONTS_DIR=fonts, TEMPLATES=[templates], USE_TZ=True, TIME_ZONE="Europe/London")
django.setup()
from lace.documents.pdf import render_pdf
context = {"authority_name": "Cyngor Gwynedd", "authority_colour": "#00594f", "subtitle": "Ysgol y Dŵr", "rounding_note": "Talgrynnwyd."}
sys.stdout.buffer.write(render_pdf(template="pdf/base.html", context=context, language="cy", title="Adroddiad"))
"""


def test_the_same_input_gives_the_same_bytes_in_another_process(fonts: Path) -> None:
    root = str(django_settings.BASE_DIR)
    elsewhere = [
        subprocess.run(
            [sys.executable, "-c", ELSEWHERE, root, str(fonts)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert elsewhere[0].startswith(b"%PDF-1.7")
    assert elsewhere[0] == elsewhere[1]


def test_a_document_is_the_same_after_others() -> None:
    before = made("cy")
    for number in range(5):
        made("en", subtitle=f"Another {number}")
    assert made("cy") == before


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of threads; the child here starts none
def test_a_forked_worker_prints_and_leaves_its_parent_its_fonts() -> None:
    before = made()
    assert pdf._press is not None
    folder: Path = pdf._press.fonts._folder
    child = os.fork()
    if child == 0:
        # os._exit skips what an ordinary exit would do to the fonts, so it is asked for.
        same = made() == before
        pdf._close()
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(list(folder.iterdir())) == len(WEIGHTS)
    assert made() == before
    pdf._close()
    assert not folder.exists()
    assert made() == before


class NoPango:
    """An import system on which the library behind WeasyPrint is missing."""

    def find_spec(self, name: str, *_rest: object) -> None:
        if name == "weasyprint":
            raise OSError("cannot load library 'libgobject-2.0-0'")


def test_missing_pango_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_press", None)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "weasyprint")
    with pytest.raises(PrintingUnavailable, match="apt-get install libpango"):
        made()
    assert "libpangoft2" in (printing_problem() or "")


def test_missing_fonts_say_what_to_run(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(pdf, "_press", None)
    settings.FONTS_DIR = tmp_path
    with pytest.raises(PrintingUnavailable, match=r"manage\.py build_assets"):
        made()


def test_this_machine_can_print() -> None:
    assert printing_problem() is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"language": "fr"}, "'en' or 'cy'"),
        ({"mark": b"x" * 1_000_001}, "Use a smaller picture"),
        ({"mark": b"%!PS-Adobe-3.0 EPSF-3.0"}, "PNG, JPEG or SVG"),
        ({"context": {"authority_colour": "red; background: url(file:///etc/passwd)"}}, "six hexadecimal digits"),
    ],
)
def test_unusable_input_is_refused_with_a_sentence(change: dict[str, Any], sentence: str) -> None:
    usual: dict[str, Any] = {"template": "pdf/base.html", "context": {}, "language": "en", "title": "Report"}
    with pytest.raises(ValueError, match=sentence):
        render_pdf(**{**usual, **change})


def test_weasyprint_is_pinned_to_the_version_the_tagging_was_written_for() -> None:
    import weasyprint

    project = tomllib.loads((Path(django_settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"weasyprint=={tagging.WRITTEN_FOR}" in project["dependencies"]
    assert weasyprint.__version__ == tagging.WRITTEN_FOR
