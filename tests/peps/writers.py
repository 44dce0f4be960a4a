"""People who write in one plan at once, each in a browser of their own, and put together what the merge page shows them.

Every browser counts: it puts its own name and its next number into the words that it found ("b2:7 b5:31"). So each text tells how far
each browser had come when it was saved, and a lost update shows as a number that goes back.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.test import Client
from lxml import html

Counts = dict[str, int]
QUESTIONS = {
    "my_page": ("like", "good_at", "matters", "helps", "next"),
    "history": ("institutions", "attendance", "achievements", "needs"),
    "carer": ("education", "leisure", "comments"),
}
MOST_TRIES = 200  # at the merge page in a row, before a browser is said to get nowhere


def counted(words: str) -> Counts:
    """How far each browser had come when these words were saved."""
    return {name: int(number) for name, number in re.findall(r"(b\d+):(\d+)", words)}


def said(counts: Counts) -> str:
    return " ".join(f"{name}:{number}" for name, number in sorted(counts.items()))


def later(*texts: Counts) -> Counts:
    """All that any of them says."""
    return {name: max(text.get(name, 0) for text in texts) for name in {name for text in texts for name in text}}


@dataclass
class Writer:
    """One browser. `parts`: the sections that its person writes."""

    name: str
    client: Client
    plan: str  # the plan's address
    parts: tuple[str, ...]
    dice: random.Random
    saved: dict[tuple[str, str], int] = field(default_factory=dict)  # (section, question): its last number that the server said is saved
    did: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def write_until(self, end: float) -> None:
        """Write until that moment of the monotonic clock, or until something is wrong."""
        while time.monotonic() < end and not self.wrong:
            key = self.dice.choice(self.parts)
            self.write(key, self.dice.choice(QUESTIONS[key]))

    def write(self, key: str, question: str) -> None:
        address = f"{self.plan}section/{key}/"
        page = self._ask("get", address)
        for name in QUESTIONS[key]:
            if self._typed(page).get(name, {}).get(self.name, 0) < self.saved.get((key, name), 0):
                self.wrong.append(f"{self.name} has lost {key}.{name}: {self._typed(page)[name]}, and {self.saved[key, name]} was saved")
        number = self.saved.get((key, question), 0) + 1
        for _try in range(MOST_TRIES):
            answers = self._typed(page)
            theirs = self._theirs(page)
            put = {name: said(later(answers[name], theirs.get(name, {}))) for name in answers}
            put[question] = said(later(answers[question], theirs.get(question, {}), {self.name: number}))
            fields = self._fields(page) | put
            if not theirs and self.dice.random() < 0.3:  # the page saves by itself while its person goes on typing
                self._ask("post", address, fields, autosave=True)
            sent = self._ask("post", address, fields)
            if self.status == 302:
                self.saved[key, question] = number
                if self.dice.random() < 0.2:  # a double click
                    self._ask("post", address, fields)
                    self.did["double"] += 1
                return
            page = sent
        self.wrong.append(f"{self.name} got nowhere in {key}")

    def _ask(self, way: str, address: str, fields: dict[str, str] | None = None, *, autosave: bool = False) -> html.HtmlElement | None:
        answer = self.client.get(address) if way == "get" else self.client.post(address, fields, headers={"HX-Request": "true"} if autosave else {})
        self.status = answer.status_code
        self.did["autosave" if autosave else f"{way} {answer.status_code}"] += 1
        wanted = {200} if way == "get" or autosave else {302, 409}
        if answer.status_code not in wanted:
            self.wrong.append(f"{way} {address} answered {answer.status_code}: {answer.content[:300]!r}")
        return html.fromstring(answer.content) if answer.content else None

    def _form(self, page: html.HtmlElement | None) -> html.FormElement | None:
        return None if page is None else next((form for form in page.forms if "form_token" in form.fields), None)

    def _fields(self, page: html.HtmlElement | None) -> dict[str, str]:
        form = self._form(page)
        return {} if form is None else {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}

    def _typed(self, page: html.HtmlElement | None) -> dict[str, Counts]:
        return {name: counted(value) for name, value in self._fields(page).items() if any(name in asked for asked in QUESTIONS.values())}

    def _theirs(self, page: html.HtmlElement | None) -> dict[str, Counts]:
        """What the merge page shows beside a field, as somebody else saved it."""
        return dict(self._beside(page))

    def _beside(self, page: html.HtmlElement | None) -> Iterator[tuple[str, Counts]]:
        form = self._form(page)
        for box in [] if form is None else form.find_class("govuk-inset-text"):
            row = next(box.iterancestors("div"), None)
            while row is not None and "govuk-grid-row" not in row.classes:
                row = row.getparent()
            areas = [] if row is None else row.findall(".//textarea")
            yield from ((str(area.get("name")), counted(box.text_content())) for area in areas)
