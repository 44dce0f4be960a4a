"""Who may read an answer of the child's page: everybody who reads the plan, or only those whom the child chose (VOICE-15). No database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils.translation import pgettext

from lace.accounts.access import Role
from lace.children.rules import READERS
from peps.rules.replies import PAGE
from peps.rules.sections import WORDS

# What the child can keep to some. Whose words they are, who helped and the helper's note are not the child's answers.
QUESTIONS = ("feeling", *WORDS)
# The child's choice by question: the roles that may read the answer; None, or no choice, is everybody who reads the page.
Choices = Mapping[str, Collection[str] | None]


def kept_from(role: str, choices: Choices) -> frozenset[str]:
    """The questions whose answers the child keeps from a role. The child keeps nothing from themselves, and all from who reads no page."""
    if role == Role.CHILD:
        return frozenset()
    if role not in READERS:
        return frozenset(QUESTIONS)
    return frozenset(question for question, readers in choices.items() if readers is not None and role not in readers)


def for_fewer(choices: Choices) -> frozenset[str]:
    """The questions whose answers not everybody who reads the page may read."""
    return frozenset(question for question, readers in choices.items() if readers is not None)


def for_whom(readers: Collection[str] | None) -> str:
    """A choice, as the child is told of it."""
    if readers is None:
        return pgettext("to a child", "Everybody who reads your plan can read this.")
    return pgettext("to a child", "Only the people you chose can read this.") if readers else pgettext("to a child", "Only you can read this.")


def readable(answers: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """What of the page's answers is left when some are kept."""
    return {question: answer for question, answer in answers.items() if question not in kept}


def with_kept(answers: Mapping[str, Any], standing: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """What somebody writes who cannot read the kept answers: those stay as they stand, whatever was sent for them."""
    return readable(answers, kept) | {question: standing[question] for question in kept if question in standing}


def content_without(content: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """A version's content, or a draft laid out like one, without the kept answers and what was replied to them.

    The page says under "kept" which questions those are: there may be an answer, or none.
    """
    left = dict(content)
    page = left.get("sections", {}).get(PAGE)
    if page is not None:
        marked = page | {"answers": readable(page["answers"], kept), "kept": sorted({*kept, *page.get("kept", ())})}
        left["sections"] = left["sections"] | {PAGE: marked}
    if "replies" in left:
        left["replies"] = not_kept(left["replies"], kept)
    return left


def not_kept(replies: Iterable[Mapping[str, Any]], kept: Collection[str]) -> list[Mapping[str, Any]]:
    """Replies to what is not kept: a reply repeats what the child said."""
    return [reply for reply in replies if reply["question"] not in kept]
