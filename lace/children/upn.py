"""Unique Pupil Numbers: check letter, authority's number, school, year, serial (`A LLL EEEE YY NNN`, 13 characters).

Source: UK Government Data Standards Catalogue 2.0. A temporary number ends in a letter. Two errors in common use are avoided here:
the worked example printed in several suppliers' help pages adds up wrongly (207000016049 gives P, not Q), and python-stdnum's list
of authorities has none of Wales's, so that it refuses every Welsh number.
"""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.authorities import BY_NUMBER

# No I, O or S: they are taken for 1, 0 and 5. A letter's place, from 0, is its value.
ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"
_VALUE = {**{letter: place for place, letter in enumerate(ALPHABET)}, **{str(digit): digit for digit in range(10)}}
_FORM = re.compile(rf"[{ALPHABET}][0-9]{{11}}[0-9{ALPHABET}]")
# England's authorities by block: its list changes with each reorganisation, and a child may arrive with a number from any year.
_ENGLAND = (range(201, 421), range(800, 1000))


class InvalidUpn(ValueError):
    """A number that is no UPN; `message` says what to do about it, in the reader's language."""

    def __init__(self, message: Promise) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Upn:
    """A valid number in its parts. `serial` ends in a letter when the number is temporary. `str()` gives the 13 characters."""

    check: str
    authority: str
    school: str
    year: str
    serial: str

    @property
    def temporary(self) -> bool:
        return self.serial[-1].isalpha()

    def __str__(self) -> str:
        return self.check + self.authority + self.school + self.year + self.serial


def check_letter(rest: str) -> str:
    """The letter that belongs before the other 12 characters: each value times its place (2 to 13), summed, modulo 23."""
    return ALPHABET[sum(place * _VALUE[character] for place, character in enumerate(rest, start=2)) % 23]


def parse(text: str) -> Upn:
    """A UPN from what a person typed or a system sent; case and spaces do not matter. Raises InvalidUpn."""
    written = "".join(text.split()).upper()
    if not _FORM.fullmatch(written):
        raise InvalidUpn(_("Enter a unique pupil number of 13 characters: a letter, 11 digits, and a last digit or letter, like X660200015001"))
    number = int(written[1:4])
    if written[1:4] not in BY_NUMBER and not any(number in block for block in _ENGLAND):
        raise InvalidUpn(
            _("Check the second to fourth characters of the unique pupil number: they are not an authority's number in Wales or England")
        )
    if check_letter(written[1:]) != written[0]:
        raise InvalidUpn(_("Check the unique pupil number: its first letter does not fit the other 12 characters, so one of them is wrong"))
    return Upn(written[0], written[1:4], written[4:8], written[8:10], written[10:])


def generate(*, authority: str, school: str, year: int, serial: int, temporary: bool = False) -> str:
    """The UPN that a school gives: `school` its four digits, `year` the year of giving, `serial` from 0 within school and year.

    Room for 1,000 permanent and 2,300 temporary numbers in a school and year. Raises ValueError past that or for a malformed part.
    """
    if not (re.fullmatch(r"[0-9]{3}", authority) and re.fullmatch(r"[0-9]{4}", school)):
        raise ValueError(f"authority must be 3 digits and school 4, not {authority!r} and {school!r}")
    if not 0 <= serial < (100 * len(ALPHABET) if temporary else 1000):
        raise ValueError(f"serial {serial} does not fit into a UPN")
    ending = f"{serial % 100:02d}{ALPHABET[serial // 100]}" if temporary else f"{serial:03d}"
    rest = f"{authority}{school}{year % 100:02d}{ending}"
    return check_letter(rest) + rest
