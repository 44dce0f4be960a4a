"""Every write to what a child adds to the child's page: a picture or a recording added, taken away, and who may see it (PEP-12, VOICE-15)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role
from lace.children.models import grants_of, lock
from lace.children.rules import READERS
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused, refuse
from peps.models import Addition, Pep
from peps.rules import Step
from peps.rules.additions import LIMIT, MOST, Unusable, read
from peps.rules.sections import SECTIONS
from peps.services import LANGUAGES, _locked, _move, _stepped

PAGE = SECTIONS["my_page"]


@transaction.atomic
def add_addition(*, by: Actor, pep: Pep, sent: bytes, description: str, language: str) -> Addition:
    """Put a picture or a recording on the child's page, for everybody who may read the page until the child decides otherwise.

    A picture is drawn anew and a recording kept without its labels, so that neither tells where and when it was made.
    Raises NotAllowed for who may not write the page; BadInput naming the fields, with a file that cannot be used as `file`; Refused when the
    plan is not open, or the page is full of what this person sees there.
    """
    if not PAGE.may_be_written(by.role, grants_of(by, [pep.child])[pep.child_id]):
        raise NotAllowed
    wrong = []
    if not description.strip() or len(description) > LIMIT or "\0" in description:
        wrong.append(("description", _("Say in a few words what it shows or tells, for people who cannot see or hear it")))
    if language not in LANGUAGES:
        wrong.append(("language", _("Say in which language this is written: English or Welsh")))
    try:
        kept = read(sent)
    except Unusable as problem:
        refuse([("file", problem.sentence), *wrong])
        raise
    refuse(wrong)
    child = _locked(by, pep, PAGE)
    pep, state = _stepped(pep, Step.WRITE)
    if Addition.objects.standing().filter(pep=pep).count() >= MOST:
        raise Refused(_("There are six things on the page, and that is the most it takes. Take one away first"))
    row = Addition(
        pep=pep,
        child=child,
        authority_id=child.authority_id,
        kind=kept.kind,
        media_type=kept.media_type,
        data=kept.data,
        sha256=kept.sha256,
        description=description.strip(),
        language=language,
        added_on=by.today,
        added_by_id=by.user_id,
        added_as=by.role,
    )
    row.save(force_insert=True)
    _move(by, pep, state)
    return row


@transaction.atomic
def remove_addition(*, by: Actor, pep: Pep, addition: UUID) -> None:
    """Take one from the page: the child any, somebody else what they put there. Its bytes go too, unless a version holds them.

    Raises NotAllowed; Refused when the plan is not open. One that is gone already stays gone.
    """
    _locked(by, pep, PAGE)
    pep, state = _stepped(pep, Step.WRITE)
    row = Addition.objects.filter(pep=pep, pk=addition).first()
    if row is None or not may_remove(by=by, addition=row):
        raise NotAllowed
    if row.removed_on is not None:
        return
    row.removed_on = by.today
    if row.held_since is None:
        row.data = b""
    row.save(update_fields=["removed_on", "data"])
    _move(by, pep, state)


def may_remove(*, by: Actor, addition: Addition) -> bool:
    """Is this theirs to take away, as far as who they are goes?"""
    return by.role == Role.CHILD or (by.user_id is not None and addition.added_by_id == by.user_id)


@transaction.atomic
def choose_addition_readers(*, by: Actor, addition: Addition, readers: Collection[str] | None) -> Addition:
    """Let these roles, and nobody else, see it from now on, in the plan and in every version of it; None: everybody who may read the page.

    The child's own choice, at any time. Raises NotAllowed, BadInput.
    """
    require_for(by=by, permission=Permission.CHOOSE_READERS, child=addition.child)
    if readers is not None and not READERS.issuperset(readers):
        raise BadInput({"readers": [_("Choose from those who may be let read it")]})
    lock(addition.child)
    addition.readers = None if readers is None else sorted(readers)
    addition.save(update_fields=["readers"])
    return addition
