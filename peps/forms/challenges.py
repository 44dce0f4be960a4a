"""Forms of a challenge to the plan."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.web.forms import ChoiceField, DateField
from peps.forms import Words, language_field
from peps.rules.challenges import LIMIT, About, Ending


class ChallengeForm(forms.Form):
    """What is challenged, and by when it is to be answered."""

    about = ChoiceField(
        label=_("What is it about?"),
        choices=About.choices,
        error_messages={"required": _("Say whether it is about the words of the plan or about its delivery")},
    )
    text = Words(
        limit=LIMIT,
        label=_("What do you challenge, and why?"),
        help_text=_("Those who write the plan read this. Once sent it stands as it is, and stays on the record."),
        error_messages={"required": _("Write what you challenge, and why")},
    )
    reply_due_on = DateField(
        label=_("By when is a reply due?"),
        error_messages={"required": _("Enter the day by which a reply is due: today or later, within eight weeks")},
    )
    language = language_field()


class ChallengeReplyForm(forms.Form):
    """The reply."""

    reply = Words(limit=LIMIT, label=_("Your reply"), error_messages={"required": _("Write a reply")})
    reply_language = language_field()


class EndChallengeForm(forms.Form):
    """Does the reply settle it?"""

    ending = ChoiceField(
        label=_("Does the reply settle the matter?"),
        choices=Ending.choices,
        hints={Ending.NOT_SETTLED: _("It is passed to the designated manager.")},
        reveals={Ending.NOT_SETTLED: "left_open"},
        error_messages={"required": _("Say whether the reply settles the matter")},
    )
    left_open = Words(limit=LIMIT, label=_("What is still open?"), required=False)
    language = language_field()

    mark_optional = False
