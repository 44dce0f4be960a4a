"""What is due in a crash run, and what everybody must have got in the end, worked out here by hand and not by the product."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone, translation

from lace.accounts.access import Role
from lace.accounts.models import Language, User
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES, opening
from lace.notifications.models import Notification, Preference
from lace.notifications.rules import How
from lace.web.middleware import serving
from tests.crash.stage import Stage
from tests.world import enter, furnish

CHILDREN = 5  # of each authority
LINE = re.compile(r"/children/([0-9a-f-]{36})/duties/")

# Code, days until due, rung up to which it was told before; then kind, rung and roles of the one reminder that is due today.
Case = tuple[str, int, int, str, int, tuple[Role, ...]]
CASES: tuple[Case, ...] = (
    ("visit_first", 2, 0, "duty_soon", 0, (Role.SOCIAL_WORKER,)),  # three days before
    ("visit_next", 0, 0, "duty_today", 1, (Role.SOCIAL_WORKER,)),
    ("care_plan", -9, 0, "duty_late", 2, (Role.SOCIAL_WORKER,)),  # after missed days: the social worker before the designated manager
    ("placement_plan", -3, 3, "duty_late", 3, (Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR)),
    ("records_moved", 0, 0, "duty_today", 0, (Role.DESIGNATED_PERSON,)),
    ("child_talked_with", -1, 1, "duty_late", 2, (Role.DESIGNATED_PERSON, Role.HEADTEACHER)),
)

Inside = tuple[str, str, str, str, int]  # address, child, code, kind, step
Letter = tuple[str, tuple[tuple[str, str], ...]]  # address, and the (child, code) of which it speaks


@dataclass(frozen=True)
class Expected:
    """`inside`: rows of the inbox. `letters`: e-mails."""

    inside: Counter[Inside]
    letters: Counter[Letter]
    titles: dict[str, str]  # as letters write them, in either language -> code


@transaction.atomic
def furnish_both(told: Path) -> None:
    """Two authorities, their children and what is due, in a process of its own; what is to be expected goes into the file."""
    day = timezone.localdate()
    inside: list[Inside] = []
    letters: list[Letter] = []
    duties: list[Duty] = []
    for code in ("CRF", "GWN"):
        made = furnish(code)
        children = [made.child, *(enter(made, entered_on=day - timedelta(days=3))[0] for _ in range(CHILDREN - 1))]
        singly, inside_only = made.user(Role.SOCIAL_WORKER), made.user(Role.DESIGNATED_MANAGER)
        for role, how in ((Role.SOCIAL_WORKER, How.SINGLE), (Role.DESIGNATED_MANAGER, How.LACE)):
            with serving(made.actor(role)):
                Preference.objects.create(user=made.user(role), how=how)
        User.objects.filter(pk=made.user(Role.DESIGNATED_PERSON).pk).update(language=Language.WELSH)
        with serving(made.actor(Role.CASE_SYSTEM)):
            duties += Duty.objects.bulk_create(_duty(child, case, day) for child in children for case in CASES)
        together: dict[str, list[tuple[str, str]]] = {}
        for child in children:
            for rule, _days, _told, kind, rung, roles in CASES:
                for person in map(made.user, roles):
                    inside.append((person.email, str(child.pk), rule, kind, rung))
                    if person == singly:
                        letters.append((person.email, ((str(child.pk), rule),)))
                    elif person != inside_only:
                        together.setdefault(person.email, []).append((str(child.pk), rule))
        letters += [(address, tuple(sorted(lines))) for address, lines in together.items()]
    titles = {}
    for language in (Language.ENGLISH, Language.WELSH):
        with translation.override(language):
            titles.update({f"{RULES[case[0]].title}: ": case[0] for case in CASES})
    told.write_text(json.dumps({"inside": inside, "letters": letters, "titles": titles, "duties": [str(duty.pk) for duty in duties]}))


def _duty(child: Any, case: Case, day: date) -> Duty:
    code, days, told, *_rest = case
    rule, due_on = RULES[code], day + timedelta(days=days)
    made = opening(rule, rule.facts[0], due_on)
    values = {name: getattr(made, name) for name in type(made).__dataclass_fields__}
    values |= {"due_on": due_on, "next_rung": told, "next_look_on": rule.next_look(due_on, told), "subject": uuid4()}
    return Duty(**values, child=child, authority_id=child.authority_id)


def expected(told: Path) -> Expected:
    read = json.loads(told.read_text())
    letters = ((address, tuple(tuple(line) for line in lines)) for address, lines in read["letters"])
    return Expected(Counter(tuple(row) for row in read["inside"]), Counter(letters), read["titles"])


def keep(stage: Stage, told: Path) -> None:
    """The duties as they stand before anybody was told; those that the children's entry to care started are left out."""
    ids = json.loads(told.read_text())["duties"]
    stage.sql(
        "CREATE TABLE as_furnished AS SELECT * FROM deadlines_duty WHERE id = ANY(SELECT jsonb_array_elements_text(%s::jsonb)::uuid)", json.dumps(ids)
    )


def place(stage: Stage) -> None:
    """Nobody was told of anything yet; it is ten o'clock."""
    stage.clock.reset()
    stage.sinks.order(clear=True)
    stage.sinks.order(slow=0)
    stage.sql(
        "BEGIN; SET LOCAL session_replication_role = replica;"
        " DELETE FROM notifications_undelivered; DELETE FROM notifications_notification; DELETE FROM deadlines_sweeprun;"
        " DELETE FROM deadlines_duty; INSERT INTO deadlines_duty SELECT * FROM as_furnished; COMMIT"
    )


WAITING = (
    "SELECT count(*) FROM notifications_notification"
    " WHERE channel = 'email' AND accepted_at IS NULL AND failed_at IS NULL AND spared_at IS NULL AND digest_id IS NULL"
)


def settled(stage: Stage) -> bool:
    """By the product's own account: is all swept and sent?"""
    (swept,) = stage.sql("SELECT count(*) FROM deadlines_sweeprun")[0]
    (waiting,) = stage.sql(WAITING)[0]
    return bool(swept) and not waiting


def wrong(stage: Stage, due: Expected, *, asks: bool) -> list[str]:
    """What is not as it must be. `asks`: the provider answers look-ups, so nothing may come twice; otherwise what did is flagged."""
    found = []
    rows = stage.sql(
        "SELECT u.email, n.child_id::text, n.facts->>'code', n.kind, n.step FROM notifications_notification n"
        " JOIN accounts_user u ON u.id = n.recipient_id WHERE n.channel = 'inbox'"
    )
    inside = Counter(rows)
    found += [f"not in the inbox: {row}" for row in due.inside - inside] + [
        f"in the inbox and not due, or twice: {row}" for row in inside - due.inside
    ]
    sent = stage.sinks.order(taken=True)
    letters = Counter(_letter(one, due.titles) for one in sent)
    found += [f"lost: {letter}" for letter in due.letters - letters]
    found += [f"sent and not due: {letter}" for letter in letters.keys() - due.letters.keys()]
    flagged = _flagged(stage)
    stage.counted["letters taken"] += len(sent)
    twice = {reference for reference, count in Counter(one["reference"] for one in sent).items() if count > 1}
    if asks:
        found += [f"sent {letters[letter]} times: {letter}" for letter, count in due.letters.items() if letters[letter] > count]
        found += [f"sent twice: {reference}" for reference in twice] + [f"flagged, though it could be asked: {reference}" for reference in flagged]
    else:
        stage.counted["repeats by SMTP, flagged"] += len(twice & flagged)
        found += [f"sent twice and not flagged: {reference}" for reference in twice - flagged]
        # A repeat is the same letter with the same Message-ID, nothing else.
        distinct = Counter(_letter(one, due.titles) for one in {one["reference"]: one for one in sent}.values())
        found += [f"sent under two names: {letter}" for letter in distinct - due.letters]
    for what, query in UNTIDY.items():
        (count,) = stage.sql(query)[0]
        found += [f"{count} {what}"] if count else []
    return found


UNTIDY = {
    "wait still": WAITING,
    "failed": "SELECT count(*) FROM notifications_notification WHERE failed_at IS NOT NULL",
    "are with the administrators": "SELECT count(*) FROM notifications_undelivered WHERE settled_at IS NULL",
    "say another thing than their digest": "SELECT count(*) FROM notifications_notification n JOIN notifications_notification d ON d.id = n.digest_id"
    " WHERE n.accepted_at IS DISTINCT FROM d.accepted_at OR n.possibly_repeated <> d.possibly_repeated",
    "duties to look at still": "SELECT count(*) FROM deadlines_duty WHERE next_look_on <= (SELECT max(as_of) FROM deadlines_sweeprun)",
}


def _flagged(stage: Stage) -> set[str]:
    rows = stage.sql("SELECT source, kind, step, recipient_id, channel FROM notifications_notification WHERE possibly_repeated AND digest_id IS NULL")
    return {
        str(Notification(source=source, kind=kind, step=step, recipient_id=recipient, channel=channel).reference)
        for source, kind, step, recipient, channel in rows
    }


def _letter(sent: dict[str, str], titles: dict[str, str]) -> Letter:
    """Of whom and what it speaks, read from its text as a person would."""
    lines, before = [], sent["subject"]
    for line in sent["body"].splitlines():
        if found := LINE.search(line):
            codes = [code for title, code in titles.items() if title in before]
            assert len(codes) == 1, before
            lines.append((found[1], codes[0]))
        elif line.startswith("- "):
            before = line
    return sent["address"], tuple(sorted(lines))
