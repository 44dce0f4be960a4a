"""When duties fall due: by the rules as an authority has them, its bank holidays, and the term dates of a child's school. Read only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from lace.accounts.access import Relation
from lace.accounts.models import LocalAuthority, Organisation
from lace.children.models import Child, ChildGroupGrant, relation_code
from lace.core.workdays import WorkingDays, is_working_day
from lace.deadlines.calendars import Calendars
from lace.deadlines.models import BodyDuty, Duty, ExtraHoliday, RuleChoice, WorkingDay
from lace.deadlines.rules import RULES, DutyRule, Fact, Opening, SchoolDays, authority_settings, opening, rules_for

Rules = Callable[[Duty | BodyDuty], DutyRule]
Place = tuple[int, int]  # an authority's id and a school's: whose term dates count


class Reckoner:
    """Counts for some authorities, or for all: what it reads, it reads once, and only when it is needed. Good for the call that made it."""

    def __init__(self, *, since: date, today: date, authorities: Iterable[LocalAuthority] | None = None) -> None:
        """`since`: the earliest day from which anything is counted; `today`: by whose ladder people are told from now on."""
        self._since, self._today = since, today
        self._given = None if authorities is None else {authority.pk: authority for authority in authorities}

    def rule(self, code: str, authority: int, on: date) -> DutyRule:
        """The rule as the authority has it for a fact of that day (DL-08), with today's ladder.

        Raises KeyError when no rule of that code is declared.
        """
        rule = RULES[code]
        counted = rule.in_force(self._chosen(code, authority, on), settings=self._columns[authority] if _is_set(rule) else None)
        return replace(counted, ladder=rule.in_force(self._chosen(code, authority, self._today)).ladder)

    def _chosen(self, code: str, authority: int, on: date) -> RuleChoice | None:
        chosen = [row for row in self._choices.get((authority, code), ()) if row.effective_from <= on]
        return max(chosen, key=lambda row: row.effective_from, default=None)

    def openings(
        self, fact: Fact, on: date, authority: int, *, place: Place | None = None, born: date | None = None, kind: str = ""
    ) -> list[Opening]:
        """What this fact opens for a child of the authority, or for the authority or its school."""
        return [self.opening(rule.code, fact, on, authority, place) for rule in rules_for(fact, on, born=born, kind=kind)]

    def opening(self, code: str, fact: Fact, on: date, authority: int, place: Place | None = None) -> Opening:
        return opening(self.rule(code, authority, on), fact, on, days=self._working(authority), school_days=self._school_days(authority, place))

    def _working(self, authority: int) -> WorkingDays:
        def is_working(day: date) -> bool:
            return is_working_day(day) and day not in self._off and day not in self._extra[authority]

        return is_working

    def _school_days(self, authority: int, place: Place | None) -> SchoolDays:
        def count(on: date, days: int) -> tuple[date, bool]:
            return self._calendars.of(*(place or (authority, None))).reckon(on, days)

        return count

    @cached_property
    def _columns(self) -> dict[int, dict[str, Any]]:
        found = LocalAuthority.objects.all() if self._given is None else self._given.values()
        return {authority.pk: {name: getattr(authority, name) for name in authority_settings()} for authority in found}

    @cached_property
    def _choices(self) -> dict[tuple[int, str], list[RuleChoice]]:
        rows = RuleChoice.objects.all() if self._given is None else RuleChoice.objects.filter(authority__in=list(self._given))
        found: dict[tuple[int, str], list[RuleChoice]] = defaultdict(list)
        for row in rows:
            found[row.authority_id, row.code].append(row)
        return found

    @cached_property
    def _off(self) -> set[date]:
        """Days that the numbered days say are no working days: they may know of a holiday that the calendar package does not."""
        near = {"day__gte": self._since, "day__lt": self._since + timedelta(days=800)}
        return set(WorkingDay.objects.filter(**near, is_working=False, day__week_day__in=range(2, 7)).values_list("day", flat=True))

    @cached_property
    def _extra(self) -> dict[int, set[date]]:
        rows = ExtraHoliday.objects.filter(day__gte=self._since)
        if self._given is not None:
            rows = rows.filter(authority__in=list(self._given))
        found: dict[int, set[date]] = defaultdict(set)
        for authority, day in rows.values_list("authority_id", "day"):
            found[authority].add(day)
        return found

    @cached_property
    def _calendars(self) -> Calendars:
        return Calendars.read()


def _is_set(rule: DutyRule) -> bool:
    """Has the authority a column for its clock or length?"""
    return bool(rule.clock_setting or rule.length_setting)


def rules_held(on: date) -> Rules:
    """Says of a duty by which rule it was counted and is told of on a day: as its authority has it. Two statements at most, when first asked."""
    reckoner = Reckoner(since=on, today=on)
    return lambda duty: reckoner.rule(duty.code, duty.authority_id, duty.trigger_on)


def place_of(child: Child, on: date) -> Place | None:
    """The school whose term dates count for a child on a day: the one that the child attends, else the last before. None without any."""
    grants = ChildGroupGrant.objects.filter(content_object=child, permission=relation_code(Relation.SCHOOL), starts_on__lte=on)
    grant = grants.order_by("-starts_on", "-pk").first()
    if grant is None:
        return None
    return Organisation.objects.filter(group=grant.group_id).values_list("authority_id", "pk").first()


def places_of(children: Collection[UUID]) -> dict[UUID, list[tuple[date, Place]]]:
    """Of these children each school with the day from which the child has been there, the first one first. Two statements."""
    grants = ChildGroupGrant.objects.filter(content_object__in=children, permission=relation_code(Relation.SCHOOL)).order_by("starts_on", "pk")
    rows = list(grants.values_list("content_object_id", "starts_on", "group_id"))
    schools = {
        group: (authority, pk)
        for group, authority, pk in Organisation.objects.filter(group__in={group for _child, _on, group in rows}).values_list(
            "group_id", "authority_id", "pk"
        )
    }
    found: dict[UUID, list[tuple[date, Place]]] = defaultdict(list)
    for child, starts_on, group in rows:
        if group in schools:
            found[child].append((starts_on, schools[group]))
    return found


def needs_place(fact: Fact, on: date, child: Child) -> bool:
    """Does this fact start a clock that counts school days?"""
    return any(rule.clock == "school" or rule.clock_setting for rule in rules_for(fact, on, born=child.born_on))
