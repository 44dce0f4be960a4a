"""Forms as people meet them: what is drawn, what is asked again, in both languages."""

from datetime import date, time
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.utils.translation import override
from lxml import html

from lace.web.forms import ChoiceField, DateField, MultipleChoiceField, TimeField, error_summary


class Every(forms.Form):
    name = forms.CharField(max_length=10, label="Name", help_text="As the child says it", error_messages={"required": "Enter the name"})
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea, max_length=50)
    email = forms.EmailField(label="Email", required=False)
    number = forms.IntegerField(label="Number", max_value=5)
    on = DateField(label="When?")
    at = TimeField(label="What time?")
    agreed = ChoiceField(label="Agreed?", choices=[("y", "Yes"), ("n", "No")], hints={"n": "Say why"}, reveals={"n": "reason"})
    reason = forms.CharField(label="Reason", required=False)
    support = MultipleChoiceField(label="Support", choices=[(1, "Tuition"), (2, "Mentor")])
    phase = forms.ChoiceField(label="Phase", choices=[("", "Choose"), ("Schools", [("p", "Primary"), ("s", "Secondary")])])
    several = forms.MultipleChoiceField(label="Several", choices=[("a", "A")], required=False)
    file = forms.FileField(label="File")
    password = forms.CharField(label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    sure = forms.BooleanField(label="Sure", help_text="Read it first")
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)


GOOD: dict[str, Any] = {
    "name": "Ffion", "number": "3", "on_day": "27", "on_month": "3", "on_year": "2026", "at": "14:30", "agreed": "y",
    "support": ["1"], "phase": "p", "password": "x", "sure": "on",
}  # fmt: skip


class Dated(forms.Form):
    on = DateField(label="When?")


def dated(day: str, month: str, year: str) -> Dated:
    return Dated({"on_day": day, "on_month": month, "on_year": year})


def drawn(form: Any) -> html.HtmlElement:
    return html.fromstring(f"<form>{form}</form>")


def test_every_control_has_a_label_or_a_legend() -> None:
    page = drawn(Every())
    for control in page.xpath("//input[@type!='hidden']|//select|//textarea"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), html.tostring(control)
    assert [legend.text_content().strip() for legend in page.xpath("//legend")] == ["When?", "Agreed?", "Support", "Several"]


def test_hints_and_errors_are_tied_to_their_control() -> None:
    page = drawn(Every({}))
    described = page.get_element_by_id("id_name").get("aria-describedby").split()
    assert [page.get_element_by_id(ident).text_content().strip() for ident in described] == ["As the child says it", "Error: Enter the name"]


def test_what_was_typed_comes_back() -> None:
    page = drawn(Every(GOOD | {"name": "Far too long a name", "on_day": "31", "on_month": "2", "note": "Geiriau Ffion"}))
    assert page.get_element_by_id("id_name").get("value") == "Far too long a name"
    assert [page.get_element_by_id(f"id_on_{part}").get("value") for part in ("day", "month", "year")] == ["31", "2", "2026"]
    assert page.get_element_by_id("id_note").text == "Geiriau Ffion"
    assert page.xpath("//input[@name='agreed'][@checked]/@value") == ["y"]
    assert page.xpath("//input[@name='support'][@checked]/@value") == ["1"]
    assert page.xpath("//select/option[@selected]/text()") == ["Schools: Primary"]
    assert page.get_element_by_id("id_password").get("value") is None, "a password is never sent back"


def test_markup_in_what_was_typed_stays_text() -> None:
    script = '"><script>alert(1)</script>'
    shown = str(Every(GOOD | {"name": script, "note": script, "on_day": script, "agreed": script, "hidden": script}))
    shown += error_summary(Every(GOOD | {"agreed": script, "phase": script}))
    assert "<script" not in shown


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_every_error_of_the_summary_leads_to_a_control(language: str) -> None:
    with override(language):
        form = Every({})
        page, summary = drawn(form), html.fromstring(error_summary(form))
    links = summary.xpath("//a")
    assert len(links) == len(form.errors) == 10
    for link in links:
        assert page.get_element_by_id(link.get("href")[1:]).tag in {"input", "select", "textarea"}


def test_a_bare_required_names_its_question() -> None:
    def first(name: str) -> str:
        return str(html.fromstring(error_summary(Every({}))).xpath(f"string(//a[@href='#id_{name}'])"))

    assert first("number") == "Enter an answer to “Number”"
    assert first("agreed") == "Choose an answer to “Agreed?”"
    assert first("sure") == "Confirm “Sure”"
    assert first("file") == "Choose a file for “File”"
    with override("cy"):
        assert first("number") == "Rhowch ateb i “Number”"


def test_no_summary_without_errors() -> None:
    assert error_summary(Every()) == ""
    assert error_summary(dated("27", "3", "2026")) == ""


def test_summary_of_a_formset_links_into_its_forms() -> None:
    many = forms.formset_factory(Dated, min_num=2, validate_min=True)
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-on_day": "40", "form-0-on_month": "1", "form-0-on_year": "2026"}
    formset = many(data)
    summary, page = html.fromstring(error_summary(formset)), drawn(formset)
    hrefs = summary.xpath("//a/@href")
    assert hrefs == ["#id_form-0-on_day", "#id_form-1-on_day"]
    assert all(page.get_element_by_id(href[1:]) is not None for href in hrefs)


def test_errors_of_the_whole_form_and_of_hidden_fields_are_listed_without_a_dead_link() -> None:
    form = Every({})
    form.add_error(None, "The plan has changed since you opened it")
    form.add_error("hidden", "Reload the page")
    items = html.fromstring(error_summary(form)).xpath("//li[not(a)]")
    assert {item.text_content().strip() for item in items} == {"The plan has changed since you opened it", "Reload the page"}


def test_a_revealed_question_is_drawn_once_inside_its_choice() -> None:
    page = drawn(Every())
    assert page.xpath("count(//input[@name='reason'])") == 1
    assert page.xpath("//div[contains(@class, 'govuk-radios__conditional')]//input/@name") == ["reason"]


def test_optional_is_said_and_can_be_left_out() -> None:
    class Filter(forms.Form):
        mark_optional = False
        q = forms.CharField(label="Name", required=False)

    assert "Email (optional)" in str(Every())
    assert "optional" not in str(Filter())


def test_characters_are_counted_in_the_six_welsh_plurals() -> None:
    with override("cy"):
        counter = drawn(Every()).xpath("//*[@data-module='govuk-character-count']")[0]
    assert counter.get("data-maxlength") == "50"
    rules = {name.rsplit(".", 1)[1] for name in counter.attrib if name.startswith("data-i18n.characters-under-limit.")}
    assert rules == {"zero", "one", "two", "few", "many", "other"}
    assert "nod ar ôl" in counter.get("data-i18n.characters-under-limit.two")


# ---- dates and times ----


@pytest.mark.parametrize("month", ["3", "03", "March", "mar", "Mawrth", "maw"])
def test_a_month_may_be_a_number_or_a_name_in_either_language(month: str) -> None:
    form = dated("27", month, "2026")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["on"] == date(2026, 3, 27)


def test_every_month_is_known_by_its_name_in_both_languages() -> None:
    from django.utils.dates import MONTHS

    for language in ("en-gb", "cy"):
        with override(language):
            for number, name in MONTHS.items():
                form = dated("1", str(name), "2026")
                assert form.is_valid(), (name, form.errors)
                assert form.cleaned_data["on"].month == number


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("", "", ""), "Enter a date"),
        (("", "3", "2026"), "The date must include a day"),
        (("27", "", "2026"), "The date must include a month"),
        (("27", "3", ""), "The date must include a year"),
        (("27", "3", "26"), "Enter the year with four numbers, like 2026"),
        (("31", "2", "2026"), "Enter a real date, like 27 3 2026"),
        (("first", "May", "2026"), "Enter a real date, like 27 3 2026"),
        (("1", "m", "2026"), "Enter a real date, like 27 3 2026"),
        (("1", "²", "2026"), "Enter a real date, like 27 3 2026"),
        (("1", "1", "9" * 5000), "Enter the year with four numbers, like 2026"),
        (("9" * 5000, "1", "2026"), "Enter a real date, like 27 3 2026"),
    ],
)
def test_a_date_that_cannot_be_says_what_is_wrong(parts: tuple[str, str, str], message: str) -> None:
    form = dated(*parts)
    assert form.errors["on"] == [message]


@pytest.mark.parametrize(("text", "expected"), [("14:30", time(14, 30)), ("2.30pm", time(14, 30)), ("9am", time(9)), ("09:05", time(9, 5))])
def test_times_as_people_write_them(text: str, expected: time) -> None:
    assert TimeField().clean(text) == expected


def test_initial_date_fills_the_boxes() -> None:
    page = drawn(Dated(initial={"on": date(2026, 3, 27)}))
    assert [page.get_element_by_id(f"id_on_{part}").get("value") for part in ("day", "month", "year")] == ["27", "3", "2026"]


# ---- the page's own tags ----


def test_form_token_only_where_the_page_has_one() -> None:
    template = Template("{% load web %}{% form_token %}")
    assert template.render(Context({"form_token": 'a"b'})) == '<input type="hidden" name="form_token" value="a&quot;b">'
    assert template.render(Context()) == ""


def test_a_table_of_the_wrong_width_is_a_defect() -> None:
    template = Template("{% load web %}{% for cell in row|cells:columns %}{{ cell.label }}={{ cell.text }};{% endfor %}")
    assert template.render(Context({"row": ["a", {"text": "b"}], "columns": ["A", {"text": "B"}]})) == "A=a;B=b;"
    with pytest.raises(ValueError):
        template.render(Context({"row": ["a"], "columns": ["A", "B"]}))


def test_cells_are_drawn_as_link_status_or_text_and_escaped() -> None:
    html_of = Template(
        '{% include "components/table.html" with caption="C" columns=columns rows=rows only %}'
    ).render(Context({
        "columns": ["Name", "State", {"text": "%", "numeric": True}],
        "rows": [[{"text": "<b>x</b>", "href": '/a"b/', "lang": "cy"}, {"text": "Late", "tag": "overdue"}, 0]],
    }))  # fmt: skip
    page = html.fromstring(html_of)
    link = page.xpath("//th[@scope='row'][@lang='cy']/a")[0]
    assert (link.get("href"), link.text) == ('/a"b/', "<b>x</b>")
    assert page.xpath("//td/strong[contains(@class, 'govuk-tag--red')][@data-shape='!']/text()") == ["Late"]
    assert page.xpath("//td[contains(@class, 'numeric')][@data-label='%']/text()") == ["0"]
