"""The typeface of printed documents, made at set-up from the npm package that the screen uses too.

The package ships the Latin letters in two files, split so that ŵ and ŷ lie in the second. Given both under one family name, Pango takes the
glyph number of one file and draws it from the other: ŵ and ŷ print as other letters while the PDF's text still says ŵ and ŷ, so that no
search or text test would notice. One merged file per weight is right.
"""

import shutil
from pathlib import Path

from fontTools.merge import Merger
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

PACKAGE = "@fontsource/atkinson-hyperlegible-next"  # SIL Open Font License 1.1; drawn for readers with low vision
WEIGHTS = (400, 700)
SUBSETS = ("latin", "latin-ext")

# Every accented letter that Welsh uses: the circumflex above all, and the diaeresis, grave and acute of fewer words.
WELSH_LETTERS = "ŵŷâêîôûŴŶÂÊÎÔÛẅÿäëïöüẄŸÄËÏÖÜẁỳàèìòùẀỲÀÈÌÒÙẃýáéíóúẂÝÁÉÍÓÚ"

Outline = list[tuple[str, tuple[object, ...]]]


class FontError(Exception):
    """The font files are missing or do not draw Welsh."""


def font_file(weight: int) -> str:
    return f"lace-{weight}.ttf"


def outline(font: TTFont, letter: str) -> Outline:
    """The strokes of one letter, accents resolved into their own strokes. FontError when the font does not have the letter."""
    name = font.getBestCmap().get(ord(letter))
    if name is None:
        raise FontError(f"The font has no {letter!r}.")
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    strokes: Outline = pen.value
    return strokes


def build_fonts(node_modules: Path, out: Path) -> list[Path]:
    """Merge the package's Latin files into one TrueType file per weight, checked letter by letter against its sources.

    `node_modules` holds the installed npm packages, `out` is made when missing. Returns the font files and the licence beside them.
    The same packages give the same bytes. Raises FontError when the package is missing or a Welsh letter comes out wrong.
    """
    package = node_modules / PACKAGE
    stem = PACKAGE.split("/")[1]
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for weight in WEIGHTS:
        sources = [package / "files" / f"{stem}-{subset}-{weight}-normal.woff2" for subset in SUBSETS]
        for source in sources:
            if not source.is_file():
                raise FontError(f"{source} is missing: install the npm packages first (manage.py build_assets).")
        made.append(_merge(sources, out / font_file(weight)))
    licence = out / "OFL.txt"
    shutil.copyfile(package / "LICENSE", licence)
    return [*made, licence]


def _merge(sources: list[Path], target: Path) -> Path:
    plain, dates = [], []
    for number, source in enumerate(sources):
        font = TTFont(source, recalcTimestamp=False)
        dates.append(font["head"].modified)
        font.flavor = None  # the merger reads files, and not compressed ones
        plain.append(target.with_suffix(f".{number}"))
        font.save(plain[-1])
    try:
        merged = Merger().merge([str(path) for path in plain])
        # The merger writes the time of day; a frozen report is compared by its bytes, and the font is part of them.
        merged.recalcTimestamp = False
        merged["head"].created = merged["head"].modified = max(dates)
        # Under another name first: a worker that prints meanwhile never reads half a font.
        unfinished = target.with_suffix(".part")
        merged.save(unfinished)
        _check(unfinished, sources)
        unfinished.replace(target)
    finally:
        for path in plain:
            path.unlink()
    return target


def _check(made: Path, sources: list[Path]) -> None:
    merged, originals = TTFont(made), [TTFont(source) for source in sources]
    for letter in WELSH_LETTERS:
        drawn = outline(merged, letter)
        original = next((font for font in originals if ord(letter) in font.getBestCmap()), None)
        if original is None or not drawn or drawn != outline(original, letter):
            raise FontError(f"{letter!r} in {made.name} is not drawn as in the npm package: the merge went wrong.")
