"""GOV.UK components, drawn with the macros of the govuk-frontend-jinja package."""

from functools import cache
from typing import Any

from django.utils.safestring import SafeString
from jinja2 import Environment, PackageLoader, PrefixLoader


@cache
def _environment() -> Environment:
    loader = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


@cache
def _macro(name: str) -> Any:
    module = _environment().get_template(f"govuk_frontend_jinja/components/{name}/macro.html").module
    return getattr(module, "govuk" + "".join(word.capitalize() for word in name.split("-")))


def component(component_name: str, /, **params: Any) -> SafeString:
    """The HTML of one GOV.UK component, with the parameters of the GOV.UK Design System's own documentation.

    `component("button", text=_("Save"))`. Values are escaped; only parameters that end in `html` are taken as they are.
    """
    return SafeString(_macro(component_name)(params))  # the macros run with autoescape on
