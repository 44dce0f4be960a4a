"""The child's own page, in two editions: up to Year 6, and older. The questions are the same, the words are not (PEP-12, VOICE-13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Facet, Permission, Role
from peps.rules.sections.kinds import BY_AN_ADULT, DECLINED, SectionRule, choice, line, text

_FEELINGS = (
    ("happy", _("Happy")),
    ("fine", _("OK")),
    ("worried", _("Worried")),
    ("sad", _("Sad")),
    ("angry", _("Angry")),
    ("unsure", _("I am not sure")),
)
_HOW = choice(
    "how",
    _("Whose words are these?"),
    ("own", _("I wrote this myself")),
    ("said", _("I said it, and someone wrote it down just as I said it")),
    (BY_AN_ADULT, _("An adult wrote this about me")),
    (DECLINED, _("I did not want to write anything this time")),
)
_AFTER = (
    line("helper", _("Who helped me"), required=False),
    text("adult_note", _("A note from the adult who helped"), _("Kept apart from the words above."), required=False),
)

MY_PAGE = SectionRule(
    "my_page",
    _("My page"),
    (Role.CHILD, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, *CARERS),
    Facet.VOICE,
    _("Making a difference, “Carers”"),
    (
        choice("feeling", _("How I feel about school or college now"), *_FEELINGS, required=False, faces=True),
        text("like", _("What I like"), _("At school or anywhere else."), required=False),
        text("good_at", _("What I am good at"), required=False),
        text("matters", _("What matters to me"), _("People, places, and things I want kept as they are."), required=False),
        text("helps", _("What helps me learn"), _("People, places, things, ways of doing it."), required=False),
        text("hard", _("What does not work for me"), _("What gets in the way, and what you would change."), required=False),
        text("hope", _("What I hope to do or be"), _("Aim as high as you like. Marks and grades set no limit here."), required=False),
        text("next", _("What I want next"), _("This year, or when you are older."), required=False),
        text("adults", _("What I want adults to know"), _("And what you want them to do, or stop doing."), required=False),
        _HOW,
        *_AFTER,
    ),
    Permission.CONTRIBUTE_TO_PEP,
    _("This page is yours. Write it yourself, or say it and have it written down. Nobody changes your words."),
    younger=(
        choice("feeling", _("How do you feel at school?"), *_FEELINGS, hint=_("Pick a face."), required=False, faces=True),
        text("like", _("I like…"), _("What do you like to do?"), required=False),
        text("good_at", _("I am good at…"), _("You can say more than one thing."), required=False),
        text("matters", _("I care about…"), _("A person, a pet or a place."), required=False),
        text("helps", _("It helps me when…"), _("What do people do that helps you learn?"), required=False),
        text("hard", _("It is hard when…"), _("What do you not like?"), required=False),
        text("hope", _("When I grow up…"), _("What do you want to do or be?"), required=False),
        text("next", _("Next, I want to…"), _("What do you want to do this year?"), required=False),
        text("adults", _("I want grown-ups to know…"), _("What do you want them to do?"), required=False),
        _HOW,
        *_AFTER,
    ),
)
