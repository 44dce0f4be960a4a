"""Catalogues with Babel alone: extraction from Python and Django templates, merging, compiling. No system gettext is needed.

`lace/locale` holds what our own source asks for; `lace/locale_django` holds better Welsh for the messages of Django and allauth that a person
can meet, in a catalogue of its own because an update retires every msgid that our source does not name.
"""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

# The six classes of CLDR for Welsh: 0, 1, 2, 3, 6 and every other number. Django's own Welsh has four, Babel's "init" writes five.
PLURALS = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n==3 ? 3 : n==6 ? 4 : 5);"
KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
SOURCES = ("lace", "schools", "peps", "reviews", "reporting", "templates")
Key = tuple[str, str | None]  # the (first) msgid and the context


def extract_django(fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Babel extractor for Django templates: Django's own templatize() turns a template into Python, Babel reads that."""
    source = re.sub(r"(?m)^[ \t]+", "", templatize(fileobj.read().decode()))
    yield from extract_python(io.BytesIO(source.encode()), keywords, comment_tags, options)


def files(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def extracted(paths: Iterable[Path]) -> Catalog:
    """Every text that the given Python files and templates translate."""
    catalog = Catalog(locale="cy", project="Lace", fuzzy=False)
    for path in paths:
        method: Any = "python" if path.suffix == ".py" else extract_django
        with path.open("rb") as file:
            for _line, message, _comments, context in extract(method, file, keywords=KEYWORDS):
                catalog.add(message, context=context)
    return catalog


def key_of(message: Message) -> Key:
    return (message.id if isinstance(message.id, str) else message.id[0]), message.context


def messages_of(catalog: Catalog) -> dict[Key, Message]:
    return {key_of(message): message for message in catalog if message.id}


def read(path: Path, locale: str = "cy") -> Catalog:
    """A catalogue file, or one of the headless parts; an empty catalogue when there is none. Repeated entries: the last one counts."""
    text = path.read_text() if path.exists() else ""
    if not text.startswith('msgid ""') and not re.search(r'^msgid ""\nmsgstr ""\n"', text, re.M):
        text = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {PLURALS}\\n"\n\n{text}'
    return read_po(io.BytesIO(text.encode()), locale=locale, domain="django")


def is_complete(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, list | tuple) else bool(message.string)


def merged(folder: Path, wanted: Catalog | None = None) -> tuple[Catalog, list[str]]:
    """django.po of a LC_MESSAGES folder with parts/*.po laid over it, and what the parts disagree about.

    With `wanted` (what the source asks for) the result has exactly its messages, the untranslated ones empty.
    """
    known: dict[Key, Message] = {key: message for key, message in messages_of(read(folder / "django.po")).items() if is_complete(message)}
    quarrels, given_by = [], dict[Key, str]()
    for part in sorted((folder / "parts").glob("*.po")):
        for key, message in messages_of(read(part)).items():
            if not is_complete(message):
                continue
            if key in given_by and known[key].string != message.string:
                quarrels.append(f"{key[0]!r}: {known[key].string!r} in {given_by[key]}, {message.string!r} in {part.name}")
                continue
            known[key], given_by[key] = message, part.name
    catalog = Catalog(locale="cy", domain="django", project="Lace", fuzzy=False, charset="utf-8")
    for key, message in (messages_of(wanted) if wanted else known).items():
        found = known.get(key)
        if found and isinstance(found.id, str) != isinstance(message.id, str):
            found = None  # the source made a plural of it since
        catalog.add(message.id, string=found.string if found else None, context=message.context)
    return catalog, quarrels


def _with_plurals(written: bytes) -> bytes:
    """Babel writes its own idea of Welsh plurals into the header: put the right one there, and drop dates that change in every run."""
    text = re.sub(r'"Plural-Forms: [^"]*(?:"\n"[^"]*)*?;\\n"', f'"Plural-Forms: {PLURALS}\\\\n"', written.decode())
    text = re.sub(
        r'"(Project-Id-Version|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|Generated-By): [^"]*"\n',
        "",
        text,
    )
    return re.sub(r"\A(#[^\n]*\n)+", "", text).encode()


def _ours(catalog: Catalog) -> Catalog:
    """The catalogue with the six Welsh plurals, which Babel offers no public way to set."""
    private: Any = catalog
    private._num_plurals, private._plural_expr = 6, PLURALS.partition("plural=")[2].rstrip(";")
    return catalog


def write(catalog: Catalog, path: Path) -> None:
    buffer = io.BytesIO()
    write_po(buffer, _ours(catalog), width=120, no_location=True, sort_output=True, omit_header=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_with_plurals(buffer.getvalue()))


def compiled(folder: Path) -> Path:
    """Compile a LC_MESSAGES folder, parts included, into django.mo beside it; the file appears whole or not at all."""
    catalog = _ours(merged(folder)[0]) if folder.parent.name == "cy" else read(folder / "django.po", folder.parent.name)
    out, half = folder / "django.mo", folder / "django.mo.new"
    with half.open("wb") as file:
        write_mo(file, catalog)
    half.replace(out)
    return out
