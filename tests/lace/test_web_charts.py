"""Charts: a picture that says its figures in text too, and lets no markup through."""

from lxml import etree

from lace.web.charts import Chart, across, bars, lines, stacked

SVG = "{http://www.w3.org/2000/svg}"


def picture(chart: Chart) -> etree._Element:
    return etree.fromstring(chart.svg.encode())


def sample(**changes: object) -> Chart:
    arguments = {
        "title": "Plans",
        "summary": "Most are on time",
        "labels": ["Ysgol Tŷ Gŵyr", "B"],
        "series": [("Yn hwyr", [3, 0]), ("Yn hwyr", [1, 2])],
    }
    return stacked(**{**arguments, **changes})  # type: ignore[arg-type]


def test_title_and_description_are_named_by_the_picture() -> None:
    root = picture(sample())
    named = [next(node for node in root.iter() if node.get("id") == ident) for ident in (root.get("aria-labelledby") or "").split()]
    assert [(node.tag, node.text) for node in named] == [(f"{SVG}title", "Plans"), (f"{SVG}desc", "Most are on time")]
    assert root.get("role") == "img"


def test_the_table_behind_has_every_figure_even_under_equal_names() -> None:
    chart = sample()
    assert chart.rows == [["Ysgol Tŷ Gŵyr", "3", "1"], ["B", "0", "2"]]
    assert [column["text"] for column in chart.columns[1:]] == ["Yn hwyr", "Yn hwyr"]


def test_bars_have_the_height_of_their_values() -> None:
    rects = [node for node in picture(sample()).iter(f"{SVG}rect") if node.get("stroke")]
    heights = [float(node.get("height") or 0) for node in rects]
    assert [round(height / heights[1]) for height in heights] == [3, 1, 2]


def test_a_name_keeps_its_colour_in_a_picture_without_the_others() -> None:
    pictures = [across(title="t", summary="s", labels=["1", "2"], series=[("Met", met), ("Not met", [0, 3])]) for met in ([2, 0], [0, 0])]
    bars_of = [[node for node in picture(chart).iter(f"{SVG}rect") if node.get("stroke")] for chart in pictures]
    assert [len(found) for found in bars_of] == [2, 1]
    assert bars_of[0][1].get("fill") == bars_of[1][0].get("fill") != bars_of[0][0].get("fill")
    assert pictures[1].rows == [["1", "0"], ["2", "3"]]


def test_nothing_in_it_needs_a_looser_policy() -> None:
    for chart in (sample(), sample(title="<script>x</script>", summary='"', labels=["<b>", "&"])):
        names = {etree.QName(node).localname for node in picture(chart).iter()}
        assert names <= {"svg", "title", "desc", "rect", "line", "text", "polyline", "circle"}
        assert not [node for node in picture(chart).iter() if node.get("style") or any(name.startswith("on") for name in node.attrib)]


def test_a_gap_breaks_the_line_and_is_a_dash_in_the_table() -> None:
    chart = lines(title="t", summary="s", labels=["a", "b", "c", "d"], series=[("x", [90.0, None, 92.5, 93.0])], number=lambda value: f"{value:g}%")
    assert len(list(picture(chart).iter(f"{SVG}polyline"))) == 1
    assert [row[1] for row in chart.rows] == ["90%", "–", "92.5%", "93%"]


def test_the_same_figures_give_the_same_bytes() -> None:
    assert sample().svg == sample().svg
    assert sample().svg != sample(title="Other").svg


def test_empty_and_flat_figures_draw() -> None:
    for chart in (
        sample(labels=[], series=[]),
        sample(series=[("x", [0, 0])]),
        lines(title="t", summary="s", labels=["a", "b"], series=[("x", [None, None])]),
        lines(title="t", summary="s", labels=["a", "b"], series=[("x", [0, 0])]),
        lines(title="t", summary="s", labels=["a", "b"], series=[("x", [93.5, 93.5])]),
        bars(title="t", summary="s", labels=[], values=[], unit="u"),
        bars(title="t", summary="s", labels=["a"], values=[0], unit="u"),
    ):
        assert picture(chart) is not None
        assert "nan" not in chart.svg
