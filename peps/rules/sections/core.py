"""The national core: the sections of every plan, after the child's own page, with what the law asks in each."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Facet, Permission, Role
from lace.children.rules import Phase
from peps.rules.sections.kinds import PHASES, Kind, Question, SectionRule, careers, choice, line, of_school_age, table, text

SCHOOL = (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR)

# What Schedule 2 paragraph 2 of the 2015 Regulations asks of a plan; a test holds the questions' `covers` equal to it in every phase.
SCHEDULE_2: frozenset[str] = frozenset(
    {
        *("2(1) institutions", "2(1) attendance and conduct", "2(1) achievements", "2(1) special needs"),
        *("2(2) arrangements", "2(2) special and other provision", "2(2) promotion of achievement"),
        *("2(3) leisure interests", "2(4) disruption", "2(5) carer: education", "2(5) carer: leisure"),
    }
)
_NO_CARER = _("Do not write the carer's name or address here: the plan is read by people who may not know them.")

HISTORY = SectionRule(
    "history",
    _("Education so far"),
    (*SCHOOL, Role.SOCIAL_WORKER),
    Facet.EDUCATION,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(1)"),
    (
        text("institutions", _("Schools and other places of education or training"), _("With the years."), "2(1) institutions"),
        text("attendance", _("Attendance and conduct"), _("The record, with any exclusions."), "2(1) attendance and conduct"),
        text("achievements", _("Achievements"), _("In lessons and outside them."), "2(1) achievements"),
        text("needs", _("Additional learning needs"), _("And the plan that holds them. Write “None” if there are none."), "2(1) special needs"),
    ),
)
ARRANGEMENTS = SectionRule(
    "arrangements",
    _("Present arrangements"),
    SCHOOL,
    Facet.EDUCATION,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraphs 2(2) and 2(4)"),
    (
        Question("school", _("School or other setting, and year group"), limit=200, kind=Kind.LINE, covers=("2(2) arrangements",)),
        line("named_adult", _("Named adult at school"), _("The person the child goes to.")),
        text("provision", _("Provision"), _("Additional learning provision and any other help."), "2(2) special and other provision"),
        text("promotion", _("How achievement is promoted"), None, "2(2) promotion of achievement"),
        text(
            "disruption",
            _("If a change is needed, how disruption is kept small"),
            _("Write “No change is planned” if that is so."),
            "2(4) disruption",
        ),
    ),
)
ATTAINMENT = SectionRule(
    "attainment",
    _("Attainment and progress"),
    SCHOOL,
    Facet.EDUCATION,
    _("Making a difference, “The designated person”, bullet 9"),
    (
        text(
            "development",
            _("Play, language and development"),
            _("What the child does now, and what comes next."),
            phases=frozenset({Phase.EARLY_YEARS}),
        ),
        table(
            "subjects",
            _("Subjects and areas of learning"),
            _("Subject"),
            line("subject", _("Subject or area"), limit=80),
            line("current", _("Now"), limit=80),
            line("expected", _("Expected"), limit=80),
            line("comment", _("Comment"), required=False, limit=300),
            hint=_("Progression steps, grades or levels, as the school writes them."),
            phases=PHASES - {Phase.EARLY_YEARS},
        ),
        text(
            "qualifications",
            _("Qualifications worked for"),
            _("With the year in which each is taken."),
            required=False,
            phases=frozenset({Phase.SECONDARY, Phase.POST_16}),
        ),
        text("progress", _("Progress since the last plan"), required=False),
    ),
)
ASPIRATIONS = SectionRule(
    "aspirations",
    _("Hopes and expectations"),
    SCHOOL,
    Facet.EDUCATION,
    _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraphs 1.6 and 2.11"),
    (
        text("expected", _("What the adults hope for and expect"), _("In education, and after it. Expect as much as for any child.")),
        choice(
            "gap",
            _("Compared with what the child hopes for"),
            ("same", _("The child and the adults hope for the same")),
            ("child", _("The child hopes for more than the adults expect")),
            ("adults", _("The adults hope for more than the child does")),
            ("unsaid", _("The child has not said yet")),
            hint=_("The child's own hopes stand on the child's page."),
            when=of_school_age,
        ),
        text("bridge", _("What will be done so that it can be reached"), required=False),
        text(
            "careers",
            _("Ideas for work and the ways there"),
            _("Courses, training, work experience, and the talk with a careers adviser."),
            when=careers,
        ),
        choice(
            "still",
            _("Do these ideas still hold?"),
            ("first", _("They are written down for the first time")),
            ("hold", _("They still hold")),
            ("changed", _("They have changed, and are written anew above")),
            required=False,
            when=careers,
        ),
    ),
    intro=_("Predicted grades set no limit to what is hoped for."),
)
_AREAS = (("social", _("Social")), ("emotional", _("Emotional")), ("behaviour", _("Behaviour")))
FELT = (
    ("safe", _("To feel safe")),
    ("trust", _("To trust adults")),
    ("feelings", _("To manage strong feelings")),
    ("change", _("To manage changes and endings")),
    ("friends", _("To make and keep friends")),
    ("focus", _("To settle and concentrate")),
    ("other", _("Something else")),
)
PERSONAL_DEVELOPMENT = SectionRule(
    "personal_development",
    _("Personal development, leisure and well-being"),
    SCHOOL,
    Facet.WELLBEING,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(3)"),
    (
        text("leisure", _("Leisure interests"), _("Clubs, sport, music, friends; what is wanted and what is in the way."), "2(3) leisure interests"),
        text("wellbeing", _("Well-being and relationships"), _("Strengths, worries, friendships, the adults who matter.")),
        table(
            "support",
            _("Social, emotional and behavioural development"),
            _("Area"),
            choice("area", _("Which area"), *_AREAS),
            line("strength", _("Strengths"), required=False, limit=300),
            line("difficulty", _("What is hard"), required=False, limit=300),
            line("strategy", _("What helps"), required=False, limit=300),
            required=False,
        ),
        table(
            "felt",
            _("What the child needs from the adults at school"),
            _("Need"),
            choice("need", _("What is needed"), *FELT),
            choice("met", _("Is it met now?"), ("yes", _("Yes")), ("partly", _("Partly")), ("no", _("Not yet"))),
            line("strategy", _("What adults do"), required=False, limit=300),
            hint=_("What is needed now and what helps. Write nothing of what happened in the past."),
            required=False,
        ),
        text("strategies", _("What works when things are hard"), required=False),
    ),
)
CARER = SectionRule(
    "carer",
    _("The carer's part"),
    (*CARERS, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER),
    Facet.EDUCATION,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(5)"),
    (
        text("education", _("How the carer supports learning"), None, "2(5) carer: education"),
        text("leisure", _("How the carer supports leisure interests"), None, "2(5) carer: leisure"),
        choice(
            "place",
            _("A place to study"),
            ("own", _("A quiet place of the child's own")),
            ("shared", _("A shared place")),
            ("none", _("No place yet")),
            required=False,
        ),
        choice(
            "computer",
            _("A computer"),
            ("own", _("A computer of the child's own")),
            ("shared", _("A shared computer")),
            ("none", _("No computer yet")),
            required=False,
        ),
        line("reading", _("Books and other things to read"), required=False),
        text("home", _("Homework and the daily routine"), _("As agreed between the home and the school."), required=False),
        table(
            "missing",
            _("What is missing at home"),
            _("Item"),
            line("item", _("What is missing"), limit=120),
            choice(
                "supplier",
                _("Who supplies it"),
                ("carer", _("The carer")),
                ("school", _("The school")),
                ("authority", _("The local authority")),
                ("other", _("Somebody else")),
            ),
            line("by", _("By when"), required=False, limit=80),
            hint=_("Equipment, books and other things for learning."),
            required=False,
        ),
        text("comments", _("What the carer wants to add"), required=False),
    ),
    Permission.CONTRIBUTE_TO_PEP,
    _NO_CARER,
)
CONTACTS = SectionRule(
    "contacts",
    _("Contacts"),
    (*SCHOOL, Role.SOCIAL_WORKER),
    Facet.CONTACTS,
    _("Making a difference, “The designated person”, bullet 3"),
    (
        table(
            "people",
            _("People around the child"),
            _("Contact"),
            line("role", _("Role"), limit=80),
            line("name", _("Name"), required=False, limit=120),
            line("note", _("How and when to reach them"), required=False, limit=300),
        ),
    ),
    intro=_NO_CARER,
)
