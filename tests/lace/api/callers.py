"""A case system with its token, and how it calls."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from django.test import Client
from oauth2_provider.models import Application

from lace.accounts.access import Role
from lace.api.models import CaseSystem
from tests.world import Authority

SECRET = "a-secret-that-only-the-case-system-knows"


def case_system(authority: Authority) -> CaseSystem:
    """The authority's case system, under the membership that furnished it."""
    membership = authority.members[Role.CASE_SYSTEM]
    application = Application(
        name="Case system",
        user=membership.user,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=SECRET,
    )
    application.save()
    return CaseSystem.objects.create(application=application, membership=membership)


def ask_token(client: Client, system: CaseSystem, secret: str = SECRET) -> Any:
    """What the token endpoint answers."""
    basic = base64.b64encode(f"{system.application.client_id}:{secret}".encode()).decode()
    return client.post("/api/v1/token/", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"})


class Caller:
    """A case system that has its token. `language` is what it asks for."""

    def __init__(self, authority: Authority, language: str = "en") -> None:
        self.authority = authority
        self.client = Client()
        self.system = case_system(authority)
        self.token: str = ask_token(self.client, self.system).json()["access_token"]
        self.language = language

    def _headers(self, headers: dict[str, str] | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language, **(headers or {})}

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=self._headers(headers))

    def post(
        self, path: str, body: Any, *, key: str | None = None, headers: dict[str, str] | None = None, content_type: str = "application/json"
    ) -> Any:
        """`key` is the Idempotency-Key: a new one unless said, none when empty."""
        given = {"Idempotency-Key": str(uuid.uuid4()) if key is None else key} if key != "" else {}
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post(f"/api/v1/{path}", data=data, content_type=content_type, headers=self._headers(given | (headers or {})))

    def version(self, child: Any) -> dict[str, str]:
        """The If-Match header of a child as it stands."""
        return {"If-Match": self.get(f"children/{child}/").headers["ETag"]}
