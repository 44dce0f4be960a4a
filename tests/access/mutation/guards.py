"""Every service that asks `require` first refuses somebody who may do nothing, whatever else it is given."""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from functools import partial
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from lace.accounts.access import OFFICE, REACH, TABLE, Reach, Relation, Role
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from schools.models import School


def services() -> Iterator[ModuleType]:
    """Every module of services, of every app."""
    for app in apps.get_app_configs():
        if not app.name.startswith(("lace.", "peps", "reviews", "schools", "reporting")):
            continue
        try:
            package = importlib.import_module(f"{app.name}.services")
        except ModuleNotFoundError:
            continue
        yield package
        for found in pkgutil.iter_modules(getattr(package, "__path__", [])):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whose role may do no act at all; `at_home`: everything a service is given is of their own authority and school;
    `named`: and it names them and their role."""

    by: Actor
    authority_id: int
    school_id: int
    at_home: bool = False
    named: bool = False


def askers() -> tuple[Asker, ...]:
    """Strangers, two of them in roles on which a service may rest alone; and somebody who is let through wherever only the place is asked, or
    only whose something is, and not what the role may do.
    """
    school = School.objects.select_related("organisation").order_by("pk")[0]
    authority_id, today = school.organisation.authority_id, timezone.localdate()
    member = Membership.objects.filter(authority=authority_id).order_by("pk")[0]
    office = set[Role]().union(*OFFICE.values())
    idle = next(role for role in Role if REACH[role] == Reach.AUTHORITY and role not in office and not TABLE[Relation.RESPONSIBLE, role].permissions)
    stranger = Actor("user:1", today, user_id=1, role=Role.CONSORTIUM_LEAD, authority_id=1)
    colleague = Actor(
        f"user:{member.user_id}",
        today,
        user_id=member.user_id,
        role=idle,
        authority_id=authority_id,
        organisation_id=school.pk,
        authorities=(authority_id,),
    )
    return (
        *(Asker(replace(stranger, role=role), authority_id, school.pk) for role in (stranger.role, Role.IRO, Role.DESIGNATED_MANAGER)),
        Asker(colleague, authority_id, school.pk, at_home=True),
        Asker(colleague, authority_id, school.pk, at_home=True, named=True),
        Asker(replace(colleague, organisation_id=None), authority_id, school.pk, at_home=True, named=True),
    )


def refused_with(function: Callable[..., Any], asker: Asker) -> list[int]:
    """In which rounds the service refuses this actor, before it looks at anything else: each gives it other rows and choices, or nothing
    where it may."""
    hints = {name: hint for name, hint in typing.get_type_hints(function).items() if name not in {"by", "return"}}
    choices = [name for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Enum)]
    refused = []
    for number in range(max([4, *(len(hints[name]) for name in choices)])):
        arguments = {
            name: list(hint)[number % len(hint)]
            if name in choices
            else None
            if number % 2 and _is_optional(hint)
            else _something(hint, asker, number)
            for name, hint in hints.items()
        }
        if is_refused(partial(function, by=asker.by, **arguments)):
            refused.append(number)
    return refused


def is_refused(act: Callable[[], Any]) -> bool:
    """Is this act refused for who asks? Whatever it did is undone."""
    with transaction.atomic():
        try:
            result = act()
            if isinstance(result, types.GeneratorType):
                list(result)
        except NotAllowed:
            return True
        except Exception:  # it went on, and stumbled over what it was given
            pass
        finally:
            transaction.set_rollback(True)
    return False


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _of_asker(row: models.Model, asker: Asker) -> models.Model:
    """The row as if it were the asker's: in memory alone, for the checks that come before a service reads it anew."""
    for field in row._meta.concrete_fields:
        if field.related_model is LocalAuthority:
            setattr(row, field.attname, asker.authority_id)
        elif field.related_model in {School, Organisation}:
            setattr(row, field.attname, asker.school_id)
        elif field.related_model is User and asker.named:
            setattr(row, field.attname, asker.by.user_id)
        elif field.name == "role" and asker.named:
            setattr(row, field.attname, asker.by.role)
    return row


def _something(hint: Any, asker: Asker, number: int) -> Any:
    """A value of this type: for a model, a row that there is, in each round another."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return _something(next(one for one in arguments if one is not type(None)), asker, number)
    if isinstance(hint, typing.TypeVar):
        return _something(hint.__constraints__[0] if hint.__constraints__ else hint.__bound__, asker, number)
    if isinstance(hint, type) and issubclass(hint, models.Model):
        rows = hint._default_manager.order_by("pk")
        own = {School: asker.school_id, Organisation: asker.school_id, LocalAuthority: asker.authority_id, User: asker.by.user_id}
        if hint in own and asker.at_home:
            rows = rows.filter(pk=own[hint])
        row = rows[number % 4 :].first() or rows.first()
        if row is None:
            return MagicMock(spec=hint)
        return _of_asker(row, asker) if asker.at_home and hint not in own else row
    plain: Mapping[Any, Any] = {
        str: "x",
        int: 1,
        bool: True,
        bytes: b"x",
        date: timezone.localdate(),
        datetime: timezone.now(),
        timedelta: timedelta(days=1),
        uuid.UUID: uuid.UUID(int=1),
    }
    if hint in plain:
        return plain[hint]
    if origin in {tuple, list, set, frozenset}:
        return origin()
    return {} if origin in {dict, Mapping} else MagicMock()
