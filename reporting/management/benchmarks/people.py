"""Who is measured: the people of one school and its authority, signed in, and the authority's case system."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.acting import actor_for
from lace.accounts.models import LocalAuthority, Membership
from lace.accounts.signing_in import MEMBERSHIP
from lace.children.models import Child
from lace.core.actor import Actor
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Side, through, whole
from reporting.management.commands.seed import HOME, ROLES
from reporting.management.commands.seed import Command as Seed
from schools.models import School

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOST = "localhost"


@dataclass
class People:
    """The same people in every database: a grown one keeps those of the one it grew from."""

    database: Database
    school: School = field(init=False)
    members: dict[Role, Membership] = field(init=False)
    child: Child = field(init=False)

    def __post_init__(self) -> None:
        seed = Seed()
        with through(self.database.owner):
            authority = LocalAuthority.objects.get(code=HOME)
            self.school = seed.busiest_school(authority)
            found = {role: seed.member(role, authority, self.school) for role in ROLES}
            # their accounts' languages differ; the pages measured are in one
            self.members = {
                role: Membership.objects.select_related("authority", "organisation", "user").get(pk=row.pk) for role, row in found.items() if row
            }
            worker = self.actor(Role.SOCIAL_WORKER)
            self.child = Child.objects.visible_to(worker).in_care_on(worker.today).order_by("sort_key", "pk")[0]

    def actor(self, role: Role) -> Actor:
        return actor_for(self.members[role], today=timezone.localdate())

    def browser(self, role: Role) -> Client:
        """A browser signed in under this role."""
        client = Client(SERVER_NAME=HOST)
        with through(self.database.served):
            client.force_login(self.members[role].user, backend=BACKEND)
            session = client.session
            session[MEMBERSHIP] = self.members[role].pk
            session.save()
        return client

    def page(self, role: Role, path: str, name: str = "") -> Side:
        """One whole GET, from the first middleware to the last byte."""
        return Side(name or path, whole(getting(self.browser(role), path)), self.database.served)

    def case_system(self) -> Client:
        """The authority's case system with its token."""
        system = self.database.about["case_system"]
        basic = b64encode(f"{system['client_id']}:{system['client_secret']}".encode()).decode()
        client = Client(SERVER_NAME=HOST)
        with through(self.database.served):
            answer = client.post("/api/v1/token/", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"})
        return Client(SERVER_NAME=HOST, headers={"Authorization": f"Bearer {answer.json()['access_token']}"})


def getting(client: Client, path: str) -> Callable[[], Any]:
    """A GET that must succeed. Raises RuntimeError for another answer than 200: it would be quick and measure nothing."""

    def get() -> Any:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}.")
        return answer

    return get
