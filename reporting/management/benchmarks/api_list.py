"""A page of 50 children through the API, against PostgreSQL's own JSON passed through and against the framework's ModelSerializer."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lace.accounts.access import Role
from reporting.management.benchmarks import bare
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Comparison, Goal, Side, compare, through, whole
from reporting.management.benchmarks.people import People, getting


def measure(database: Database, people: People) -> Iterator[Comparison]:
    bare.SERVED.append(people.actor(Role.LACE_COORDINATOR))  # the same children as the case system's
    ours = getting(people.case_system(), "/api/v1/children/")
    plain = getting(bare.client(), "/json_agg/")
    framework = getting(bare.client(), "/serialized/")
    with through(database.served):
        told, floor = (json.loads(get().content)["results"] for get in (ours, plain))
    if told != floor:
        raise RuntimeError("The API's list and json_agg's do not say the same.")
    side = Side("API list of 50 children", whole(ours), database.served)
    yield compare("API list", side, Side("json_agg passed through", whole(plain), database.served), children=database.children, goal=Goal(2.5))
    yield compare("API list", side, Side("ModelSerializer", whole(framework), database.served), children=database.children, goal=Goal(0.5))
