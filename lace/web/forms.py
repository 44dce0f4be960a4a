"""Django forms in GOV.UK style: Django validates, the govuk-frontend-jinja macros draw.

A form is a plain `django.forms.Form`; `{{ form }}` draws all of it, `{{ form.name }}` one field with label, hint and error.
A choice field may carry `hints` ({value: text}) and `reveals` ({value: name of the field asked only then}); see ChoiceField.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import singledispatch
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.formsets import BaseFormSet
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import ChoiceWidget
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lace.web.govuk import component

Drawn = tuple[str, dict[str, Any]]  # a component's name and its parameters

# ---- fields --------------------------------------------------------------------------------

MONTHS = ("jan ion", "feb chwe", "mar maw", "apr ebr", "may mai", "jun meh", "jul gor", "aug aws", "sep medi", "oct hyd", "nov tach", "dec rhag")


def _month(text: str) -> int:
    """A month as a number from "3", "March", "mar" or "Mawrth"; ValueError when it is none."""
    if text.isdigit():
        return int(text)
    for number, starts in enumerate(MONTHS, 1):
        if len(text) >= 3 and text.lower().startswith(tuple(starts.split())):
            return number
    raise ValueError(text)


class DateWidget(forms.MultiWidget):
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"day": forms.TextInput, "month": forms.TextInput, "year": forms.TextInput}, attrs)

    def decompress(self, value: date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else [None, None, None]


class DateField(forms.MultiValueField):
    """A date in three boxes; the month may be a number or a Welsh or English name. Cleans to `datetime.date` or None."""

    widget = DateWidget
    default_error_messages = {
        "required": gettext_lazy("Enter a date"),
        "invalid": gettext_lazy("Enter a real date, like 27 3 2026"),
        "year": gettext_lazy("Enter the year with four numbers, like 2026"),
        "day missing": gettext_lazy("The date must include a day"),
        "month missing": gettext_lazy("The date must include a month"),
        "year missing": gettext_lazy("The date must include a year"),
    }

    def __init__(self, **kwargs: Any) -> None:
        parts = [forms.CharField(required=False) for _part in range(3)]
        super().__init__(parts, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> date | None:
        if not data_list:
            return None
        for part, value in zip(("day", "month", "year"), data_list, strict=True):
            if not value:
                raise ValidationError(self.error_messages[f"{part} missing"], code="incomplete")
        if data_list[2].isdigit() and len(data_list[2]) != 4:
            raise ValidationError(self.error_messages["year"], code="year")
        try:
            return date(int(data_list[2]), _month(data_list[1]), int(data_list[0]))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class TimeField(forms.TimeField):
    """A time of day: 14:30, 14.30, 2:30pm or 2pm. Cleans to `datetime.time`."""

    widget = forms.TextInput(attrs={"width": "5"})
    default_error_messages = {"required": gettext_lazy("Enter a time"), "invalid": gettext_lazy("Enter a time, like 14:30")}

    def __init__(self, **kwargs: Any) -> None:
        formats = ["%H:%M", "%H.%M", "%I:%M%p", "%I.%M%p", "%I%p", "%I:%M %p", "%I.%M %p", "%I %p"]
        super().__init__(input_formats=formats, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.strftime("%H:%M") if hasattr(value, "strftime") else value


class ChoiceField(forms.ChoiceField):
    """Radio buttons by default; `hints` explains a choice, `reveals` names the field that a choice opens."""

    widget = forms.RadioSelect

    def __init__(self, *, hints: Mapping[Any, Any] | None = None, reveals: Mapping[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hints, self.reveals = hints or {}, reveals or {}


class MultipleChoiceField(forms.MultipleChoiceField):
    """Checkboxes; `hints` and `reveals` as in ChoiceField."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, hints: Mapping[Any, Any] | None = None, reveals: Mapping[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hints, self.reveals = hints or {}, reveals or {}


# ---- from a widget to a component's name and parameters ----------------------------------

OWN_ATTRS = {"class", "autocomplete", "inputmode", "type", "rows", "cols", "maxlength", "minlength", "placeholder", "required", "id", "width"}


def _attributes(widget: forms.Widget) -> dict[str, Any]:
    """What a form set beyond the component's own parameters: data-…, hx-…, lang. Placeholders are dropped: they vanish on typing."""
    return {key: "" if value is True else value for key, value in widget.attrs.items() if key not in OWN_ATTRS and value not in (None, False)}


def _legend(field: BoundField) -> dict[str, Any]:
    return {"fieldset": {"legend": {"text": label(field), "classes": "govuk-fieldset__legend--s"}}}


def label(field: BoundField) -> str:
    """The field's label, with "(optional)" where it may stay empty. A form (a filter, say) opts out with `mark_optional = False`."""
    optional = not field.field.required and not isinstance(
        field.field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.SelectMultiple
    )
    if optional and getattr(field.form, "mark_optional", True):
        return _("%(label)s (optional)") % {"label": field.label}
    return str(field.label)


def _flat(choices: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Choices with their groups written out: the GOV.UK select has no groups."""
    for value, text in choices:
        if isinstance(text, list | tuple):
            yield from ((str(inner), f"{value}: {name}") for inner, name in text)
        else:
            yield "" if value is None else str(value), str(text)


@singledispatch
def draw(widget: forms.Widget, field: BoundField) -> Drawn:
    attrs, value = widget.attrs, widget.format_value(field.value())
    numeric: dict[type[forms.Field], str] = {forms.IntegerField: "numeric", forms.FloatField: "decimal", forms.DecimalField: "decimal"}
    kind = getattr(widget, "input_type", "text")
    inputmode = attrs.get("inputmode") or (numeric.get(type(field.field), "numeric") if kind == "number" else None)
    params = {
        "type": "text" if kind == "number" else kind,  # number boxes change when scrolled over; GOV.UK advises text with an input mode
        "value": "" if value is None else value,
        "autocomplete": attrs.get("autocomplete") or ("email" if kind == "email" else None),
        "spellcheck": False if kind in ("email", "url") else None,
        "inputmode": inputmode,
        "classes": f"govuk-input--width-{attrs['width']}" if "width" in attrs else "govuk-input--width-5" if kind == "number" else None,
    }
    return "input", params


@draw.register
def _password(widget: forms.PasswordInput, field: BoundField) -> Drawn:
    return "password-input", {
        "autocomplete": widget.attrs.get("autocomplete", "current-password"),
        "showPasswordText": _("Show"),
        "hidePasswordText": _("Hide"),
        "showPasswordAriaLabelText": _("Show password"),
        "hidePasswordAriaLabelText": _("Hide password"),
        "passwordShownAnnouncementText": _("Your password is visible"),
        "passwordHiddenAnnouncementText": _("Your password is hidden"),
    }


@draw.register(forms.RadioSelect)
@draw.register(forms.CheckboxSelectMultiple)
@draw.register(forms.SelectMultiple)  # a list to pick several from with Ctrl is a riddle; checkboxes are not
def _choices(widget: ChoiceWidget, field: BoundField) -> Drawn:
    chosen = [str(value) for value in widget.format_value(field.value())]
    hints = {str(value): text for value, text in getattr(field.field, "hints", {}).items()}
    reveals = {str(value): name for value, name in getattr(field.field, "reveals", {}).items()}
    items = [
        {
            "value": value,
            "text": text,
            "checked": value in chosen,
            "hint": {"text": hints[value]} if value in hints else None,
            "conditional": {"html": field.form[reveals[value]].render()} if value in reveals else None,
        }
        for value, text in _flat(widget.choices)
        if value != ""
    ]
    return "checkboxes" if widget.allow_multiple_selected else "radios", {"idPrefix": field.auto_id, "items": items, **_legend(field)}


@draw.register
def _checkbox(widget: forms.CheckboxInput, field: BoundField) -> Drawn:
    hint = {"text": field.help_text} if field.help_text else None
    item = {"value": "on", "text": field.label, "checked": bool(field.value()), "hint": hint}
    return "checkboxes", {"idPrefix": field.auto_id, "items": [item], "hint": None}


@draw.register
def _select(widget: forms.Select, field: BoundField) -> Drawn:
    chosen = [str(value) for value in widget.format_value(field.value())]
    return "select", {"items": [{"value": value, "text": text, "selected": value in chosen} for value, text in _flat(widget.choices)]}


@draw.register
def _date(widget: DateWidget, field: BoundField) -> Drawn:
    values = field.value()
    if not isinstance(values, list):
        values = widget.decompress(values)
    error = " govuk-input--error" if field.errors else ""
    boxes = (("day", _("Day"), 2), ("month", _("Month"), 2), ("year", _("Year"), 4))
    items = [
        {
            "name": f"{field.html_name}_{part}",
            "id": f"{field.auto_id}_{part}",
            "label": text,
            "value": value or "",
            "classes": f"govuk-input--width-{width}{error}",
            "inputmode": "text" if part == "month" else "numeric",  # a phone must let a month's name be typed
        }
        for (part, text, width), value in zip(boxes, values, strict=True)
    ]
    return "date-input", {"id": field.auto_id, "items": items, **_legend(field)}


@draw.register
def _file(widget: forms.FileInput, field: BoundField) -> Drawn:
    return "file-upload", {}  # javascript=True fails axe label-content-name-mismatch (govuk-frontend 6.6)


@draw.register
def _textarea(widget: forms.Textarea, field: BoundField) -> Drawn:
    rows = widget.attrs.get("rows")
    params = {"rows": 5 if rows in (None, "10", 10) else rows, "value": field.value() or "", "spellcheck": True}
    limit = getattr(field.field, "max_length", None)
    if not limit:
        return "textarea", params
    under = _plurals(lambda n: ngettext("You have %(count)s character remaining", "You have %(count)s characters remaining", n))
    over = _plurals(lambda n: ngettext("You have %(count)s character too many", "You have %(count)s characters too many", n))
    return "character-count", params | {
        "maxlength": limit,
        "textareaDescriptionText": _("You can enter up to %(count)s characters") % COUNT,
        "charactersAtLimitText": _("You have 0 characters remaining"),
        "charactersUnderLimitText": under,
        "charactersOverLimitText": over,
    }


COUNT = {"count": "%{count}"}  # the browser puts the number in
CLDR = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 6, "other": 100}  # a number of each Welsh plural class


def _plurals(message: Any) -> dict[str, str]:
    return {rule: message(number) % COUNT for rule, number in CLDR.items()}


# ---- drawing -------------------------------------------------------------------------------


def _texts(field: BoundField) -> list[str]:
    """A field's error sentences. Django's bare "This field is required." says nothing in a summary: name the question instead."""
    asks = {
        "choose": _("Choose an answer to “%(label)s”"),
        "file": _("Choose a file for “%(label)s”"),
        "confirm": _("Confirm “%(label)s”"),
        "enter": _("Enter an answer to “%(label)s”"),
    }
    texts = []
    for error in field.errors.as_data():
        if error.code == "required" and error.message == forms.Field.default_error_messages["required"]:
            match field.field.widget:
                case forms.CheckboxInput():
                    verb = "confirm"
                case ChoiceWidget():
                    verb = "choose"
                case forms.FileInput():
                    verb = "file"
                case _:
                    verb = "enter"
            texts.append(asks[verb] % {"label": field.label})
        else:
            texts.extend(str(message) for message in error.messages)
    return texts


class GovukBoundField(BoundField):
    """{{ field }} and {{ form }} draw the whole group: label, hint, error and control."""

    def render(self, template_name: Any = None, context: Any = None, renderer: Any = None) -> SafeString:
        if self.is_hidden:
            return SafeString(self.as_hidden())
        widget = self.field.widget
        name, own = draw(widget, self)
        params: dict[str, Any] = {
            "id": self.auto_id,
            "name": self.html_name,
            "label": {"text": label(self), "classes": "govuk-label--s"},
            "attributes": _attributes(widget),
            **own,
        }
        if self.field.disabled:
            params["disabled"] = True
        if self.help_text:
            params = {"hint": {"text": self.help_text}} | params
        if self.errors:
            params["errorMessage"] = {"text": _texts(self)[0], "visuallyHiddenText": _("Error")}
        return component(name, **{key: value for key, value in params.items() if value is not None})

    __str__ = __html__ = as_field_group = render

    @cached_property
    def is_revealed(self) -> bool:
        """Drawn inside the choice that asks for it, so not again in the form's own order."""
        return any(self.name in getattr(field, "reveals", {}).values() for field in self.form.fields.values())

    @cached_property
    def error_href(self) -> str:
        return f"#{self.auto_id}_day" if isinstance(self.field.widget, DateWidget) else f"#{self.auto_id}"


class GovukRenderer(TemplatesSetting):
    form_template_name = "web/form.html"
    formset_template_name = "web/formset.html"
    bound_field_class = GovukBoundField


def _flatten(shown: Iterable[forms.BaseForm | BaseFormSet[Any]]) -> Iterator[tuple[str, str | None]]:
    for form in shown:
        if isinstance(form, BaseFormSet):
            yield from ((str(text), None) for text in form.non_form_errors())
            yield from _flatten(form.forms)
            continue
        yield from ((str(text), None) for text in form.non_field_errors())
        for name in form.errors:
            if name in form.fields:
                field = form[name]
                href = None if field.is_hidden else getattr(field, "error_href", f"#{field.auto_id}")
                yield from ((text, href) for text in _texts(field))


def error_summary(*shown: forms.BaseForm | BaseFormSet[Any]) -> SafeString:
    """The box at the top of a page that lists every error of the given forms and formsets, each linked to its field; empty when there is none."""
    errors = [{"text": text, "href": href} if href else {"text": text} for text, href in _flatten(form for form in shown if form)]
    if not errors:
        return SafeString("")
    return component("error-summary", titleText=_("There is a problem"), errorList=errors)
