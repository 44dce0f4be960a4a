"""From an access token to the actor, and the database and the audit told of it for exactly this request."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership, User
from lace.api.models import CaseSystem
from lace.audit.track import acting
from lace.database import context

if TYPE_CHECKING:
    from rest_framework.views import APIView


class CaseSystemAuthentication(BaseAuthentication):
    """A case system by its bearer token, acting under its membership.

    The toolkit's own authenticator reads the request's body before it knows who asks, and takes two queries more; the token is
    therefore looked up by its checksum here. A token outlives neither its 15 minutes nor its membership.
    """

    def authenticate(self, request: Request) -> tuple[User, CaseSystem] | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        system = CaseSystem.objects.holding(token.strip())
        today = timezone.localdate()
        if system is None or not _is_open(system.membership, today):
            raise AuthenticationFailed(_("The access token is unknown or has expired. Ask for a new one"))
        actor = actor_for(system.membership, today=today)
        request._request.actor = actor  # type: ignore[attr-defined]  # as the middleware does for people
        serving = request._request.serving  # type: ignore[attr-defined]  # lace.api.views.Door leaves it with the request
        serving.enter_context(context.use(context_of(actor)))
        serving.enter_context(acting(actor))
        return system.membership.user, system

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Lace"'


def _is_open(membership: Membership, today: date) -> bool:
    return membership.starts_on <= today and (membership.ends_on is None or membership.ends_on > today)


class ClientThrottle(SimpleRateThrottle):
    """So many requests a minute for each case system, however many tokens it holds."""

    scope = "client"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not isinstance(request.auth, CaseSystem):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.pk}
