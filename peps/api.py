"""The REST door of the plan: where it stands, for the case system of the authority (PEP-29). Words of a section are read in Lace."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from lace.accounts.access import Facet, Grant
from lace.api.duties import explained
from lace.api.etags import etag, is_known
from lace.api.schema import described
from lace.api.views import Door
from lace.audit.services import record_read
from lace.children.models import Child
from lace.children.seen import Seen, seen
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import ACTION_FIELDS, EVALUATION_FIELDS, TARGET_FIELDS, Action, Evaluation, Pep, Section, Target, Version
from peps.rules import DEVELOPED, INITIATED
from peps.rules.actions import is_overdue
from peps.rules.sections import SECTIONS, SectionRule, asked

DAYS = ("initiated_on", "developing_on", "developed_on", "finalised_on", "amending_on")  # of the states


class Plan(Door):
    """The child's current plan: its state and days, milestones, sections, targets, actions and versions, as far as the caller's facets reach."""

    @described(gettext_lazy("The child's Personal Education Plan: where it stands, milestones, targets"), {"type": "object"}, has_etag=True)
    def get(self, request: Request, child: UUID) -> Response:
        found, grant = self.child(child)
        if Facet.EDUCATION not in grant.facets:
            raise Http404
        answer = plan_of(self.by, found, grant)
        facets = {Facet.EDUCATION, *(SECTIONS[section["key"]].facet for section in answer.get("sections", ()))}
        record_read(by=self.by, children=[found.pk], facets=facets, door="api_pep")
        version = hashlib.sha256(json.dumps(answer, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
        headers = {"ETag": etag(version)}
        return Response(status=304, headers=headers) if is_known(request, version) else Response(answer, headers=headers)


def plan_of(by: Actor, child: Child, grant: Grant) -> dict[str, Any]:
    """What a reader who holds the education facet may know of the child's plan; "not_started" when there is none."""
    milestones = Duty.objects.visible_to(by).filter(child=child, code__in=[*INITIATED, *DEVELOPED]).order_by("due_on", "code")
    known = {"child": child.pk, "milestones": explained(milestones, on=by.today)}
    pep = Pep.objects.visible_to(by).current().with_facts(by.today).filter(child=child).select_related("school").first()
    if pep is None:
        return known | {"id": None, "state": "not_started", "state_words": _("Not started")}
    plan = Seen(pep, grant)
    sections = {row.key: row for row in Section.objects.visible_to(by).filter(pep=pep)}
    pep.child = child
    of = pep.circumstances(by.today)
    rules = asked(of, {key: row.answers for key, row in sections.items()})
    targets = Target.objects.visible_to(by).filter(pep=pep).order_by("position")
    actions = Action.objects.visible_to(by).filter(pep=pep).standing().order_by("due_on", "created_at")
    evaluations = Evaluation.objects.visible_to(by).filter(pep=pep).order_by("evaluated_on", "pk")
    versions = Version.objects.visible_to(by).filter(pep=pep).defer("content").order_by("number")
    return known | {
        "id": plan.id,
        "state": plan.state,
        "state_words": plan.get_state_display(),
        **{name: getattr(plan, name) for name in DAYS},
        "school": plan.school.number if plan.school else None,
        "version": plan.version,
        "phase": of.phase,
        "sections": [
            {
                "key": rule.key,
                "title": str(rule.title),
                "source": str(rule.source),
                **_progress(rule, sections.get(rule.key)),
            }
            for rule in rules.values()
            if rule.facet in grant.facets
        ],
        "targets": [{"id": target.key, **{name: getattr(target, name) for name in TARGET_FIELDS}} for target in seen(targets, grant)],
        "actions": [
            {"id": row.id, "overdue": is_overdue(row, by.today), **{name: getattr(row, name) for name in ACTION_FIELDS}}
            for row in seen(actions, grant)
        ],
        "ended": [{"target": row.target, **{name: getattr(row, name) for name in EVALUATION_FIELDS}} for row in seen(evaluations, grant)],
        "versions": [
            {"id": row.id, "number": row.number, "finalised_on": row.finalised_on, "reason": row.reason, "sha256": row.sha256}
            for row in seen(versions, grant)
        ],
    }


def _progress(rule: SectionRule, section: Section | None) -> dict[str, Any]:
    """How far a section is; by role who wrote, never by name."""
    if section is None:
        return {"started": False, "complete": False, "language": None, "written_as": None, "written_on": None}
    return {
        "started": True,
        "complete": not rule.missing(section.weighed),
        "language": section.language,
        "written_as": section.written_as,
        "written_on": timezone.localdate(section.written_at),
    }


api_urls: list[URLPattern] = [path("children/<uuid:child>/pep/", Plan.as_view(), name="api_pep")]
