"""What people are told when a duty is handed to them, or when somebody asks that it need not be done."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from lace.deadlines.rules import RULES
from lace.notifications.kinds import Facts, Kind, declare, plain_facts


def _words(facts: Facts) -> Mapping[str, str]:
    return {**plain_facts(facts), "title": str(RULES[facts["code"]].title)}


declare(
    Kind(
        "duty_handed",
        _("Handed to you: %(title)s, by %(due_on)s"),
        _("For %(initials)s a colleague has handed this to you. It is due by %(due_on)s, and from now on you are reminded of it."),
        "child_duties",
        _words,
    ),
    Kind(
        "waiver_asked",
        _("Please decide: %(title)s"),
        _("For %(initials)s somebody asks that this need not be done. It is due by %(due_on)s, and stays so until you decide."),
        "child_duties",
        _words,
    ),
    Kind(
        "waiver_agreed",
        _("Agreed: %(title)s need not be done"),
        _("For %(initials)s it was agreed that this need not be done."),
        "child_duties",
        _words,
    ),
    Kind(
        "waiver_refused",
        _("Not agreed: %(title)s, by %(due_on)s"),
        _("For %(initials)s it was not agreed that this need not be done. It is due by %(due_on)s. Open Lace to read why."),
        "child_duties",
        _words,
    ),
)
