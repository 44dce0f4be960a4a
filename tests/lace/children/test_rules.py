from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from lace.accounts.authorities import AUTHORITIES, BY_CODE, BY_GSS, CONSORTIA, CSC, EAS, ERW, GWE, MID_WALES, PARTNERIAETH, consortium_of, members_of
from lace.children import rules
from lace.children.rules import EntryType, EthnicGroup, Ethnicity, Period, Phase, YearGroup

AS_OF = date(2026, 11, 22)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
periods = st.builds(
    lambda start, length: Period(start, None if length is None else start + timedelta(days=length)), days, st.none() | st.integers(0, 2000)
)


# Authorities


def test_twenty_two_authorities_each_with_its_own_codes():
    assert len(AUTHORITIES) == 22
    for codes in ({a.gss for a in AUTHORITIES}, {a.code for a in AUTHORITIES}, {a.number for a in AUTHORITIES}, {a.english for a in AUTHORITIES}):
        assert len(codes) == 22
    assert {a.number for a in AUTHORITIES} == {str(number) for number in range(660, 682)}
    assert not {"W06000007", "W06000017"} & set(BY_GSS)
    assert BY_GSS["W06000024"].name("cy") == "Merthyr Tudful"
    assert BY_CODE["CRF"].name("en-gb") == "Cardiff"


@pytest.mark.parametrize(
    ("code", "on", "body"),
    [
        ("CMN", date(2015, 4, 1), ERW),
        ("NTL", date(2021, 8, 31), ERW),
        ("NTL", date(2021, 9, 1), None),
        ("CMN", date(2021, 9, 1), PARTNERIAETH),
        ("POW", date(2024, 1, 1), MID_WALES),
        ("AGY", date(2025, 3, 31), GWE),
        ("AGY", date(2025, 4, 1), None),
        ("CAY", date(2025, 1, 1), EAS),
        ("CRF", date(2010, 1, 1), None),
    ],
)
def test_consortium_on_a_day(code, on, body):
    assert consortium_of(BY_CODE[code], on=on) == body


def test_an_authority_is_in_one_consortium_at_a_time():
    for day in (date(2013, 1, 1), date(2021, 8, 31), date(2021, 9, 1), date(2025, 4, 1), AS_OF):
        members = [authority for body in CONSORTIA for authority in members_of(body, on=day)]
        assert len(members) == len(set(members))
    assert [a.code for a in members_of(CSC, on=AS_OF)] == ["BGE", "VGL", "RCT", "MTY", "CRF"]
    assert members_of(ERW, on=AS_OF) == ()


# Code lists


def test_every_ethnicity_has_its_published_group():
    assert {e.group for e in Ethnicity} == set(EthnicGroup)
    assert Ethnicity.WHITE_ROMA.group == EthnicGroup.WHITE
    assert Ethnicity.ARAB.group == EthnicGroup.OTHER
    assert Ethnicity.REFUSED.group == EthnicGroup.UNKNOWN


def test_values_fit_their_columns():
    lists = [rules.Sex, rules.LegalStatus, rules.EntryType, rules.EntryReason, rules.PlacementType, rules.EndReason, rules.Phase]
    assert all(len(value) <= 20 for values in lists for value in values.values)
    assert all(len(value) <= 10 for value in rules.PlacementEndReason.values)
    assert all(len(value) == 4 for value in Ethnicity.values)


# School years


@pytest.mark.parametrize(
    ("born", "on", "year"),
    [
        (date(2020, 8, 31), date(2025, 9, 1), YearGroup.YEAR_1),
        (date(2020, 9, 1), date(2025, 9, 1), YearGroup.RECEPTION),
        (date(2020, 9, 1), date(2025, 8, 31), YearGroup.NURSERY_2),
        (date(2010, 1, 15), date(2026, 6, 1), YearGroup.YEAR_11),
        (date(2010, 1, 15), date(2026, 9, 1), YearGroup.YEAR_12),
        (date(2012, 2, 29), date(2026, 11, 22), YearGroup.YEAR_10),
        (date(2025, 1, 1), AS_OF, None),
        (date(2005, 1, 1), AS_OF, None),
    ],
)
def test_year_group(born, on, year):
    assert rules.year_group(born, on) == year


@given(days, st.integers(0, 8000))
def test_year_group_changes_on_1_september_only(born, lived):
    day = born + timedelta(days=lived)
    before, after = rules.school_year(born, day), rules.school_year(born, day + timedelta(days=1))
    assert after - before == ((day + timedelta(days=1)).month == 9 and (day + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("born", "phase"),
    [
        (date(2026, 1, 1), Phase.EARLY_YEARS),
        (date(2022, 9, 1), Phase.EARLY_YEARS),
        (date(2022, 8, 31), Phase.PRIMARY),
        (date(2015, 9, 1), Phase.PRIMARY),
        (date(2015, 8, 31), Phase.SECONDARY),
        (date(2010, 9, 1), Phase.SECONDARY),
        (date(2010, 8, 31), Phase.POST_16),
        (date(2004, 1, 1), Phase.POST_16),
    ],
)
def test_phase(born, phase):
    assert rules.phase(born, AS_OF) == phase


@pytest.mark.parametrize(
    ("born", "first", "last"),
    [
        (date(2010, 3, 31), date(2015, 3, 31), date(2026, 6, 26)),
        (date(2010, 4, 1), date(2015, 8, 31), date(2026, 6, 26)),
        (date(2010, 8, 31), date(2015, 8, 31), date(2026, 6, 26)),
        (date(2010, 9, 1), date(2015, 12, 31), date(2027, 6, 25)),
        (date(2012, 2, 29), date(2017, 3, 31), date(2028, 6, 30)),
    ],
)
def test_compulsory_school_age(born, first, last):
    day = timedelta(days=1)
    assert [rules.of_compulsory_school_age(born, on) for on in (first - day, first, last, last + day)] == [False, True, True, False]


@given(days, st.integers(1, 25))
def test_birthday_is_the_first_day_of_an_age(born, years):
    day = rules.birthday(born, years)
    assert rules.age(born, day) == years
    assert rules.age(born, day - timedelta(days=1)) == years - 1


def test_academic_year():
    assert rules.academic_year(date(2026, 8, 31)) == 2025
    assert rules.academic_year(date(2026, 9, 1)) == 2026
    assert rules.academic_year_label(2099) == "2099/00"


# Names


def test_welsh_alphabetical_order():
    ordered = [
        "Ann", "Awel", "Cai", "Cynan", "Charlie", "Dylan", "Ddôl", "Efa", "Fanw", "Ffion", "Gwen", "Gŵyl", "Ngaio", "Huw", "Lowri", "Lyn", "Llinos",
        "Llŷr", "Nia", "Owain", "Pryderi", "Philip", "Rolant", "Rhian", "Rhys", "Siân", "Siôn", "Tomos", "Thea", "Ursula", "Wyn", "Ynyr",
    ]  # fmt: skip
    assert sorted(sorted(ordered), key=rules.sort_key) == ordered  # by code point first, which is another order


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Llŷr", "l1y0r0"),
        ("SIÂN", "s0i0a0n0"),
        ("Bangor", "b0a0n0g0o0r0"),  # n and g, two letters
        ("Llangefni", "l1a0n0g0e0f0n0i0"),
        ("Angharad", "a0g1h0a0r0a0d0"),
        ("O'Brien", "o0b0r0i0e0n0"),
        ("Bod-dŵr", "b0o0d000d0w0r0"),  # no dd across a hyphen
        ("Łukasz 2", "l0u0k0a0s0z00012"),
        ("", ""),
    ],
)
def test_sort_key(name, key):
    assert rules.sort_key(name) == key


@given(st.text(max_size=40))
def test_sort_key_is_the_same_in_any_collation(name):
    """Only digits and plain letters, two a place, so that no collation has an opinion."""
    key = rules.sort_key(name)
    if name.isascii():
        assert not key or (key.isascii() and key.isalnum() and key == key.lower() and len(key) % 2 == 0)
    assert rules.sort_key(name.upper()) == rules.sort_key(name.upper().lower())


def test_folded_for_searching():
    assert rules.folded("  Siân   O’Brien-Rees ") == "sian obrien rees"
    assert rules.folded("Wójcik Łoś") == "wojcik los"


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("Siân", "Lloyd-Rees"), "S.Ll.R."),
        (("Rhys", "ap Tudur"), "Rh.A.T."),
        (("Charlie", "Thomas"), "C.T."),
        (("Álvaro", "O'Neill"), "Á.O."),
        (("", "Jones"), "J."),
        (("  ",), ""),
    ],
)
def test_initials(names, written):
    assert rules.initials(*names) == written


# Checks


def fields(problems):
    return [field for field, _sentence in problems]


@pytest.mark.parametrize(
    ("born", "refused"),
    [
        (AS_OF, []),
        (AS_OF + timedelta(days=1), ["born_on"]),
        (date(2000, 11, 23), []),
        (date(2000, 11, 22), ["born_on"]),
        (date(1899, 1, 1), ["born_on"]),
    ],
)
def test_birth(born, refused):
    assert fields(rules.check_birth(born, as_of=AS_OF)) == refused


@pytest.mark.parametrize(
    ("started", "ended", "entry", "refused"),
    [
        (date(2015, 5, 5), None, EntryType.EMERGENCY, []),
        (date(2015, 5, 4), None, EntryType.EMERGENCY, ["started_on"]),
        (AS_OF + timedelta(days=9), None, EntryType.PLANNED, []),
        (AS_OF + timedelta(days=1), None, EntryType.EMERGENCY, ["started_on"]),
        (date(2020, 1, 1), date(2020, 1, 1), EntryType.EMERGENCY, []),
        (date(2020, 1, 2), date(2020, 1, 1), EntryType.EMERGENCY, ["ended_on"]),
        (date(2020, 1, 1), AS_OF + timedelta(days=1), EntryType.EMERGENCY, ["ended_on"]),
        (date(2033, 5, 5), None, EntryType.PLANNED, ["started_on"]),
    ],
)
def test_care_episode(started, ended, entry, refused):
    assert fields(rules.check_care_episode(Period(started, ended), born=date(2015, 5, 5), entry=entry, as_of=AS_OF)) == refused


def test_care_ends_at_eighteen():
    born, period = date(2008, 2, 29), Period(date(2020, 1, 1), date(2026, 3, 1))
    assert rules.check_care_episode(period, born=born, entry=EntryType.PLANNED, as_of=AS_OF) == []
    late = period._replace(end=date(2026, 3, 2))
    assert fields(rules.check_care_episode(late, born=born, entry=EntryType.PLANNED, as_of=AS_OF)) == ["ended_on"]


@pytest.mark.parametrize(
    ("started", "ended", "care_ended", "refused"),
    [
        (date(2025, 1, 1), None, None, []),
        (date(2024, 12, 31), None, None, ["started_on"]),
        (date(2025, 3, 1), date(2025, 2, 1), None, ["ended_on"]),
        (date(2025, 3, 1), None, date(2025, 6, 1), ["ended_on"]),
        (date(2025, 3, 1), date(2025, 6, 2), date(2025, 6, 1), ["ended_on"]),
        (date(2025, 7, 1), None, date(2025, 6, 1), ["started_on"]),
        (date(2025, 3, 1), date(2026, 12, 1), None, ["ended_on"]),
    ],
)
def test_placement(started, ended, care_ended, refused):
    assert fields(rules.check_placement(Period(started, ended), care=Period(date(2025, 1, 1), care_ended), as_of=AS_OF)) == refused


def test_one_placement_at_a_time():
    lasting = Period(date(2025, 6, 1))
    before = Period(date(2025, 1, 1), date(2025, 6, 1))
    assert rules.check_no_overlap(before, [lasting]) == []  # moves on the day
    assert rules.check_no_overlap(lasting, [before]) == []
    ((field, sentence),) = rules.check_no_overlap(Period(date(2025, 5, 1), date(2025, 6, 2)), [lasting])
    assert field == "started_on"
    assert "1 June 2025" in sentence
    assert fields(rules.check_no_overlap(Period(date(2026, 1, 1)), [lasting], field="ended_on")) == ["ended_on"]


@given(periods, periods)
def test_overlap_means_a_shared_day(one, other):
    horizon = date(2075, 1, 1)
    first, last = max(one.start, other.start), min(one.end or horizon, other.end or horizon)
    assert one.overlaps(other) == other.overlaps(one)
    if one.start != one.end and other.start != other.end:
        assert one.overlaps(other) == (first < last)


def test_sentences_in_the_readers_language():
    with translation.override("cy"):
        (problem,) = rules.check_care_episode(Period(date(2015, 1, 1)), born=date(2015, 5, 5), entry=EntryType.EMERGENCY, as_of=AS_OF)
        assert "5 Mai 2015" in problem[1]


def test_school_before_birth():
    assert fields(rules.check_enrolment(Period(date(2015, 1, 1)), born=date(2015, 5, 5))) == ["started_on"]
