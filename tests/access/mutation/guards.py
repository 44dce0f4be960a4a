"""Every service that asks `require` first refuses somebody who may do nothing, whatever else it is given."""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import NotAllowed


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


def nobody() -> Actor:
    """Somebody with a role that reaches no child and may do no act."""
    return Actor("user:1", timezone.localdate(), user_id=1, role=Role.CONSORTIUM_LEAD, authority_id=1)


def is_refused(function: Callable[..., Any], by: Actor) -> bool:
    """Does the service refuse this actor before it looks at anything else? Whatever it did is undone."""
    hints = typing.get_type_hints(function)
    arguments = {name: by if name == "by" else _something(hint) for name, hint in hints.items() if name not in {"return"}}
    with transaction.atomic():
        try:
            result = function(**arguments)
            if isinstance(result, types.GeneratorType):
                list(result)
        except NotAllowed:
            return True
        except Exception:  # it went on, and stumbled over what it was given
            pass
        finally:
            transaction.set_rollback(True)
    return False


def _something(hint: Any) -> Any:
    """A value of this type: for a model, a row that there is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return _something(next(one for one in arguments if one is not type(None)))
    if isinstance(hint, typing.TypeVar):
        return _something(hint.__constraints__[0] if hint.__constraints__ else hint.__bound__)
    if isinstance(hint, type) and issubclass(hint, models.Model):
        return hint._default_manager.first() or MagicMock(spec=hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
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
