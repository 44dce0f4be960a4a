"""The duties of an authority as such, each with its source: they name no child."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.deadlines.rules import About, Clock, Done, DutyRule, Fact, Force, declare, ladder

FIGURES = ("members_informed",)  # met by the publication of a term's figures
_STRATEGY = _("An integrated approach to improving educational outcomes (research, summary), Table 1")


def _yearly(row: str, code: str, title: Promise, why: Promise, source: Promise, role: Role, **more: object) -> DutyRule:
    values: dict[str, object] = {
        "facts": (Fact.YEAR_START,),
        "clock": Clock.MONTH,
        "length": 12,
        "force": Force.EXPECTED,
        "ladder": ladder(42, role, late=14),
        "done": Done.RECORD,
        "about": About.AUTHORITY,
    }
    return DutyRule(code=code, title=title, why=why, source=source, role=role, rows=(row,), **(values | more))  # type: ignore[arg-type]  # keywords in a dict have one type


declare(
    _yearly(
        "T49",
        "directory_checked",
        _("Check the directory of contacts"),
        _("Each entry of the directory is looked at every six months."),
        _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 4.64"),
        Role.LACE_COORDINATOR,
        length=6,
        ladder=(),
        waits_for=_("Lace does not hold the directory of contacts."),
    ),
    _yearly(
        "T50",
        "census_taken",
        _("Take the census of 31 March"),
        _("The census counts who is looked after on 31 March; the in-need cohort are those with three months of support up to that day."),
        _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraphs 1.21 and 4.69"),
        Role.LACE_COORDINATOR,
        facts=(Fact.CENSUS_DAY,),
        clock=Clock.EVENT,
        length=0,
    ),
    _yearly(
        "T51",
        "strategy_reviewed",
        _("Report how the action plan is going"),
        _("Progress with the action plan is reported, and the strategy monitored, every year."),
        _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), Overview"),
        Role.SENIOR_LEADER,
    ),
    _yearly(
        "T52",
        "annual_report",
        _("Write the annual report on broader outcomes"),
        _("A standard report each year tells how children in care are doing beyond exams."),
        _STRATEGY,
        Role.SENIOR_LEADER,
    ),
    _yearly(
        "T53",
        "directors_met",
        _("Hold the meeting of directors and senior leaders"),
        _("Every month or two those who lead services plan and review provision together."),
        _("An integrated approach to improving educational outcomes (research, summary), 2.1"),
        Role.SENIOR_LEADER,
        facts=(Fact.TWO_MONTHS,),
        length=2,
        force=Force.ENCOURAGED,
        ladder=ladder(14, Role.SENIOR_LEADER, late=14),
    ),
    _yearly(
        "T54",
        "members_informed",
        _("Give elected members management information"),
        _("Elected members get information regularly, so that they can ask what a parent would ask."),
        _("Making a difference, “Elected members”; “LACE coordinators”, bullet 20"),
        Role.LACE_COORDINATOR,
        facts=(Fact.QUARTER,),
        length=3,
        local=True,
        ladder=ladder(21, Role.LACE_COORDINATOR, also=(Role.SENIOR_LEADER,), late=14),
    ),
    _yearly(
        "T61",
        "averages_refreshed",
        _("Refresh the three-year averages"),
        _("Measures of a small cohort are rolling averages over three years, refreshed each year."),
        _("Making a difference, “LACE coordinators”, bullet 4"),
        Role.LACE_COORDINATOR,
    ),
    _yearly(
        "T63",
        "grant_reported",
        _("Report how the grant was spent"),
        _("Spending of the pupil development grant for looked-after children is reported for each grant year."),
        _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 4.77"),
        Role.SENIOR_LEADER,
        facts=(Fact.GRANT_YEAR,),
    ),
    _yearly(
        "T64",
        "ks4_target",
        _("Meet the target for the end of Key Stage 4"),
        _("A quarter of looked-after children were to reach level 2 inclusive by 2016."),
        _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), national objective 3"),
        Role.SENIOR_LEADER,
        force=Force.OPTIONAL,
        ladder=(),
        waits_for=_("The target ended in 2016, and no later one has been set."),
    ),
    _yearly(
        "T68",
        "outcomes_published",
        _("Publish data on broader outcomes"),
        _("The authority publishes them regularly and in the same way each time."),
        _STRATEGY,
        Role.SENIOR_LEADER,
        local=True,
    ),
)
