"""What WeasyPrint 70 leaves out of a tagged PDF, added while it writes the tags.

- the language of a passage inside a page of the other language (WCAG 2.2 3.1.2; ISO 14289-1, 7.2);
- whether a header cell heads a row or a column (7.5);
- running headers and footers as artifacts of pagination, so that a screen reader does not read them on every page (7.8);
- a link's own words as its description, instead of its address (7.18.5);
- a chart's summary beside its title as the text alternative (7.3).

WeasyPrint offers no hook for these, so `install` wraps three of its functions. They are private: the version is pinned, and another one is
refused, here and by a test.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

WRITTEN_FOR = "70.0"
SVG = "{http://www.w3.org/2000/svg}"
PRINTED = 4  # the Print flag of an annotation (ISO 32000-1, table 165)


def install() -> None:
    """Wrap WeasyPrint's tagging once in this process. RuntimeError for a version that this module was not written for."""
    import pydyf
    import weasyprint
    from weasyprint import draw
    from weasyprint.formatting_structure import boxes
    from weasyprint.pdf import tags
    from weasyprint.pdf.stream import Stream

    if weasyprint.__version__ != WRITTEN_FOR:
        raise RuntimeError(f"WeasyPrint {weasyprint.__version__} is installed; lace/documents/tagging.py was written for {WRITTEN_FOR}.")
    if hasattr(tags, "_lace_installed"):
        return
    build, draw_context, marked = tags._build_box_tree, draw.draw_stacking_context, Stream.marked

    def build_with_attributes(box: Any, *args: Any) -> Iterator[Any]:
        inner = getattr(box, "_box", box)  # an absolutely placed box comes wrapped
        if isinstance(inner, boxes.MarginBox):
            return  # drawn as an artifact, which has no place in the tree
        for element in build(box, *args):
            if inner.element is not None:
                _describe(element, inner, pydyf)
            yield element

    def draw_margins_as_artifacts(stream: Any, context: Any) -> None:
        if isinstance(context.box, boxes.MarginBox):
            stream.lace_margin = context.box.at_keyword
        draw_context(stream, context)
        stream.lace_margin = None

    def marked_or_artifact(stream: Any, box: Any, tag: str) -> AbstractContextManager[None]:
        margin = getattr(stream, "lace_margin", None)
        if margin is None or stream._tags is None:
            return marked(stream, box, tag)  # type: ignore[no-any-return]
        return pagination(stream, "Header" if margin.startswith("@top") else "Footer")

    @contextmanager
    def pagination(stream: Any, subtype: str) -> Iterator[None]:
        stream.begin_marked_content("Artifact", pydyf.Dictionary({"Type": "/Pagination", "Subtype": f"/{subtype}"}))
        try:
            yield
        finally:
            stream.end_marked_content()

    tags._build_box_tree = build_with_attributes
    draw.draw_stacking_context = draw_margins_as_artifacts
    Stream.marked = marked_or_artifact
    tags._lace_installed = True


def _describe(tag: Any, box: Any, pydyf: Any) -> None:
    source, kind = box.element, tag["S"]
    language = source.attrib.get("lang")
    if language and source.tag not in ("html", "body"):
        tag["Lang"] = pydyf.String(language)
    if kind == "/TH":
        tag["A"]["Scope"] = "/Row" if source.attrib.get("scope") == "row" else "/Column"
    elif kind == "/Figure" and source.tag == f"{SVG}svg":
        words = [child.text.strip() for child in source if child.tag in (f"{SVG}title", f"{SVG}desc") and child.text]
        if words:
            tag["Alt"] = pydyf.String(" ".join(word if word.endswith(".") else f"{word}." for word in words))
    if box.link_annotation:
        description = " ".join("".join(source.itertext()).split())
        if description:
            box.link_annotation["Contents"] = pydyf.String(description)
        box.link_annotation["F"] = PRINTED
