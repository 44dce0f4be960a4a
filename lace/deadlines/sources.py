"""Where facts come from that nobody records: ages, years, quarters, and timescales that were missed. For the nightly reconciliation."""

from __future__ import annotations

from lace.deadlines.rules import SUBJECT, About, Fact, Source, declare_settlement, declare_source

IN_CARE = (
    "EXISTS (SELECT FROM children_careepisode e WHERE e.child_id = {child} AND e.started_on <= %(as_of)s"
    " AND (e.ended_on IS NULL OR e.ended_on > %(as_of)s))"
)
_EPISODES = """
SELECT e.child_id, e.authority_id, CASE e.entry_type WHEN 'emergency' THEN 'emergency_entry' ELSE 'planned_entry' END, e.started_on,
    e.id, true, c.born_on
FROM children_careepisode e JOIN children_child c ON c.id = e.child_id
WHERE e.started_on >= %(since)s AND e.ended_on IS NULL
"""
_PLACEMENTS = """
SELECT p.child_id, p.authority_id, f.fact, p.started_on, p.id, true, c.born_on
FROM children_placement p JOIN children_child c ON c.id = p.child_id
CROSS JOIN (VALUES ('first_placement'), ('placement_start')) AS f (fact)
WHERE p.started_on >= %(since)s AND p.ended_on IS NULL
    AND (f.fact = 'placement_start' OR NOT EXISTS (
        SELECT FROM children_placement b WHERE b.episode_id = p.episode_id AND (b.started_on, b.created_at) < (p.started_on, p.created_at)))
"""
# The first day on which somebody is so old: 29 February gives 1 March in a common year.
_AGED = "((c.born_on + {after})::date + (extract(day FROM c.born_on) <> extract(day FROM c.born_on + {after}))::int)"
# Looked after at 16 or later: of a leaver the authority stays the corporate parent. Not of one who died, or whose record was closed.
_LEAVER = """c.sealed_on IS NULL
    AND EXISTS (SELECT FROM children_careepisode e WHERE e.child_id = c.id AND e.started_on <= %(as_of)s
        AND (e.ended_on IS NULL OR e.ended_on > (c.born_on + interval '16 years')::date))
    AND NOT EXISTS (SELECT FROM children_careepisode e WHERE e.child_id = c.id AND e.end_reason IN ('died', 'other_authority'))"""
_BIRTHDAYS = f"""
SELECT * FROM (
    SELECT c.id, c.authority_id, 'birthday', {_AGED.format(after="make_interval(years => y.years)")} AS day,
        md5(c.id || ':birthday:' || y.years)::uuid, true, c.born_on
    FROM children_child c CROSS JOIN unnest(ARRAY[16, 19, 21, 22, 23, 24]) AS y (years)
    WHERE c.born_on BETWEEN %(as_of)s::date - interval '25 years' AND %(as_of)s::date - interval '15 years' AND {_LEAVER}
        OR y.years = 16 AND c.born_on BETWEEN %(as_of)s::date - interval '17 years' AND %(as_of)s::date - interval '15 years'
            AND {IN_CARE.format(child="c.id")}
) AS b WHERE b.day BETWEEN %(since)s AND %(as_of)s::date + 92
"""  # noqa: S608  # constants of this module
_HALF_BIRTHDAYS = f"""
SELECT * FROM (
    SELECT c.id, c.authority_id, 'half_birthday', (c.born_on + interval '16 years' + n.half * interval '6 months')::date AS day,
        md5(c.id || ':half_birthday:' || n.half)::uuid, true, c.born_on
    FROM children_child c CROSS JOIN generate_series(1, 9) AS n (half)
    WHERE c.born_on BETWEEN %(as_of)s::date - interval '22 years' AND %(as_of)s::date - interval '16 years' AND {_LEAVER}
) AS b WHERE b.day BETWEEN %(since)s AND %(as_of)s::date + 31
"""  # noqa: S608  # constants of this module
_MISSED = """
SELECT d.child_id, d.authority_id, 'duty_missed', d.due_on, d.id, true, c.born_on
FROM deadlines_duty d JOIN children_child c ON c.id = d.child_id
WHERE d.closed_on IS NULL AND d.code = ANY(%(social)s) AND d.due_on < %(as_of)s AND d.due_on >= %(since)s
"""
# An authority is at work here when it has somebody to whom a duty falls that nobody else holds.
_YEARS = f"""
SELECT NULL::bigint, a.authority_id, f.fact, f.day, {SUBJECT.format(owner="a.authority_id", fact="f.fact", on="f.day")}, true, ''
FROM (
    SELECT DISTINCT m.authority_id FROM accounts_membership m
    WHERE m.role = 'lace_coordinator' AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
) AS a
CROSS JOIN (VALUES
    ('year_start', date_trunc('year', %(as_of)s::date)::date),
    ('quarter', date_trunc('quarter', %(as_of)s::date)::date),
    ('two_months', (date_trunc('month', %(as_of)s::date) - (extract(month FROM %(as_of)s::date)::int + 1) %% 2 * interval '1 month')::date),
    ('grant_year', make_date((extract(year FROM %(as_of)s::date) - (extract(month FROM %(as_of)s::date) < 4)::int)::int, 4, 1)),
    ('census_day', make_date((extract(year FROM %(as_of)s::date) + (extract(month FROM %(as_of)s::date) > 3)::int)::int, 3, 31))
) AS f (fact, day)
WHERE f.day <= %(as_of)s::date + 60
"""  # noqa: S608  # constants of this module

declare_source(
    Source(About.CHILD, (Fact.EMERGENCY_ENTRY, Fact.PLANNED_ENTRY), _EPISODES),
    Source(About.CHILD, (Fact.FIRST_PLACEMENT, Fact.PLACEMENT_START), _PLACEMENTS),
    Source(About.CHILD, (Fact.BIRTHDAY,), _BIRTHDAYS),
    Source(About.CHILD, (Fact.HALF_BIRTHDAY,), _HALF_BIRTHDAYS),
    Source(About.CHILD, (Fact.DUTY_MISSED,), _MISSED),
    Source(About.AUTHORITY, (Fact.YEAR_START, Fact.QUARTER, Fact.TWO_MONTHS, Fact.GRANT_YEAR, Fact.CENSUS_DAY), _YEARS),
)

# What the social worker did not report, the ladder did (T13): the designated manager has been told of the missed duty itself. Or it was
# done, late, before anybody reported it.
declare_settlement(
    """
    UPDATE deadlines_duty r SET closed_on = s.day, next_look_on = NULL, evidence = r.subject,
        outcome = CASE WHEN s.day <= r.due_on THEN 'on_time' ELSE 'late' END
    FROM (
        SELECT r.id, min(n.created_at)::date AS day
        FROM deadlines_duty r
        JOIN notifications_notification n ON n.source = r.subject AND n.kind = 'duty_late' AND n.channel = 'inbox'
        JOIN accounts_membership m ON m.user_id = n.recipient_id AND m.role = 'designated_manager' AND m.authority_id = r.authority_id
        WHERE r.code = 'miss_reported' AND r.closed_on IS NULL
        GROUP BY r.id
    ) AS s WHERE s.id = r.id
    """
)
