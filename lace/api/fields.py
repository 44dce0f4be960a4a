"""What a request may hold, field by field, strict, each refusal in a sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from lace.accounts.access import Role
from lace.accounts.models import LocalAuthority, Membership
from lace.core.actor import Actor

_MISSING = {"required": _("Give a value for this field"), "null": _("Give a value for this field")}
YEARS = range(1900, 2101)  # what the field could mean; further out, sums of days leave the calendar
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Input(serializers.Serializer[Any]):
    """The fields of one object. A field that is not known is refused: a slip in an optional name would be lost in silence."""

    default_error_messages = {
        **_MISSING,
        "invalid": _("Send an object with named fields here"),
        "unknown": _("There is no field of this name. Check its spelling, or leave it out"),
    }

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Any] = {}
        values: Any = None
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            problems.update(error.detail if isinstance(error.detail, dict) else {"": error.detail})
        if isinstance(data, Mapping):
            problems |= {str(name)[:100]: [self.error_messages["unknown"]] for name in data if name not in self.fields}
        if problems:
            raise serializers.ValidationError(problems)
        return values


class Text(serializers.CharField):
    default_error_messages = {
        **_MISSING,
        "invalid": _("Send text in quotation marks"),
        "blank": _("Give a value for this field"),
        "max_length": _("Shorten this to {max_length} characters or fewer"),
        "control": _("Remove the characters that cannot be printed"),
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = data.strip()
        if _CONTROL.search(text):
            self.fail("control")
        return text


class Day(serializers.DateField):
    default_error_messages = {**_MISSING, "invalid": _("Give a date from 1900 to 2100 as year, month and day, like 2026-09-01")}
    _FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

    def to_internal_value(self, value: Any) -> date:
        with suppress(ValueError):
            if isinstance(value, str) and self._FORM.fullmatch(value) and int(value[:4]) in YEARS:
                return date.fromisoformat(value)
        raise serializers.ValidationError(self.error_messages["invalid"])


class Moment(serializers.DateTimeField):
    default_error_messages = {**_MISSING, "invalid": _("Give a date from 1900 to 2100 and a time with its offset, like 2026-12-01T14:00:00+00:00")}
    _FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")

    def to_internal_value(self, value: Any) -> datetime:
        with suppress(ValueError):
            if isinstance(value, str) and self._FORM.fullmatch(value) and int(value[:4]) in YEARS:
                return datetime.fromisoformat(value).astimezone(UTC)
        raise serializers.ValidationError(self.error_messages["invalid"])


class Id(serializers.UUIDField):
    default_error_messages = {**_MISSING, "invalid": _("Give an id as Lace gave it, like 7e0c3c1e-5b1f-4a55-9f0b-1f1f6c0f2a11")}

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return UUID(data)
        except (ValueError, AttributeError, TypeError):
            raise serializers.ValidationError(self.error_messages["invalid"]) from None


class Choice(serializers.ChoiceField):
    default_error_messages = {**_MISSING, "invalid_choice": _("Choose one of: {options}")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", options=", ".join(map(str, self.choices)))
        return data


class Flag(serializers.BooleanField):
    default_error_messages = {**_MISSING, "invalid": _("Send true or false")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Many(serializers.ListField):
    default_error_messages = {
        **_MISSING,
        "not_a_list": _("Send a list in square brackets"),
        "max_length": _("Send {max_length} at most"),
        "empty": _("Send at least one"),
    }


class Found(Text):
    """What stands behind a text. The text's own validators would be given the object instead."""

    def run_validators(self, value: Any) -> None:
        return


class AuthorityCode(Found):
    """An authority of Wales by its GSS code."""

    default_error_messages = {"unknown_authority": _("There is no authority with this code in Wales. Give its GSS code, like W06000015")}

    def to_internal_value(self, data: Any) -> Any:
        authority = LocalAuthority.objects.select_related("group").filter(gss=super().to_internal_value(data)).first()
        if authority is None:
            self.fail("unknown_authority")
        return authority


class Holder(Found):
    """A person by e-mail address, who holds one of these roles in the caller's authority today.

    Somebody who has an account elsewhere is as unknown as somebody who has none.
    """

    default_error_messages = {
        "invalid": _("Give an e-mail address, like name@example.com"),
        "blank": _("Give an e-mail address, like name@example.com"),
        "unknown_person": _("Nobody in your authority has this address and the role of {role}. Ask your administrator to give the role"),
    }

    def __init__(self, *roles: Role, **kwargs: Any) -> None:
        self.roles = roles
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        address = super().to_internal_value(data).lower()
        by: Actor = self.context["by"]
        held = (
            Membership.objects.open_on(by.today)
            .filter(user__email=address, user__is_active=True, role__in=self.roles, authority=by.authority_id)
            .select_related("user")
            .first()
        )
        if held is None:
            self.fail("unknown_person", role=self.roles[0].label)
        return held.user
