"""The parts of the plan that an authority may say something of, for those who write there (PEP-27). No database."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from peps.rules.sections import SECTIONS

LIMIT = 3000  # characters of a text, or of an example
WHOLE = "whole"
TARGETS = "targets"
PARTS: dict[str, Promise] = {
    WHOLE: _("The whole plan"),
    **{key: section.title for key, section in SECTIONS.items()},
    TARGETS: _("Targets"),
}
TEXTS = ("en", "cy", "example_en", "example_cy")
