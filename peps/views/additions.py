"""Pictures and recordings on the child's page: seen and heard, put there and taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role
from lace.core.errors import NotAllowed
from lace.web.pages import ChildFormPage
from peps.forms.additions import AddForm, TakeAwayForm
from peps.models import Addition
from peps.rules import Step
from peps.rules.additions import ENDINGS, MOST, MOST_BYTES, AdditionKind
from peps.services.additions import PAGE, add_addition, may_remove, remove_addition
from peps.views.content import LANG
from peps.views.frame import PlanPart, language_in_use


def with_additions(page: PlanPart, sections: list[dict[str, Any]], additions: Iterable[Addition]) -> list[dict[str, Any]]:
    """The sections as `laid_out` answers them, on the child's page what the child added to it."""
    for section in sections:
        if section["key"] == PAGE.key:
            section["additions"] = [laid_out_addition(page, row) for row in additions]
    return sections


def laid_out_addition(page: PlanPart, row: Addition) -> dict[str, Any]:
    """For the page and for paper. `href`: of the bytes; empty where another authority keeps them."""
    facts: Any = row  # with the column of `with_file`
    return {
        "id": row.pk,
        "description": row.description or _("The child let only some people see this"),
        "lang": LANG[row.language] if row.description else "",
        "is_picture": row.kind == AdditionKind.PICTURE,
        "kind": AdditionKind(row.kind).label,
        "media_type": row.media_type,
        "for_few": row.readers is not None,
        "href": page.url("child_plan_addition", addition=row.pk) if facts.has_file else "",
    }


def additions_laid_out(content: Mapping[str, Any], rows: Iterable[Addition]) -> list[dict[str, Any]]:
    """Of a version's content what this reader may see of it, which `rows` are: {id, description, kind, lang}."""
    held = {str(kept["id"]) for kept in content.get("additions", ())}
    return [
        {"id": str(row.key), "description": row.description, "kind": AdditionKind(row.kind).label, "lang": LANG[row.language]}
        for row in rows
        if str(row.key) in held
    ]


class AdditionFile(PlanPart):
    """The bytes, as a part of a page. Who may not see it is told what is told of one that is not there."""

    for_child = True
    needs_plan = False
    on_a_page = True
    facets = frozenset({Facet.VOICE})

    def get(self, request: HttpRequest, child: UUID, addition: UUID) -> HttpResponse:
        row = Addition.objects.visible_to(self.actor).filter(child=self.child, pk=addition).defer(None).first()
        if row is None or not row.data:
            raise Http404
        headers = {
            "Content-Disposition": f'inline; filename="{row.kind}.{ENDINGS[row.media_type]}"',  # it names nobody (PRIV-14)
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return HttpResponse(bytes(row.data), content_type=row.media_type, headers=headers)


class _OnMyPage(PlanPart, ChildFormPage):
    """For the child, and for who may write the child's page."""

    for_child = True

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Facet.VOICE not in self.grant.facets:
            raise Http404
        if not PAGE.may_be_written(self.actor.role, self.grant):
            raise NotAllowed

    @property
    def is_own(self) -> bool:
        return self.actor.role == Role.CHILD


class AdditionsPage(_OnMyPage):
    """What is there, and one more. A file may be larger here than elsewhere."""

    template_name = "peps/additions.html"
    title = _("Pictures and recordings")
    success_message = _("It is on the page now")
    file_bytes: ClassVar[int] = MOST_BYTES + 1

    def initial(self) -> dict[str, Any]:
        return {"language": language_in_use()}

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return AddForm(data, self.request.FILES if data is not None else None, initial=self.initial(), to_child=self.is_own)

    def context(self) -> dict[str, Any]:
        rows = self.additions()
        open_to = self.writable(PAGE)
        return {
            **self.frame(),
            **self.way_back(),
            "by_the_child": self.is_own,
            "additions": [self.card(row, open_to=open_to) for row in rows],
            "is_open": open_to,
            "is_full": len(rows) >= MOST,
        }

    def card(self, row: Addition, *, open_to: bool) -> dict[str, Any]:
        return laid_out_addition(self, row) | {
            "remove": self.url("child_plan_addition_remove", addition=row.pk) if open_to and may_remove(by=self.actor, addition=row) else "",
            "readers": reverse("own_addition_readers", args=[row.pk]) if self.is_own else "",
        }

    def act(self, cleaned: dict[str, Any]) -> Addition:
        facts = {name: cleaned[name] for name in ("description", "language")}
        return add_addition(by=self.actor, pep=self.plan, sent=cleaned["file"].read(MOST_BYTES + 1), **facts)

    def success_url(self, result: Any) -> str:
        return self.url("child_plan_additions")


class TakeAwayPage(_OnMyPage):
    """Taken from the page: by the child any, by others what they put there."""

    template_name = "peps/addition_remove.html"
    title = _("Take this from the page?")
    success_message = _("It is no longer on the page")
    addition: Addition

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        rows = Addition.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["addition"])
        found = rows.standing().with_file().first()
        if found is None:
            raise Http404
        self.addition = found
        if not may_remove(by=self.actor, addition=found):
            raise NotAllowed

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.CONTRIBUTE_TO_PEP, Step.WRITE):
            return redirect(self.success_url(None))
        return super().get(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return TakeAwayForm(data)

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        return {
            **self.frame(),
            "back_url": back,
            "back_text": _("Back"),
            "by_the_child": self.is_own,
            "addition": laid_out_addition(self, self.addition),
            "cancel_url": back,
            "is_held": self.addition.held_since is not None,
        }

    def act(self, cleaned: dict[str, Any]) -> None:
        remove_addition(by=self.actor, pep=self.plan, addition=self.addition.pk)

    def success_url(self, result: Any) -> str:
        return self.url("child_plan_additions")
