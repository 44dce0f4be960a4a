"""Children whom other authorities placed here: what was heard in other ways, beside what Lace knows (XLA-13; 000 LACE.5).

A host authority hears of such a child by a notice, by an admission to one of its schools, or from a counterpart's list, and the three
seldom agree. The list below is the authority's own; nothing in it opens or changes a child's record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation, require
from lace.accounts.models import LocalAuthority
from lace.children.models import Child, ChildGroupGrant, PlacedByOthers, PlacementNotice, relation_code
from lace.children.rules import HeardFrom, check_birth, sort_key
from lace.core.actor import Actor
from lace.core.errors import BadInput, Message, NotAllowed, Refused, refuse
from schools.models import Enrolment

MOST_BYTES = 200_000
MOST_ROWS = 500
MOST_TOLD = 20  # rows of a file that are wrong
LONGEST = {"placed_by": PlacedByOthers._meta.get_field("placed_by").max_length or 0, "name": PlacedByOthers._meta.get_field("name").max_length or 0}
HEADS = {"placing authority": "placed_by", "awdurdod lleoli": "placed_by", "name": "name", "enw": "name"} | dict.fromkeys(
    ("date of birth", "dyddiad geni"), "born_on"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A child of whom the authority heard."""

    placed_by: str
    name: str
    born_on: date


@dataclass(slots=True)
class Known:
    """A child of another authority whom Lace knows to live here or to go to school here."""

    child: Child
    lives_here: bool = False
    notice: PlacementNotice | None = None
    school: str = ""
    heard: list[PlacedByOthers] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Is there nothing left to ask: the child lives here, and the notice was acknowledged?"""
        return self.lives_here and self.notice is not None and self.notice.acknowledged_on is not None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`only_heard`: on the list and not known here, the newest first; `known`: what does not agree first; `settled`: looked into."""

    only_heard: list[PlacedByOthers]
    known: list[Known]
    settled: list[PlacedByOthers]


def _own(by: Actor) -> LocalAuthority:
    require(by, Permission.TAKE_OVER)  # a LACE coordinator's business between authorities
    if by.authority_id is None:
        raise NotAllowed
    return LocalAuthority.objects.get(pk=by.authority_id)


def _problems(heard: Heard, on: date) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = list(check_birth(heard.born_on, as_of=on))
    for name, value, empty in (
        ("placed_by", heard.placed_by.strip(), _("Enter the authority that placed the child")),
        ("name", heard.name.strip(), _("Enter the child's name")),
    ):
        longest = LONGEST[name]
        if not value:
            problems.append((name, empty))
        elif len(value) > longest:
            problems.append((name, _("Shorten this to %(longest)s characters or fewer") % {"longest": longest}))
        elif not value.isprintable():
            problems.append((name, _("Take out what is no letter")))
    return problems


@transaction.atomic
def add_heard(*, by: Actor, heard: Sequence[Heard], heard_from: str, heard_on: date) -> int:
    """Put children on the authority's list, all or none; one who waits there already under the same name and birth is left as it is.

    Returns how many are new. Raises NotAllowed, BadInput.
    """
    own = _own(by)
    problems = [problem for row in heard for problem in _problems(row, by.today)]
    if heard_from not in HeardFrom.values:
        problems.append(("heard_from", _("Choose how you heard of the child")))
    if heard_on > by.today:
        problems.append(("heard_on", _("The day must be today or in the past")))
    refuse(problems)
    listed = PlacedByOthers.objects.visible_to(by).filter(settled_on__isnull=True)
    there = {(sort_key(row.name), row.born_on) for row in listed}
    new = {(sort_key(row.name), row.born_on): row for row in heard}
    rows = [
        PlacedByOthers(
            authority=own,
            placed_by=row.placed_by.strip(),
            name=" ".join(row.name.split()),
            born_on=row.born_on,
            heard_from=heard_from,
            heard_on=heard_on,
        )
        for key, row in new.items()
        if key not in there
    ]
    PlacedByOthers.objects.bulk_create(rows)
    return len(rows)


def read_list(*, by: Actor, data: bytes) -> list[Heard]:
    """The rows of a counterpart's list: CSV in UTF-8 with the columns placing authority, name, date of birth (2012-05-04 or 04/05/2012).

    Raises NotAllowed; BadInput that names each wrong line, and then nothing of the file is used.
    """
    _own(by)
    if len(data) > MOST_BYTES:
        refuse([("file", _("The file is too large. Use a file of up to %(most)s kB") % {"most": MOST_BYTES // 1000})])
    try:
        text = data.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error):
        raise BadInput({"file": [_("This is not a CSV file in UTF-8. Save the list as “CSV UTF-8” and choose it again")]}) from None
    columns = [HEADS.get(head.strip().lower(), "") for head in lines[0]] if lines else []
    if sorted(filter(None, columns)) != ["born_on", "name", "placed_by"]:
        refuse([("file", _("The first line must name the columns: placing authority, name, date of birth"))])
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if any(cell.strip() for cell in line)]
    if not rows:
        refuse([("file", _("The file holds no child"))])
    if len(rows) > MOST_ROWS:
        refuse([("file", _("The file holds more than %(most)s children. Split it") % {"most": MOST_ROWS})])
    found, wrong = [], []
    for number, line in rows:
        values = dict(zip(columns, line, strict=False))
        born = _day(values.get("born_on", ""))
        if len(line) != len(columns):
            problems: list[Message] = [_("The line has not as many cells as the first")]
        elif born is None:
            problems = [_("Write the date of birth as 2012-05-04 or 04/05/2012")]
        else:
            heard = Heard(values["placed_by"], values["name"], born)
            problems = [message for _name, message in _problems(heard, by.today)]
            found.append(heard)
        wrong += [_("Line %(number)s: %(problem)s") % {"number": number, "problem": problem} for problem in problems]
    if wrong:
        more = [_("and more lines that are wrong")] if len(wrong) > MOST_TOLD else []
        raise BadInput({"file": [*wrong[:MOST_TOLD], *more]})
    return found


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return None


@transaction.atomic
def settle(*, by: Actor, placed: PlacedByOthers, finding: str) -> PlacedByOthers:
    """Say what was found of a child on the list, who then waits no longer. Raises NotAllowed, BadInput, Refused when it was settled."""
    own = _own(by)
    placed = PlacedByOthers.objects.select_for_update().get(pk=placed.pk)
    if placed.authority_id != own.pk:
        raise NotAllowed
    if placed.settled_on is not None:
        raise Refused(_("Somebody has settled this already"))
    longest = PlacedByOthers._meta.get_field("finding").max_length or 0
    if not finding.strip():
        refuse([("finding", _("Say what you found"))])
    if len(finding.strip()) > longest:
        refuse([("finding", _("Shorten this to %(longest)s characters or fewer") % {"longest": longest})])
    placed.settled_on, placed.finding = by.today, finding.strip()
    placed.save(update_fields=["settled_on", "finding"])
    return placed


def _names(child: Child) -> set[tuple[str, date]]:
    """What a list may call the child, in either order of the names."""
    given = {child.given_names, child.called, child.given_names.split(" ")[0]}
    both = {f"{name} {child.family_name}" for name in given} | {f"{child.family_name} {name}" for name in given}
    return {(sort_key(name), child.born_on) for name in both}


def reconcile(*, by: Actor) -> Reconciled:
    """The children of other authorities who live or go to school here, beside the list; matched by name and date of birth.

    Six statements however many there are. Raises NotAllowed.
    """
    own = _own(by)
    known = _known(by, own)
    rows = list(PlacedByOthers.objects.visible_to(by).order_by("-heard_on", "name"))
    by_name = {name: one for one in known for name in _names(one.child)}
    only_heard = []
    for row in rows:
        match = by_name.get((sort_key(row.name), row.born_on))
        if match is not None:
            match.heard.append(row)
        elif row.settled_on is None:
            only_heard.append(row)
    known.sort(key=lambda one: (one.agrees, one.child.sort_key))
    return Reconciled(only_heard, known, [row for row in rows if row.settled_on is not None])


def _known(by: Actor, own: LocalAuthority) -> list[Known]:
    codes = {relation_code(relation).pk: relation for relation in (Relation.HOST, Relation.SCHOOL_AUTHORITY)}
    is_open = Q(starts_on__lte=by.today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=by.today))
    held = ChildGroupGrant.objects.filter(is_open, group=own.group_id, permission__in=codes)
    standing = {(child, codes[code]) for child, code in held.values_list("content_object_id", "permission_id")}
    here = {child for child, _relation in standing}
    visible = Child.objects.visible_to(by).exclude(authority=own).filter(pk__in=here).select_related("authority")
    found = {child.pk: Known(child, lives_here=(child.pk, Relation.HOST) in standing) for child in visible}
    for notice in PlacementNotice.objects.visible_to(by).filter(host=own, child__in=found).order_by("sent_on", "created_at"):
        found[notice.child_id].notice = notice
    for child_id, school in _schools(by, found, own):
        found[child_id].school = school
    return list(found.values())


def _schools(by: Actor, children: Iterable[UUID], own: LocalAuthority) -> list[tuple[UUID, str]]:
    rows = Enrolment.objects.visible_to(by).filter(child__in=list(children), school__organisation__authority=own)
    on_roll = rows.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=by.today), started_on__lte=by.today)
    return [(row.child_id, row.school.name) for row in on_roll.select_related("school__organisation")]
