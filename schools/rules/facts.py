"""Where facts of schooling come from that nobody records: terms and school years, fewer subjects on track, pupils who left.

A term is the one that the day falls in by the usual bounds; its days are the school's own, else its authority's, else those bounds,
and then what follows is provisional (DL-02).
"""

from __future__ import annotations

from lace.deadlines.rules import SUBJECT, About, Fact, Source, declare_disagreement, declare_settlement, declare_source

_TERM = """
WITH usual AS (
    SELECT * FROM (
        SELECT y.year, t.term, t.starts_on, t.ends_on
        FROM (SELECT (extract(year FROM %(as_of)s::date) - (extract(month FROM %(as_of)s::date) < 9)::int)::int AS year) AS y
        CROSS JOIN LATERAL (VALUES
            ('autumn', make_date(y.year, 9, 1), make_date(y.year, 12, 31)),
            ('spring', make_date(y.year + 1, 1, 1), make_date(y.year + 1, 4, 15)),
            ('summer', make_date(y.year + 1, 4, 16), make_date(y.year + 1, 8, 31))
        ) AS t (term, starts_on, ends_on)
    ) AS t WHERE %(as_of)s BETWEEN t.starts_on AND t.ends_on
),
term AS (
    SELECT o.id AS school_id, o.authority_id, s.kind, u.term, u.starts_on AS usual_on, make_date(u.year, 9, 1) AS year_on,
        coalesce(own.starts_on, a.starts_on, u.starts_on) AS starts_on, coalesce(own.ends_on, a.ends_on, u.ends_on) AS ends_on,
        CASE WHEN own.id IS NULL THEN a.break_to ELSE own.break_to END AS break_to, coalesce(own.id, a.id) IS NOT NULL AS known
    FROM schools_school s JOIN accounts_organisation o ON o.id = s.organisation_id CROSS JOIN usual u
    LEFT JOIN deadlines_termdates own ON own.authority_id = o.authority_id AND own.school_id = o.id AND own.year = u.year AND own.term = u.term
    LEFT JOIN deadlines_termdates a ON a.authority_id = o.authority_id AND a.school_id IS NULL AND a.year = u.year AND a.term = u.term
)
"""
_PUPILS = f"""{_TERM}
SELECT p.child_id, p.authority_id, f.fact, f.day, {SUBJECT.format(owner="p.child_id", fact="f.fact", on="f.named")}, p.known, p.born_on
FROM (
    SELECT n.child_id, n.authority_id, c.born_on, t.term, t.usual_on, t.year_on, t.starts_on, t.ends_on, t.break_to, t.known,
        greatest(t.starts_on, n.started_on, e.started_on) AS from_on
    FROM term t JOIN schools_enrolment n USING (school_id)
    JOIN children_child c ON c.id = n.child_id
    JOIN children_careepisode e ON e.child_id = n.child_id
    WHERE n.started_on <= %(as_of)s AND (n.ended_on IS NULL OR n.ended_on > %(as_of)s)
        AND e.started_on <= %(as_of)s AND (e.ended_on IS NULL OR e.ended_on > %(as_of)s)
) AS p
CROSS JOIN LATERAL (VALUES
    ('term_start', p.from_on, p.usual_on, p.from_on >= %(since)s),
    ('half_term', p.break_to + 1, p.usual_on, p.break_to + 1 >= greatest(%(since)s, p.from_on)),
    ('school_year', p.from_on, p.year_on, p.term = 'autumn' AND p.from_on >= %(since)s),
    ('summer_end', p.ends_on, p.usual_on, p.term = 'summer' AND p.ends_on >= %(as_of)s),
    ('post16_start', (p.year_on + interval '1 year')::date, p.year_on, p.term = 'summer')
) AS f (fact, day, named, holds)
WHERE p.starts_on <= %(as_of)s AND f.holds AND (f.day <= %(as_of)s OR f.fact IN ('summer_end', 'post16_start'))
"""  # noqa: S608  # constants of this module
_SCHOOLS = f"""{_TERM}
SELECT t.school_id, t.authority_id, f.fact, f.day, {SUBJECT.format(owner="t.school_id", fact="f.fact", on="f.named")}, t.known, t.kind
FROM term t
CROSS JOIN LATERAL (VALUES
    ('term_start', t.starts_on, t.usual_on, t.starts_on >= %(since)s),
    ('term_end', t.ends_on, t.usual_on, t.ends_on >= %(as_of)s),
    ('school_year', t.starts_on, t.year_on, t.term = 'autumn' AND t.starts_on >= %(since)s)
) AS f (fact, day, named, holds)
WHERE t.starts_on <= %(as_of)s AND f.holds
"""  # noqa: S608  # constants of this module
_LEFT = """
SELECT n.school_id, o.authority_id, 'pupil_left', n.ended_on, n.id, true, s.kind
FROM schools_enrolment n JOIN schools_school s ON s.organisation_id = n.school_id JOIN accounts_organisation o ON o.id = n.school_id
WHERE n.ended_on BETWEEN %(since)s AND %(as_of)s
"""
_FELL = """
SELECT r.child_id, r.authority_id, 'attainment_fell', r.created_at::date, r.id, true, c.born_on
FROM schools_termrecord r JOIN children_child c ON c.id = r.child_id
CROSS JOIN LATERAL (
    SELECT b.subjects_on_track, b.subjects_assessed FROM schools_termrecord b
    WHERE b.child_id = r.child_id AND b.subjects_assessed > 0
        AND (b.year, array_position(ARRAY['autumn', 'spring', 'summer'], b.term::text))
            < (r.year, array_position(ARRAY['autumn', 'spring', 'summer'], r.term::text))
    ORDER BY b.year DESC, array_position(ARRAY['autumn', 'spring', 'summer'], b.term::text) DESC LIMIT 1
) AS b
WHERE r.created_at >= %(since)s AND r.subjects_assessed > 0
    AND r.subjects_on_track * b.subjects_assessed < b.subjects_on_track * r.subjects_assessed
    AND EXISTS (SELECT FROM children_careepisode e WHERE e.child_id = r.child_id AND e.started_on <= %(as_of)s
        AND (e.ended_on IS NULL OR e.ended_on > %(as_of)s))
"""

declare_source(
    Source(About.CHILD, (Fact.TERM_START, Fact.HALF_TERM, Fact.SCHOOL_YEAR, Fact.SUMMER_END, Fact.POST16_START), _PUPILS),
    Source(About.SCHOOL, (Fact.TERM_START, Fact.TERM_END, Fact.SCHOOL_YEAR), _SCHOOLS),
    Source(About.SCHOOL, (Fact.PUPIL_LEFT,), _LEFT),
    Source(About.CHILD, (Fact.ATTAINMENT_FELL,), _FELL),
)
# A full school year in the role has passed.
declare_settlement(
    """
    UPDATE deadlines_bodyduty d SET closed_on = d.due_on, outcome = 'on_time', next_look_on = NULL, evidence = d.subject
    FROM schools_designation g
    WHERE g.id = d.subject AND d.code IN ('designation_kept', 'designation_kept_pru') AND d.closed_on IS NULL
        AND d.due_on <= %(as_of)s AND (g.ended_on IS NULL OR g.ended_on >= d.due_on)
    """
)
_RELATION = """(SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
    WHERE c.app_label = 'children' AND c.model = 'child' AND p.codename = {name})"""
# Own-in, own-out and hosted lists rest on relations; these are the children whose relations say something else than the facts do.
declare_disagreement(
    f"""
    SELECT p.authority_id, count(*)
    FROM children_placement p JOIN accounts_localauthority a ON a.id = p.host_authority_id
    WHERE p.started_on <= %(as_of)s AND (p.ended_on IS NULL OR p.ended_on > %(as_of)s) AND p.host_authority_id <> p.authority_id
        AND NOT EXISTS (
            SELECT FROM children_childgroupgrant g
            WHERE g.content_object_id = p.child_id AND g.group_id = a.group_id AND g.permission_id = {_RELATION.format(name="'host'")}
                AND g.starts_on <= %(as_of)s AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s))
    GROUP BY p.authority_id
    """,  # noqa: S608  # constants of this module
    f"""
    SELECT g.authority_id, count(*)
    FROM children_childgroupgrant g JOIN accounts_localauthority a ON a.group_id = g.group_id
    WHERE g.permission_id = {_RELATION.format(name="'host'")} AND g.starts_on <= %(as_of)s AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s)
        AND NOT EXISTS (
            SELECT FROM children_placement p
            WHERE p.child_id = g.content_object_id AND p.host_authority_id = a.id
                AND p.started_on <= %(as_of)s AND (p.ended_on IS NULL OR p.ended_on > %(as_of)s))
    GROUP BY g.authority_id
    """,  # noqa: S608  # constants of this module
    f"""
    SELECT n.authority_id, count(*)
    FROM schools_enrolment n JOIN accounts_organisation o ON o.id = n.school_id
    WHERE n.started_on <= %(as_of)s AND (n.ended_on IS NULL OR n.ended_on > %(as_of)s)
        AND EXISTS (SELECT FROM children_careepisode e WHERE e.child_id = n.child_id AND e.started_on <= %(as_of)s
            AND (e.ended_on IS NULL OR e.ended_on > %(as_of)s))
        AND NOT EXISTS (
            SELECT FROM children_childgroupgrant g
            WHERE g.content_object_id = n.child_id AND g.group_id = o.group_id AND g.permission_id = {_RELATION.format(name="'school'")}
                AND g.starts_on <= %(as_of)s AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s))
    GROUP BY n.authority_id
    """,  # noqa: S608  # constants of this module
)
