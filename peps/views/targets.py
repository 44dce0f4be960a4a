"""Targets and strategies for those who need no more of the plan: teachers, tutors, lead workers, providers (PRIV-15)."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.children.seen import seen
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildPage
from peps.models import Target
from peps.rules import State


class TargetsPage(ChildPage):
    """What is to be reached and what helps; not from which need it comes, and nothing else of the plan."""

    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.TARGETS})

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        rows = Target.objects.visible_to(self.actor).filter(child=self.child).exclude(pep__state=State.CLOSED).order_by("position")
        context = {**child_frame(self, "child_targets"), "title": _("Targets"), "targets": seen(rows, self.grant)}
        return render(request, "peps/targets.html", context)
