"""Who looked at a child, what changed in the record, and what an authority's auditor sees of its own people's reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from lace.accounts.access import Facet, Grant
from lace.accounts.models import LocalAuthority, Organisation, User
from lace.audit.models import Alert, Read, Seal, Verification
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant
from lace.core.actor import Actor


class Look(NamedTuple):
    """Somebody saw the child's record, or was turned away from it."""

    id: int
    at: datetime
    act: str
    role: str
    door: str
    facets: list[str]
    authority_id: int
    person: str
    authority: dict[str, str]
    body: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """How the looks are narrowed: what was done, since when, and whether by people of other authorities only."""

    acts: tuple[str, ...] = ()
    since: datetime | None = None
    of_others: bool = False


_LOOKS = """
SELECT {what}
FROM lace_looks_at(%(child)s) l
LEFT JOIN accounts_user u ON u.id = l.user_id
LEFT JOIN accounts_localauthority a ON a.id = l.authority_id
LEFT JOIN accounts_membership m ON m.id = l.membership_id
LEFT JOIN accounts_organisation o ON o.id = m.organisation_id
WHERE (%(acts)s::text[] = '{{}}' OR l.act = ANY(%(acts)s)) AND (%(since)s::timestamptz IS NULL OR l.at >= %(since)s)
    AND (NOT %(of_others)s OR l.authority_id <> %(own)s)
"""
_ROW = (
    "l.id, l.at, l.act, l.role, l.door, l.facets, l.authority_id, coalesce(u.name, ''), jsonb_build_object('en', a.name_en, 'cy', a.name_cy),"
    " CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('en', o.name_en, 'cy', o.name_cy) END"
)


class Looks:
    """Every look at a child of the actor's authority, whoever's, the newest first: what a Paginator needs, and no more read than shown.

    The database's own function asks whose child it is: for a child of another authority there are none.
    """

    ordered = True

    def __init__(self, actor: Actor, child: UUID, asked: Asked) -> None:
        self.parameters = {
            "child": child,
            "own": actor.authority_id,
            "acts": list(asked.acts),
            "since": asked.since,
            "of_others": asked.of_others,
        }

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_LOOKS.format(what="count(*)"), self.parameters)
            return int(cursor.fetchone()[0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Look]:
        limits = {"skip": part.start or 0, "take": None if part.stop is None else part.stop - (part.start or 0)}
        query = _LOOKS.format(what=_ROW) + " ORDER BY l.at DESC, l.id DESC LIMIT %(take)s OFFSET %(skip)s"
        with connection.cursor() as cursor:
            cursor.execute(query, self.parameters | limits)
            return [Look(*row[:8], *(json.loads(cell) if isinstance(cell, str) else cell for cell in row[8:])) for row in cursor.fetchall()]


# ---- what changed ----

_SILENT = frozenset({"id", "created_at", "child", "content_object", "authority", "sort_key", "version", "sitting", "object_pk", "ladder_round"})


class Change(NamedTuple):
    """One row of the record was added, changed or removed: when, by whom, and field by field what was and what is."""

    at: datetime
    what: str
    label: str
    by: str
    role: str
    fields: list[tuple[str, str, str]]


def changes(actor: Actor, child: Child, grant: Grant) -> list[Change]:
    """Every change of the child's record in the parts that the reader holds, the newest first."""
    found: list[tuple[datetime, int, Any, str, dict[str, Any], list[tuple[str, str, str]]]] = []
    for model in _tracked():
        column = "id" if model is Child else "content_object_id" if model in {ChildUserGrant, ChildGroupGrant} else "child_id"
        events = model.pgh_event_model.objects.filter(**{column: child.pk}).order_by("pgh_id")
        before: dict[Any, Any] = {}
        for event in events:
            fields = list(_differences(model, before.get(event.id), event, child, grant))
            before[event.id] = event
            if fields:
                found.append((event.pgh_created_at, event.pgh_id, model, event.pgh_label, event.pgh_context or {}, fields))
    found.sort(key=lambda row: (row[0], row[1]), reverse=True)
    acted = names(context.get("user") for *_rest, context, _fields in found)
    return [
        Change(at, str(model._meta.verbose_name), label, acted.get(context.get("user") or 0, "") or _job(context), context.get("role") or "", fields)
        for at, _id, model, label, context, fields in found
    ]


def _job(context: dict[str, Any]) -> str:
    return gettext("Lace itself (%(job)s)") % {"job": context["job"]} if context.get("job") else ""


def _tracked() -> Iterator[Any]:
    for model in apps.get_models():
        owned = model is Child or model in {ChildUserGrant, ChildGroupGrant} or hasattr(model, "FACETS")
        if owned and hasattr(model, "pgh_event_model"):
            yield model


def _differences(model: Any, before: Any, event: Any, child: Child, grant: Grant) -> Iterator[tuple[str, str, str]]:
    """(field, was, is) of the fields that the reader's facets show; of an added row what it began with, of a removed one what it held."""
    facets, unnamed = getattr(model, "FACETS", {}), False
    for field in model._meta.concrete_fields:
        facet = facets.get(field.name, Facet.IDENTITY if model in {ChildUserGrant, ChildGroupGrant} else None)
        if field.name in _SILENT or facet is None or facet not in grant.facets or (facet == Facet.ADDRESS and child.address_is_sensitive):
            continue
        was, now = getattr(before, field.attname, None), getattr(event, field.attname, None)
        if event.pgh_label == "delete":
            was, now = now, None
        if was == now or (was in (None, "") and now in (None, "")):
            continue
        if isinstance(field.verbose_name, Promise):
            yield _name(field), _words(field, was), _words(field, now)
        else:  # what Lace notes for itself has no words for a reader
            unnamed = True
    if unnamed:
        yield gettext("Further details"), "", gettext("(recorded)")


def _name(field: Any) -> str:
    words = str(field.verbose_name)
    return words[:1].upper() + words[1:]


def _words(field: Any, value: Any) -> str:
    """A value as a person reads it. What people wrote at length is not repeated here: that it changed is enough."""
    if value is None or value == "":
        return ""
    if isinstance(field, models.JSONField):
        return gettext("(text)")
    if isinstance(field, models.ForeignKey):
        return _other(field, value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return pgettext("there are", "Yes") if value else pgettext("there are", "No")
    if isinstance(value, datetime):
        local = localtime(value)
        return f"{date_format(local, 'DATE_FORMAT')}, {time_format(local, 'TIME_FORMAT')}"
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _other(field: Any, value: Any) -> str:
    """The name of a person or a body; of other rows of the record nothing but that there is one."""
    related = field.related_model
    if related in {User, LocalAuthority, Organisation}:
        row = related.objects.filter(pk=value).first()
        return row.name if row else ""
    if related is Group:
        group = Group.objects.filter(pk=value).select_related("organisation", "authority").first()
        owner = getattr(group, "organisation", None) or getattr(group, "authority", None)
        return owner.name if owner else ""
    if related.__name__ == "School":
        return str(related.objects.get(pk=value).organisation.name)
    if field.name == "permission":
        return str(related.objects.get(pk=value).codename)
    return gettext("(recorded)")


# ---- the auditor's own pages: no child's name ----


class Seals(NamedTuple):
    head: Seal | None
    waiting: int
    verified: Verification | None


def seals(actor: Actor) -> Seals:
    """How far the actor's authority is sealed, how much waits, and what the last verification found."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lace_audit_waiting()")
        waiting = cursor.fetchone()[0]
    head = Seal.objects.filter(authority_id=_own(actor)).defer("columns", "rows", "digests").order_by("-number").first()
    return Seals(head, waiting, Verification.objects.filter(authority_id=_own(actor)).order_by("-at").first())


def _own(actor: Actor) -> int:
    return actor.authority_id or 0


def alerts(actor: Actor) -> models.QuerySet[Alert]:
    """Unanswered ones first, the newest first."""
    return Alert.objects.filter(authority_id=_own(actor)).order_by(models.F("answered_at").desc(nulls_first=True), "-day", "-number", "pk")


def own_reads(actor: Actor, *, act: str = "", person: str = "") -> models.QuerySet[Read]:
    """What people of the actor's authority looked at, the newest first."""
    reads = Read.objects.filter(authority_id=_own(actor)).order_by("-at", "-pk")
    if act:
        reads = reads.filter(act=act)
    if person:
        reads = reads.filter(user_id__in=User.objects.filter(name__icontains=person).values("pk"))
    return reads


def names(people: Iterable[int | None]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in={person for person in people if person is not None}).values_list("pk", "name"))
