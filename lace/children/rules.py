"""What a child's facts may be: code lists, school years, Welsh alphabetical order, and the checks that services make. No database.

A check returns `(field, sentence)` pairs, empty when all is well, and raises nothing: form, API and import show the same sentence.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import IntegerChoices, TextChoices
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import TABLE, Facet, Role

Problems = list[tuple[str, str]]


class Sex(TextChoices):
    """As the CLA census and the 2015 figures count it."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")


class EthnicGroup(TextChoices):
    """The groups in which figures are published ("Raising the ambitions", 2016, 1.21)."""

    WHITE = "white", _("White")
    MIXED = "mixed", _("Mixed or multiple ethnic groups")
    ASIAN = "asian", _("Asian")
    BLACK = "black", _("Black")
    OTHER = "other", _("Other ethnic group")
    UNKNOWN = "unknown", _("Not known")


class Ethnicity(TextChoices):
    """The fuller list, with the four-letter codes that schools' and councils' systems exchange."""

    WHITE_BRITISH = "WBRI", _("White: Welsh, English, Scottish, Northern Irish or British")
    WHITE_IRISH = "WIRI", _("White: Irish")
    WHITE_TRAVELLER = "WIRT", _("White: Gypsy or Irish Traveller")
    WHITE_ROMA = "WROM", _("White: Roma")
    WHITE_OTHER = "WOTH", _("White: any other background")
    MIXED_CARIBBEAN = "MWBC", _("Mixed: White and Black Caribbean")
    MIXED_AFRICAN = "MWBA", _("Mixed: White and Black African")
    MIXED_ASIAN = "MWAS", _("Mixed: White and Asian")
    MIXED_OTHER = "MOTH", _("Mixed: any other background")
    ASIAN_INDIAN = "AIND", _("Asian: Indian")
    ASIAN_PAKISTANI = "APKN", _("Asian: Pakistani")
    ASIAN_BANGLADESHI = "ABAN", _("Asian: Bangladeshi")
    ASIAN_CHINESE = "CHNE", _("Asian: Chinese")
    ASIAN_OTHER = "AOTH", _("Asian: any other background")
    BLACK_AFRICAN = "BAFR", _("Black: African")
    BLACK_CARIBBEAN = "BCRB", _("Black: Caribbean")
    BLACK_OTHER = "BOTH", _("Black: any other background")
    ARAB = "ARAB", _("Arab")
    OTHER = "OOTH", _("Any other ethnic group")
    REFUSED = "REFU", _("Prefers not to say")
    NOT_KNOWN = "NOBT", _("Not known")

    @property
    def group(self) -> EthnicGroup:
        if self in (Ethnicity.REFUSED, Ethnicity.NOT_KNOWN):
            return EthnicGroup.UNKNOWN
        return EthnicGroup.__members__.get(self.name.split("_")[0], EthnicGroup.OTHER)


class LegalStatus(TextChoices):
    """The groups StatsWales publishes."""

    CARE_ORDER = "care_order", _("Care order, full or interim")
    ACCOMMODATED = "accommodated", _("Accommodated by agreement (section 76 of the 2014 Act)")
    REMANDED = "remanded", _("Remanded, detained or under another compulsory order")
    OTHER = "other", _("Another legal status")


class EntryType(TextChoices):
    """Decides the clock of the first PEP: before a planned entry, within 10 working days of an emergency ("Making a difference", PEP)."""

    PLANNED = "planned", _("Planned")
    EMERGENCY = "emergency", _("Emergency")


class EntryReason(TextChoices):
    """Why help was needed; about the family's need, never a name for the child. After the censuses' categories of need."""

    ABUSE_OR_NEGLECT = "abuse_or_neglect", _("Abuse or neglect")
    CHILD_DISABILITY = "child_disability", _("The child's disability or illness")
    PARENTAL_ILLNESS = "parental_illness", _("A parent's disability or illness")
    ACUTE_STRESS = "acute_stress", _("Family in acute stress")
    FAMILY_DIFFICULTY = "family_difficulty", _("Lasting difficulty in the family")
    BEHAVIOUR_SUPPORT = "behaviour_support", _("Support needed with behaviour")
    FAMILY_REQUEST = "family_request", _("The family's request")
    ABSENT_PARENT = "absent_parent", _("Parents absent")
    UNACCOMPANIED = "unaccompanied", _("Seeking asylum without an adult")
    OTHER = "other", _("Another reason")


class PlacementType(TextChoices):
    FOSTER = "foster", _("Foster carer")
    KINSHIP = "kinship", _("Foster carer who is a relative or friend")
    PARENTS = "parents", _("Parent or person with parental responsibility")
    RESIDENTIAL = "residential", _("Children's home")
    ADOPTIVE = "adoptive", _("Prospective adopters")
    SECURE = "secure", _("Secure home")
    INDEPENDENT = "independent", _("Living independently, with or without support")
    RESIDENTIAL_SCHOOL = "residential_school", _("Residential school")
    OTHER = "other", _("Another placement")


class PlacementEndReason(TextChoices):
    PLANNED = "planned", _("Planned move in the care and support plan")
    CHILD = "child", _("The child asked to move")
    CARER = "carer", _("The carer asked for the placement to end")
    AUTHORITY = "authority", _("The authority ended the placement")
    PROVIDER = "provider", _("The home or provider closed")
    LEFT_CARE = "left_care", _("The child stopped being looked after")
    OTHER = "other", _("Another reason")


class EndReason(TextChoices):
    """Why a care episode ended: StatsWales's list, without "next episode starts", which is a placement's end and not care's."""

    ADOPTED = "adopted", _("Adopted")
    RETURNED_HOME = "returned_home", _("Home to parents, relatives or a person with parental responsibility")
    GUARDIAN_CARER = "guardian_carer", _("Special guardianship order to former foster carers")
    GUARDIAN_OTHER = "guardian_other", _("Special guardianship order to others")
    CHILD_ARRANGEMENTS = "child_arrangements", _("Child arrangements order")
    WHEN_I_AM_READY = "when_i_am_ready", _('Turned 18 and stays with the carer ("When I Am Ready")')
    INDEPENDENT_SUPPORTED = "independent_support", _("Independent living with support")
    INDEPENDENT = "independent", _("Independent living without support")
    OTHER_AUTHORITY = "other_authority", _("Care taken on by another UK authority")
    ADULT_SERVICES = "adult_services", _("Moved to adult social services")
    CUSTODY = "custody", _("In custody")
    DIED = "died", _("Died")
    OTHER = "other", _("Another reason")


class LegalBasis(TextChoices):
    """On what a record is shared beyond those whom the law names (PRIV-11): UK GDPR article 6(1), letters a, c, d and e."""

    CONSENT = "consent", _("Consent of the young person or a person with parental responsibility")
    LEGAL_OBLIGATION = "legal_obligation", _("Required by law")
    VITAL_INTERESTS = "vital_interests", _("To protect somebody's life")
    PUBLIC_TASK = "public_task", _("The authority's public task")


class ContactLimit(TextChoices):
    """How far somebody is kept from a child (PRIV-05, SW-08)."""

    NONE = "none", _("No contact of any kind")
    SUPERVISED = "supervised", _("Supervised contact only")
    INDIRECT = "indirect", _("Letters and messages only, through the social worker")


class DisputeAbout(TextChoices):
    """What authorities or services disagree about (PRIV-03)."""

    MONEY = "money", _("Who pays")
    RESPONSIBILITY = "responsibility", _("Who is responsible")


class StatementKind(TextChoices):
    """Whose words a statement is in."""

    OWN = "own", _("In the child's own words")
    ADVOCATE = "advocate", _("By the advocate, for the child")


# Whom a child can let read what they said: the roles to which the access table gives it. The child reads their own always.
READERS = frozenset(role for (_relation, role), grant in TABLE.items() if Facet.VOICE in grant.facets) - {Role.CHILD}


class HandoverState(TextChoices):
    """A hand-over of a record between authorities (XLA-12)."""

    PROPOSED = "proposed", _("Waiting for the other authority")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class DataKind(TextChoices):
    """What an authority asks about a child placed out of its area (XLA-06; 002 4.54, 4.61)."""

    ATTENDANCE = "attendance", _("Attendance")
    ATTAINMENT = "attainment", _("Attainment")
    EXCLUSION = "exclusion", _("Exclusions")
    WELLBEING = "wellbeing", _("Well-being")
    PROGRESS = "progress", _("Progress")
    PROVISION = "provision", _("Educational provision")
    TRANSITION = "transition", _("Transition")


class HeardFrom(TextChoices):
    """How an authority knows that another placed a child in its area (XLA-13; 000 LACE.5)."""

    NOTICE = "notice", _("A notice of the placement")
    ADMISSION = "admission", _("An admission to a school")
    COUNTERPART = "counterpart", _("The list of a counterpart")


class Phase(TextChoices):
    EARLY_YEARS = "early_years", _("Early years")
    PRIMARY = "primary", _("Primary")
    SECONDARY = "secondary", _("Secondary")
    POST_16 = "post_16", _("Post-16")


class YearGroup(IntegerChoices):
    NURSERY_1 = -2, _("Nursery 1")
    NURSERY_2 = -1, _("Nursery 2")
    RECEPTION = 0, pgettext_lazy("school year", "Reception")
    YEAR_1 = 1, _("Year 1")
    YEAR_2 = 2, _("Year 2")
    YEAR_3 = 3, _("Year 3")
    YEAR_4 = 4, _("Year 4")
    YEAR_5 = 5, _("Year 5")
    YEAR_6 = 6, _("Year 6")
    YEAR_7 = 7, _("Year 7")
    YEAR_8 = 8, _("Year 8")
    YEAR_9 = 9, _("Year 9")
    YEAR_10 = 10, _("Year 10")
    YEAR_11 = 11, _("Year 11")
    YEAR_12 = 12, _("Year 12")
    YEAR_13 = 13, _("Year 13")


def age(born: date, on: date) -> int:
    """Whole years lived; a child born on 29 February is a year older on 1 March of a common year. Negative before birth."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def birthday(born: date, years: int) -> date:
    """The first day on which `age` is `years`."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def academic_year(on: date) -> int:
    """The calendar year in which the school year of a day began; it begins on 1 September."""
    return on.year if on.month >= 9 else on.year - 1


def academic_year_label(start: int) -> str:
    """2025 gives "2025/26"."""
    return f"{start}/{(start + 1) % 100:02d}"


def school_year(born: date, on: date) -> int:
    """The year group's number by age on 31 August before the school year: Reception 0, Year 1 1, nursery and younger below 0.

    A child taught out of their year group has it recorded on the enrolment; this is the year of their age.
    """
    return age(born, date(academic_year(on), 8, 31)) - 4


def year_group(born: date, on: date) -> YearGroup | None:
    """The year group of a child's age on a day; None before nursery and after Year 13."""
    number = school_year(born, on)
    return YearGroup(number) if YearGroup.NURSERY_1 <= number <= YearGroup.YEAR_13 else None


def phase(born: date, on: date) -> Phase:
    """The phase of a child's age on a day: early years to nursery, primary from Reception, secondary from Year 7, post-16 from Year 12."""
    number = school_year(born, on)
    if number < YearGroup.RECEPTION:
        return Phase.EARLY_YEARS
    if number < YearGroup.YEAR_7:
        return Phase.PRIMARY
    return Phase.SECONDARY if number < YearGroup.YEAR_12 else Phase.POST_16


def of_compulsory_school_age(born: date, on: date) -> bool:
    """Education Act 1996 s.8: from the 31 August, 31 December or 31 March on or after the fifth birthday, to the last Friday in June of Year 11.

    The three days are those of the Start of Compulsory School Age Order 1998, the leaving date that of the School Leaving Date Order 1997.
    """
    five = birthday(born, 5)
    starts = min(day for day in (date(five.year, 3, 31), date(five.year, 8, 31), date(five.year, 12, 31)) if day >= five)
    last_june = date(academic_year(birthday(born, 16)) + 1, 6, 30)
    return starts <= on <= last_june - timedelta(days=(last_june.weekday() - 4) % 7)


_LETTERS_THAT_DO_NOT_DECOMPOSE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"})
# Where n and g are two letters: Llan- before g (Llangefni), and Bangor. Elsewhere ng is the letter between g and h.
_TWO_LETTERS = re.compile(r"(?<=\blla)ng|(?<=\bba)ng(?=or\b)")
_DIGRAPHS = re.compile(r"ch|dd|ff|ng|ll|ph|rh|th|.")
_KEY = {"ch": "c1", "dd": "d1", "ff": "f1", "ng": "g1", "ll": "l1", "ph": "p1", "rh": "r1", "th": "t1", " ": "00", "|": ""}


def folded(name: str) -> str:
    """A name for searching: lower case, no accents, no apostrophes, one space between words ("Siân O'Brien-Rees": "sian obrien rees")."""
    plain = "".join(part for part in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(part))
    plain = re.sub(r"['’‘ʼ`]", "", plain.translate(_LETTERS_THAT_DO_NOT_DECOMPOSE))
    return " ".join(re.sub(r"[\W_]", " ", plain).split())


def sort_key(name: str) -> str:
    """The stored key that puts names into Welsh alphabetical order (ch after c, ng after g, ll after l …) under any database collation.

    Two characters a letter, digits and lower-case letters only: "Llŷr" gives "l1y0r0". A letter's own form ends in 0, its digraph in 1.
    """
    words = _TWO_LETTERS.sub("n|g", folded(name).replace("|", " "))
    return "".join(_KEY.get(letter, "1" + letter if letter.isdigit() else letter + "0") for letter in _DIGRAPHS.findall(words))


def initials(*names: str) -> str:
    """What a message may say of a child: "Siân", "Lloyd-Rees" gives "S.Ll.R.". Ll and Rh stay whole, as Welsh writes them."""
    words = re.split(r"[\s\-‐‑]+", " ".join(names))
    heads = [re.match(r"ll|rh|[^\W_]", word, re.IGNORECASE) for word in words]
    return "".join(f"{head.group().capitalize()}." for head in heads if head)


class Period(NamedTuple):
    """A stretch of time from the first day to the day it ended; None while it lasts. The next may start on the day one ends."""

    start: date
    end: date | None = None

    def overlaps(self, other: "Period") -> bool:
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)


def _written(day: date) -> str:
    return format_date(day, "j F Y")


def check_birth(born: date, *, as_of: date) -> Problems:
    """A date of birth in the past, of someone under 26: support with education ends at 25 ("Raising the ambitions", 3.9)."""
    if born > as_of:
        return [("born_on", gettext("Date of birth must be today or in the past"))]
    if age(born, as_of) > 25:
        return [
            (
                "born_on",
                gettext("Check the date of birth: Lace keeps plans for people up to 25, and this person would be %(age)d")
                % {"age": age(born, as_of)},
            )
        ]
    return []


def check_period(period: Period, *, start: str = "started_on", end: str = "ended_on") -> Problems:
    """An end on or after its start. `start` and `end` name the fields."""
    if period.end is not None and period.end < period.start:
        return [(end, gettext("The end must be on or after the start, %(day)s") % {"day": _written(period.start)})]
    return []


def check_no_overlap(period: Period, others: Iterable[Period], *, field: str = "started_on") -> Problems:
    """No day shared with another period of the same kind, save that one may start on the day another ends."""
    for other in sorted(others, key=lambda other: other.start):
        if period.overlaps(other):
            if other.end is None:
                return [
                    (
                        field,
                        gettext("These dates overlap with a period that began on %(start)s and has not ended. End it first")
                        % {"start": _written(other.start)},
                    )
                ]
            values = {"start": _written(other.start), "end": _written(other.end)}
            return [(field, gettext("These dates overlap with a period from %(start)s to %(end)s. Change one of the two") % values)]
    return []


def check_care_episode(period: Period, *, born: date, entry: EntryType, others: Iterable[Period] = (), as_of: date) -> Problems:
    """Care begins between birth and the 18th birthday, ends by it, and never overlaps with other care of the same child.

    A planned entry may be recorded before its day (its PEP is to be started by then); an emergency or an end may not.
    Looked after ends at 18: Social Services and Well-being (Wales) Act 2014 s.74 speaks of a child, s.3(3) of a person under 18.
    """
    problems = check_period(period)
    if period.start < born:
        problems.append(("started_on", gettext("Care cannot start before the date of birth, %(day)s") % {"day": _written(born)}))
    elif period.start >= birthday(born, 18):
        problems.append(("started_on", gettext("Care must start before the 18th birthday, %(day)s") % {"day": _written(birthday(born, 18))}))
    if period.start > as_of and entry == EntryType.EMERGENCY:
        problems.append(("started_on", gettext("An emergency entry to care must be today or in the past. If it is still to come, choose Planned")))
    if period.end is not None and period.end > birthday(born, 18):
        problems.append(("ended_on", gettext("Care ends on the 18th birthday, %(day)s, at the latest") % {"day": _written(birthday(born, 18))}))
    if period.end is not None and period.end > as_of:
        problems.append(("ended_on", gettext("The end of care must be today or in the past")))
    return problems + check_no_overlap(period, others)


def check_placement(period: Period, *, care: Period, others: Iterable[Period] = (), as_of: date) -> Problems:
    """A placement lies inside the care episode, and a child has one at a time. One arranged ahead may start in the future."""
    problems = check_period(period)
    if period.start < care.start:
        problems.append(("started_on", gettext("A placement cannot start before care does, on %(day)s") % {"day": _written(care.start)}))
    if care.end is not None and period.start > care.end:
        problems.append(("started_on", gettext("A placement cannot start after care ended, on %(day)s") % {"day": _written(care.end)}))
    elif care.end is not None and (period.end is None or period.end > care.end):
        problems.append(("ended_on", gettext("A placement ends when care does, on %(day)s, at the latest") % {"day": _written(care.end)}))
    if period.end is not None and period.end > as_of:
        problems.append(("ended_on", gettext("The end of a placement must be today or in the past")))
    return problems + check_no_overlap(period, others)


def check_enrolment(period: Period, *, born: date, others: Iterable[Period] = ()) -> Problems:
    """A child is not on a register before birth, and on one full-time register at a time; pass as `others` only those that exclude this one."""
    problems = check_period(period)
    if period.start < born:
        problems.append(("started_on", gettext("A child cannot join a school before the date of birth, %(day)s") % {"day": _written(born)}))
    return problems + check_no_overlap(period, others)
