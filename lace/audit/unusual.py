"""Unusual access: the nightly look at the record of reads, in one statement.

A number past a threshold is a question to ask, not a finding: thresholds belong to the authority, and every alert is answered by a
person in words (lace.accounts.services.alerts). No child is in an alert.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from lace.audit.models import Rule, Threshold
from lace.core.actor import Actor
from lace.database.context import JOB_ROLE, Context, use

# What an authority hears of unless it says otherwise. Of our own choosing: no guidance names numbers.
DEFAULTS: dict[Rule, int] = {
    Rule.MANY: 30,  # different children in one hour of the clock
    Rule.NIGHT: 5,  # records between NIGHT_BEGINS and NIGHT_ENDS
    Rule.SEARCHES: 10,  # searches after which nothing was opened for FOLLOW_UP
    Rule.REFUSED: 5,
    Rule.OUTSIDE: 20,  # different children for whom another authority is responsible
    Rule.EMERGENCY: 1,
}
NIGHT_BEGINS, NIGHT_ENDS = 22, 6  # hours of the clock in London
FOLLOW_UP = timedelta(minutes=15)
LOOK_BACK = 7  # days; a night missed is made up for
MACHINES = ["case_system"]  # read the whole authority by night as a matter of course; only their refusals are counted

_LOOK = """
WITH looked AS MATERIALIZED (
    SELECT id, act, authority_id, user_id, role, children, at, at AT TIME ZONE 'Europe/London' AS local
    FROM audit_read WHERE at >= %(since)s AND at < %(until)s
),
opened AS MATERIALIZED (
    SELECT authority_id, user_id, role, at, local, children[1] AS child
    FROM looked WHERE act IN ('read', 'export') AND cardinality(children) = 1 AND NOT role = ANY(%(machines)s)
),
counted (authority_id, user_id, role, rule, day, number) AS (
    SELECT authority_id, user_id, role, 'many', hour::date, max(children)
    FROM (
        SELECT authority_id, user_id, role, date_trunc('hour', local) AS hour, count(DISTINCT child) AS children FROM opened GROUP BY 1, 2, 3, 4
    ) hours GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT authority_id, user_id, role, 'night', local::date, count(*)
    FROM opened WHERE extract(hour FROM local) >= %(night_begins)s OR extract(hour FROM local) < %(night_ends)s GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT s.authority_id, s.user_id, s.role, 'searches', s.local::date, count(*)
    FROM looked s
    WHERE s.act = 'search' AND NOT s.role = ANY(%(machines)s)
        AND NOT EXISTS (SELECT FROM opened o WHERE o.user_id = s.user_id AND o.at >= s.at AND o.at < s.at + %(follow_up)s) GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT authority_id, user_id, role, 'refused', local::date, count(*) FROM looked WHERE act = 'refused' GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT o.authority_id, o.user_id, o.role, 'outside', o.local::date, count(DISTINCT o.child)
    FROM opened o JOIN children_child c ON c.id = o.child WHERE c.authority_id <> o.authority_id GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT from_authority_id, user_id, role, 'emergency', starts_on, count(*) FROM children_emergencyaccess
    WHERE starts_on >= %(first)s AND starts_on < %(today)s GROUP BY 1, 2, 3, 5
)
INSERT INTO audit_alert (id, created_at, authority_id, user_id, role, rule, day, number, threshold, answer)
SELECT gen_random_uuid(), now(), c.authority_id, c.user_id, c.role, c.rule, c.day, c.number, coalesce(t.number, d.number), ''
FROM counted c
JOIN unnest(%(rules)s::text[], %(numbers)s::int[]) AS d (rule, number) ON d.rule = c.rule
LEFT JOIN audit_threshold t ON t.authority_id = c.authority_id AND t.rule = c.rule
WHERE c.number >= coalesce(t.number, d.number)
ON CONFLICT (authority_id, user_id, role, rule, day) DO NOTHING
"""


def look(*, by: Actor) -> int:
    """Look at the reads of the days before `by.today` and note what passes a threshold; how many alerts are new. `by` is a named job."""
    if not by.job:
        raise ValueError("The look at the reads is a named job's.")
    london = ZoneInfo("Europe/London")
    asked: dict[str, Any] = {
        "since": datetime.combine(by.today - timedelta(days=LOOK_BACK), time.min, tzinfo=london),
        "until": datetime.combine(by.today, time.min, tzinfo=london),
        "first": by.today - timedelta(days=LOOK_BACK),
        "today": by.today,
        "machines": MACHINES,
        "night_begins": NIGHT_BEGINS,
        "night_ends": NIGHT_ENDS,
        "follow_up": FOLLOW_UP,
        "rules": [str(rule) for rule in DEFAULTS],
        "numbers": list(DEFAULTS.values()),
    }
    with use(Context(role=JOB_ROLE, label=by.label, today=by.today)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOOK, asked)
        return int(cursor.rowcount)


def _own(by: Actor) -> int:
    if by.authority_id is None:
        raise ValueError("Only a person has an authority of their own.")
    return by.authority_id


def thresholds(*, by: Actor) -> dict[Rule, int]:
    """From which number on the actor's authority hears of each rule."""
    own = dict(Threshold.objects.filter(authority_id=_own(by)).values_list("rule", "number"))
    return {rule: own.get(rule, default) for rule, default in DEFAULTS.items()}
