"""An authority's guidance for those who write its children's plans (PEP-27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, require
from lace.accounts.models import LocalAuthority
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, refuse
from peps.models import Guidance
from peps.rules.guidance import LIMIT, PARTS, TEXTS


@transaction.atomic
def write_guidance(*, by: Actor, authority: LocalAuthority, part: str, texts: Mapping[str, str]) -> Guidance:
    """Write what stands from now on beside a part of the plan, in place of what stood there. `texts` holds the values of TEXTS; all empty
    takes the guidance back.

    Raises NotAllowed; BadInput naming the texts: each is written in both languages (Welsh Language Standards, every form and its help).
    """
    require(by, Permission.SET_STANDARD)
    if by.user_id is None or by.authority_id != authority.pk:
        raise NotAllowed
    refuse(_problems(part, texts))
    held = {name: texts[name].strip() for name in TEXTS}
    last = Guidance.objects.of(authority.pk).filter(part=part).first()
    if last is not None and all(getattr(last, name) == text for name, text in held.items()):
        return last
    row = Guidance(authority=authority, part=part, written_by_id=by.user_id, **held)
    row.save(force_insert=True)
    return row


def _problems(part: str, texts: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    if part not in PARTS:
        yield "part", _("A plan has no such part")
    for name in TEXTS:
        if len(texts[name]) > LIMIT or "\0" in texts[name]:
            yield name, _("Write this in up to 3,000 characters")
    for english, welsh in (("en", "cy"), ("example_en", "example_cy")):
        if bool(texts[english].strip()) != bool(texts[welsh].strip()):
            missing = welsh if texts[english].strip() else english
            yield missing, _("Write it in Welsh as well") if missing == welsh else _("Write it in English as well")
    if texts["example_en"].strip() and not texts["en"].strip():
        yield "en", _("Say how to write this part, then give the example")
