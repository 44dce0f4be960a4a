import pytest
from hypothesis import given
from hypothesis import strategies as st

from lace.accounts.authorities import AUTHORITIES
from lace.children import upn

serials = st.integers(0, 999)
written = st.builds(
    lambda authority, school, year, serial: upn.generate(authority=authority.number, school=f"{school:04d}", year=year, serial=serial),
    st.sampled_from(AUTHORITIES),
    st.integers(0, 9999),
    st.integers(2000, 2099),
    serials,
)


@pytest.mark.parametrize(
    ("rest", "letter"),
    [
        ("801200005001", "B"),
        ("207000016049", "P"),  # suppliers' pages print Q, from a sum that is one too great
        ("660200015001", "X"),
        ("68140321500A", "V"),  # temporary
    ],
)
def test_check_letter(rest, letter):
    assert upn.check_letter(rest) == letter
    assert str(upn.parse(letter + rest)) == letter + rest


def test_parts_of_a_welsh_number():
    assert upn.parse("X660200015001") == upn.Upn("X", "660", "2000", "15", "001")
    assert not upn.parse("X660200015001").temporary
    assert upn.parse("V68140321500A").temporary


@pytest.mark.parametrize("authority", AUTHORITIES, ids=lambda authority: authority.code)
def test_every_welsh_authority_is_accepted(authority):
    made = upn.generate(authority=authority.number, school="4000", year=2024, serial=7)
    assert upn.parse(made).authority == authority.number


def test_written_in_groups_and_lower_case():
    assert str(upn.parse(" x660 2000 15001 ")) == "X660200015001"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "13 characters"),
        ("X66020001500", "13 characters"),
        ("X6602000150011", "13 characters"),
        ("I660200015001", "13 characters"),  # I, O and S are not used
        ("X66020001500S", "13 characters"),
        ("X66020001500\u0661", "13 characters"),  # an Arabic-Indic digit
        ("A660200015001", "first letter does not fit"),
        ("X660200015002", "first letter does not fit"),
        (upn.check_letter("682200015001") + "682200015001", "not an authority's number"),
        (upn.check_letter("659200015001") + "659200015001", "not an authority's number"),
        (upn.check_letter("000200015001") + "000200015001", "not an authority's number"),
    ],
)
def test_refused_with_a_sentence(text, says):
    with pytest.raises(upn.InvalidUpn) as refused:
        upn.parse(text)
    assert says in str(refused.value.message)


@given(written)
def test_made_numbers_are_valid(number):
    assert str(upn.parse(number)) == number


@given(written, st.integers(1, 12), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_found(number, place, digit):
    """The weights 2 to 13 and the differences 1 to 9 have no common factor with 23."""
    wrong = number[:place] + digit + number[place + 1 :]
    if wrong != number:
        with pytest.raises(upn.InvalidUpn):
            upn.parse(wrong)


@given(written, st.integers(1, 11))
def test_two_digits_exchanged_are_found(number, place):
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(upn.InvalidUpn):
            upn.parse(swapped)


@given(st.integers(0, 2299))
def test_temporary_numbers(serial):
    made = upn.parse(upn.generate(authority="681", school="4032", year=2015, serial=serial, temporary=True))
    assert made.temporary
    assert (made.authority, made.school, made.year) == ("681", "4032", "15")


def test_every_serial_gives_another_number():
    made = {upn.generate(authority="674", school="2001", year=2020, serial=serial, temporary=t) for t in (True, False) for serial in range(1000)}
    assert len(made) == 2000


@pytest.mark.parametrize("parts", [{"serial": 1000}, {"serial": -1}, {"school": "12"}, {"authority": "6a0"}, {"serial": 2300, "temporary": True}])
def test_what_does_not_fit_is_refused(parts):
    with pytest.raises(ValueError):
        upn.generate(**({"authority": "660", "school": "2000", "year": 2020, "serial": 1} | parts))
