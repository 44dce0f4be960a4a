"""What the child asks for on the child's page, and what the adults did with it (VOICE-01, VOICE-06; 002 4.83, 003 2.1). No database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from peps.rules.sections import SECTIONS

PAGE = "my_page"
# The questions whose answers ask adults for something: what is to stay, what helps and is to be given, what is to change, what the child
# wants next, and what adults are to do or to stop. Feeling, likes and strengths ask for nothing; what the child hopes to be has a section
# of its own, Aspirations.
WISHES = ("next", "adults", "hard", "helps", "matters")
LIMIT = 1000  # characters of a reply


class Outcome(TextChoices):
    """What the adults did with a wish."""

    USED = "used", pgettext_lazy("wish", "Used")
    NOT_USED = "not_used", pgettext_lazy("wish", "Not used")
    OPEN = "open", pgettext_lazy("wish", "Still open")


class ToldHow(TextChoices):
    """How the child was told what came of it."""

    TALKED = "talked", _("Somebody talked with the child")
    READ = "read", _("Somebody read it with the child")
    WRITTEN = "written", _("In writing")
    SIGNS = "signs", _("With pictures or signs")


SETTLED = frozenset({Outcome.USED, Outcome.NOT_USED})  # what a child can be told the result of
CHILDS_WORDS: dict[str, Promise] = {
    Outcome.USED: pgettext_lazy("to a child", "Yes, we used this"),
    Outcome.NOT_USED: pgettext_lazy("to a child", "We did not do this"),
    Outcome.OPEN: pgettext_lazy("to a child", "We have not decided yet"),
    "": pgettext_lazy("to a child", "Nobody has answered this yet"),
}
TAGS = {Outcome.USED: "done", Outcome.NOT_USED: "none", Outcome.OPEN: "doing"}
REPLY_FIELDS = ("question", "words", "words_language", "outcome", "answer", "language", "answered_on", "answered_as", "told_on", "told_how")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the child said that asks for something, and the reply in its frozen shape; `reply` is empty while there is none."""

    question: str
    words: str
    language: str
    reply: Mapping[str, Any]

    @property
    def of_older_words(self) -> bool:
        """Does the reply answer what the child had said before?"""
        return bool(self.reply) and self.reply["words"] != self.words

    @property
    def is_answered(self) -> bool:
        return bool(self.reply) and not self.of_older_words

    @property
    def is_settled(self) -> bool:
        """Is it decided whether the wish is used?"""
        return self.is_answered and self.reply["outcome"] in SETTLED

    @property
    def is_told(self) -> bool:
        return self.is_settled and bool(self.reply["told_on"])

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.words)


def fingerprint(words: str) -> str:
    """Of the words that somebody read before they replied."""
    return hashlib.sha256(words.encode()).hexdigest()


def wishes(page: Mapping[str, Any] | None, replies: Iterable[Mapping[str, Any]]) -> list[Wish]:
    """The wishes on a child's page, {answers, language} as a version freezes it, each with its reply.

    None where the words are not the child's own, or nobody has said whose they are.
    """
    answers = (page or {}).get("answers", {})
    if page is None or answers.get("how") not in {"own", "said"}:
        return []
    found = {row["question"]: row for row in replies}
    said = [(key, str(answers.get(key) or "")) for key in WISHES]
    return [Wish(key, words, page["language"], found.get(key, {})) for key, words in said if words.strip()]


def label_of(question: str, phase: str) -> Promise | str:
    """The question on the child's page, in its words for this phase."""
    return next((one.label for one in SECTIONS[PAGE].edition(phase) if one.key == question), question)


def laid_out_reply(wish: Wish, *, to_child: bool) -> dict[str, Any]:
    """{state, kind, answer, lang, older, older_lang, by, told}: what was said to a wish, in words for adults or for the child."""
    reply = wish.reply
    outcome = reply.get("outcome", "")
    return {
        "title": pgettext("to a child", "What the adults did") if to_child else gettext("What the adults did with it"),
        "state": CHILDS_WORDS[outcome] if to_child else Outcome(outcome).label if outcome else _("No reply yet"),
        "kind": TAGS[Outcome(outcome)] if outcome else "todo",
        "answer": reply.get("answer", ""),
        "lang": reply.get("language", "")[:2],
        "older": reply["words"] if wish.of_older_words else "",
        "older_title": pgettext("to a child", "This is about what you said before:")
        if to_child
        else gettext("This answers what the child said before:"),
        "older_lang": reply.get("words_language", "")[:2],
        "by": _by(reply) if reply and not to_child else "",
        "told": _told(wish, to_child=to_child),
    }


def _by(reply: Mapping[str, Any]) -> str:
    """By role, never by name: the words go where the plan goes."""
    role = str(Role(reply["answered_as"]).label) if reply["answered_as"] else ""
    return ", ".join(filter(None, (role, _day(reply["answered_on"]))))


def _told(wish: Wish, *, to_child: bool) -> str:
    reply = wish.reply
    if not reply or reply["outcome"] == Outcome.OPEN:
        return ""
    if not reply["told_on"]:
        return "" if to_child else gettext("The child has not been told yet.")
    day = {"day": _day(reply["told_on"]), "how": str(ToldHow(reply["told_how"]).label)}
    if to_child:
        return pgettext("to a child", "Somebody told you on %(day)s.") % day
    return gettext("The child was told on %(day)s: %(how)s") % day


def _day(day: str) -> str:
    return formats.date_format(date.fromisoformat(day), "DATE_FORMAT")
