"""Who plays the story: the people and the case system of the sign-ins, and what they can look up about its two children."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reporting.management.visitor import CaseSystem, Visitor, expect

SignIns = dict[str, dict[str, str]]
FAMILY = "Ystorïwr-Gwyddfid"  # no such name among the invented people, so that a trace of it is a leak
GIVEN = {"new": "Tegfedd Morwenna", "late": "Brochfael Ynyr"}


class Cast:
    """Everybody is signed in once, when first needed."""

    def __init__(self, base_url: str, sign_ins: SignIns, mail: Path) -> None:
        self.base, self.sign_ins, self.mail = base_url, sign_ins, mail
        self.today = datetime.now(ZoneInfo("Europe/London")).date()
        self.system = CaseSystem(base_url)
        self.people: dict[str, Visitor] = {}
        self.child: dict[str, str] = {}  # id of the child of each entry
        self.entered: dict[str, date] = {}

    def person(self, role: str) -> Visitor:
        """The person of this role, signed in once."""
        if role not in self.people:
            self.people[role] = self.newly_signed_in(role)
        return self.people[role]

    def newly_signed_in(self, role: str) -> Visitor:
        known = self.known(role)
        visitor = Visitor(self.base, role.replace("_", " "))
        visitor.sign_in(known["email"], known["password"])
        return visitor

    def known(self, role: str) -> dict[str, str]:
        expect(role in self.sign_ins, f"a sign-in for the {role.replace('_', ' ')}", "none")
        return self.sign_ins[role]

    def count(self) -> int:
        """How many children the case system reads."""
        return len(self.system.everything("/api/v1/children/"))

    def duties(self, whose: str) -> dict[str, dict[str, Any]]:
        """A child's duties by API; of several with one code the newest."""
        return {duty["code"]: duty for duty in self.system.everything(f"/api/v1/children/{self.child[whose]}/duties/")}

    def told(self, role: str, path: str) -> list[str]:
        """Links in the person's messages that open this page."""
        return [link for page in self.person(role).pages("/messages/") for link in page.links if link == path]

    def traces(self) -> list[str]:
        """What would show one of the story's children."""
        return [FAMILY, *(part for given in GIVEN.values() for part in given.split())]
