"""A school's policy for looked-after children: written, signed, adopted and monitored (SCH-11, SCH-12, SCH-13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role, may, require
from lace.accounts.models import Language, Membership, User
from lace.core.actor import Actor
from lace.core.errors import Changed, Message, NotAllowed, Refused, refuse
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet_body, open_body_duties
from lace.notifications.services import notify
from schools.models import PolicyCheck, School, SchoolPolicy
from schools.rules import PolicyPart, next_policy_check
from schools.rules.bodies import both

LONGEST_TEXT = 4000  # characters of one part


@dataclass(frozen=True, slots=True)
class PolicyState:
    """A school's policy as this reader may see it: the version in force, the draft, and what governors found, the newest first."""

    adopted: SchoolPolicy | None
    draft: SchoolPolicy | None
    checks: list[PolicyCheck]
    check_due_on: date | None
    review_is_due: bool
    check_is_due: bool

    @property
    def shown(self) -> SchoolPolicy | None:
        """The version in force, else the one being written."""
        return self.adopted or self.draft


def policy_of(*, by: Actor, school: School) -> PolicyState:
    """The school's policy. A draft is shown to those who write, sign or adopt it; other staff and the authority read what was adopted."""
    rows = SchoolPolicy.objects.visible_to(by).filter(school=school).select_related("signed_by", "adopted_by", "written_by").order_by("-number")
    policies = list(rows[:2])
    adopted = next((row for row in policies if row.adopted_on), None)
    takes_part = by.organisation_id == school.pk and (may(by, Permission.WRITE_POLICY) or may(by, Permission.ADOPT_POLICY))
    draft = next((row for row in policies if takes_part and not row.adopted_on), None)
    found = PolicyCheck.objects.visible_to(by).filter(school=school).select_related("checked_by", "policy").order_by("-checked_on", "-created_at")
    checks = list(found) if adopted else []
    due_on = None
    if adopted is not None and adopted.adopted_on is not None:
        last = max((check.checked_on for check in checks), default=None)
        due_on = next_policy_check(adopted.adopted_on, last, months=school.organisation.authority.policy_check_months)
    return PolicyState(
        adopted=adopted,
        draft=draft,
        checks=checks,
        check_due_on=due_on,
        review_is_due=bool(adopted and adopted.review_on and adopted.review_on <= by.today),
        check_is_due=bool(due_on and due_on <= by.today),
    )


@transaction.atomic
def write_policy(*, by: Actor, school: School, texts: Mapping[str, str], kept_at: str, version: int) -> SchoolPolicy:
    """Save the draft, or begin the next version (`version` 0). What the headteacher signed before a change is unsigned by it.

    Raises NotAllowed for anybody but the school's headteacher and designated person, Changed when somebody saved first, BadInput.
    """
    _hold(by, school, Permission.WRITE_POLICY)
    refuse(_problems(texts, kept_at))
    draft = SchoolPolicy.objects.filter(school=school, adopted_on__isnull=True).first()
    if (draft.version if draft else 0) != version:
        raise Changed(draft)
    if draft is None:
        last = SchoolPolicy.objects.filter(school=school).aggregate(last=Max("number"))["last"] or 0
        draft = SchoolPolicy(school=school, authority_id=school.organisation.authority_id, number=last + 1, version=0)
    draft.texts = {str(part): texts[part].strip() for part in PolicyPart if texts.get(part, "").strip()}
    draft.kept_at, draft.language, draft.written_by_id = kept_at.strip(), _language(), _person(by)
    draft.signed_by, draft.signed_on = None, None
    draft.version += 1
    draft.save()
    return draft


def _problems(texts: Mapping[str, str], kept_at: str) -> Iterable[tuple[str, Message]]:
    for part in PolicyPart:
        if len(texts.get(part, "")) > LONGEST_TEXT:
            yield f"part_{part}", _("Shorten this to %(count)d characters or fewer") % {"count": LONGEST_TEXT}
    if len(kept_at) > 300:
        yield "kept_at", _("Shorten this to %(count)d characters or fewer") % {"count": 300}


@transaction.atomic
def sign_policy(*, by: Actor, school: School, version: int) -> SchoolPolicy:
    """The headteacher signs the draft: governing body and headteacher own the policy together (SCH-11). Tells the governors.

    Raises NotAllowed, Refused when there is no draft or parts are missing (named by letter and number, SCH-12), Changed.
    """
    draft = _draft(by, school, version, Permission.SIGN_POLICY)
    _complete(draft)
    draft.signed_by_id, draft.signed_on = _person(by), by.today
    draft.version += 1
    draft.save(update_fields=["signed_by", "signed_on", "version"])
    _tell(by, draft, "policy_signed", {}, roles=(Role.GOVERNOR, Role.LINK_GOVERNOR), within_school=True)
    return draft


@transaction.atomic
def adopt_policy(*, by: Actor, school: School, adopted_on: date, review_on: date, version: int) -> SchoolPolicy:
    """Record that the governing body adopted the signed draft, and by when it looks at it again. Tells the LACE coordinators.

    Raises NotAllowed for anybody but the school's governors; Refused when parts are missing or the headteacher has not signed;
    BadInput for a decision to come or before the signature, and for a review not after it; Changed.
    """
    draft = _draft(by, school, version, Permission.ADOPT_POLICY)
    _complete(draft)
    if draft.signed_on is None:
        raise Refused(_("The headteacher has not signed this version yet. Governing body and headteacher own the policy together"))
    problems: list[tuple[str, Message]] = []
    if adopted_on > by.today:
        problems.append(("adopted_on", _("The governing body's decision must be today or in the past")))
    if adopted_on < draft.signed_on:
        day = {"day": date_format(draft.signed_on, "DATE_FORMAT")}
        problems.append(("adopted_on", _("The headteacher signed this version on %(day)s. Give that day, or one after it") % day))
    if review_on <= adopted_on:
        problems.append(("review_on", _("The review must be after the day the policy was adopted")))
    refuse(problems)
    draft.adopted_by_id, draft.adopted_on, draft.review_on = _person(by), adopted_on, review_on
    draft.version += 1
    draft.save(update_fields=["adopted_by", "adopted_on", "review_on", "version"])
    _tell(by, draft, "policy_adopted", {"adopted_on": adopted_on.isoformat()}, roles=(Role.LACE_COORDINATOR,), within_school=False)
    _next_look(by, school, adopted_on, draft.pk)
    return draft


@transaction.atomic
def record_policy_check(
    *, by: Actor, school: School, checked_on: date, aspects: Sequence[str], looked_at: str, found: str, action: str = ""
) -> PolicyCheck:
    """Record that governors looked at the policy or at its implementation (SCH-13); it stays as written.

    Raises NotAllowed for anybody but the school's governors, Refused when no policy is adopted, BadInput.
    """
    _hold(by, school, Permission.MONITOR_POLICY)
    policy = SchoolPolicy.objects.filter(school=school, adopted_on__isnull=False).order_by("-number").first()
    if policy is None or policy.adopted_on is None:
        raise Refused(_("No policy is adopted yet, so there is none to monitor"))
    problems: list[tuple[str, Message]] = []
    if checked_on > by.today:
        problems.append(("checked_on", _("The day must be today or in the past")))
    if not aspects:
        problems.append(("aspects", _("Say what was looked at")))
    for field, text in (("looked_at", looked_at), ("found", found)):
        if not text.strip():
            problems.append((field, _("Say what was looked at") if field == "looked_at" else _("Say what was found")))
    refuse(problems)
    check = PolicyCheck(
        school=school,
        authority_id=school.organisation.authority_id,
        policy=policy,
        checked_on=checked_on,
        checked_by_id=_person(by),
        aspects=list(aspects),
        looked_at=looked_at.strip(),
        found=found.strip(),
        action=action.strip(),
        language=_language(),
    )
    check.save(force_insert=True)
    _next_look(by, school, checked_on, check.pk)
    return check


def _next_look(by: Actor, school: School, on: date, subject: UUID) -> None:
    """What was due is done, and the clock of the next look starts (SCH-13)."""
    body = school.organisation
    meet_body(by=by, authority=body.authority, body=body, codes=both("policy_checked"), on=on, evidence=subject)
    open_body_duties(by=by, authority=body.authority, body=body, fact=Fact.POLICY_CHECKED, on=on, subject=subject, kind=school.kind)


def _hold(by: Actor, school: School, permission: Permission) -> None:
    """Only the school's own; its row held to the end of the transaction, so that acts on the policy happen one after another."""
    require(by, permission)
    if by.organisation_id != school.pk:
        raise NotAllowed
    School.objects.select_for_update().get(pk=school.pk)


def _draft(by: Actor, school: School, version: int, permission: Permission) -> SchoolPolicy:
    _hold(by, school, permission)
    draft = SchoolPolicy.objects.filter(school=school, adopted_on__isnull=True).select_related("school__organisation__authority").first()
    if draft is None:
        raise Refused(_("No version of the policy waits for this"))
    if draft.version != version:
        raise Changed(draft)
    return draft


def _complete(draft: SchoolPolicy) -> None:
    """Both requirements and all nine contents, and where the whole is kept (SCH-12)."""
    if draft.missing:
        raise Refused(_("These parts have no text yet: %(parts)s. Write them first") % {"parts": ", ".join(draft.missing)})
    if not draft.kept_at:
        raise Refused(_("Say first where the whole policy is kept"))


def _person(by: Actor) -> int:
    if by.user_id is None:
        raise NotAllowed
    return by.user_id


def _language() -> str:
    return Language.WELSH if (get_language() or "").startswith("cy") else Language.ENGLISH


def _tell(by: Actor, policy: SchoolPolicy, kind: str, facts: dict[str, str], *, roles: Iterable[Role], within_school: bool) -> None:
    organisation = policy.school.organisation
    held = Membership.objects.open_on(by.today).filter(authority=organisation.authority_id, role__in=list(roles))
    if within_school:
        held = held.filter(organisation=organisation.pk)
    notify(
        by=by,
        kind=kind,
        source=policy.pk,
        step=policy.version,
        child=None,
        authority=organisation.authority,
        recipients=User.objects.filter(pk__in=held.values("user")),
        facts={**facts, "school_en": organisation.name_en, "school_cy": organisation.name_cy},
    )
