"""The 22 principal authorities of Wales and the regional bodies they work in.

GSS codes, three-letter codes and names: mySociety's list of UK local authorities, read against the Welsh alternates given there.
Codes are looked up, never computed: W06000007 and W06000017 do not exist.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Authority:
    """One principal authority. `number` is the three digits inside a UPN and at the head of a Welsh school number."""

    gss: str
    code: str
    number: str
    english: str
    welsh: str
    # That the Welsh block is 660 to 681 is read in the DfE's accepted UPN range; which number is whose is general knowledge
    # and wants checking against an authority's own list before a claim rests on it.
    number_verified: bool = False

    def name(self, language: str) -> str:
        """The authority's name in "cy" (or "cy-…"), else in English."""
        return self.welsh if language.startswith("cy") else self.english


AUTHORITIES: tuple[Authority, ...] = (
    Authority("W06000001", "AGY", "660", "Isle of Anglesey", "Ynys Môn"),
    Authority("W06000002", "GWN", "661", "Gwynedd", "Gwynedd"),
    Authority("W06000003", "CWY", "662", "Conwy", "Conwy"),
    Authority("W06000004", "DEN", "663", "Denbighshire", "Sir Ddinbych"),
    Authority("W06000005", "FLN", "664", "Flintshire", "Sir y Fflint"),
    Authority("W06000006", "WRX", "665", "Wrexham", "Wrecsam"),
    Authority("W06000023", "POW", "666", "Powys", "Powys"),
    Authority("W06000008", "CGN", "667", "Ceredigion", "Ceredigion"),
    Authority("W06000009", "PEM", "668", "Pembrokeshire", "Sir Benfro"),
    Authority("W06000010", "CMN", "669", "Carmarthenshire", "Sir Gaerfyrddin"),
    Authority("W06000011", "SWA", "670", "Swansea", "Abertawe"),
    Authority("W06000012", "NTL", "671", "Neath Port Talbot", "Castell-nedd Port Talbot"),
    Authority("W06000013", "BGE", "672", "Bridgend", "Pen-y-bont ar Ogwr"),
    Authority("W06000014", "VGL", "673", "Vale of Glamorgan", "Bro Morgannwg"),
    Authority("W06000016", "RCT", "674", "Rhondda Cynon Taf", "Rhondda Cynon Taf"),
    Authority("W06000024", "MTY", "675", "Merthyr Tydfil", "Merthyr Tudful"),
    Authority("W06000018", "CAY", "676", "Caerphilly", "Caerffili"),
    Authority("W06000019", "BGW", "677", "Blaenau Gwent", "Blaenau Gwent"),
    # The list gives Tor-faen; the council writes Torfaen in both languages.
    Authority("W06000020", "TOF", "678", "Torfaen", "Torfaen"),
    Authority("W06000021", "MON", "679", "Monmouthshire", "Sir Fynwy"),
    Authority("W06000022", "NWP", "680", "Newport", "Casnewydd"),
    Authority("W06000015", "CRF", "681", "Cardiff", "Caerdydd"),
)
BY_GSS = {authority.gss: authority for authority in AUTHORITIES}
BY_CODE = {authority.code: authority for authority in AUTHORITIES}
BY_NUMBER = {authority.number: authority for authority in AUTHORITIES}


@dataclass(frozen=True, slots=True)
class Consortium:
    """A regional education body. Names are general knowledge; the Welsh one is None where the body goes by one name in both languages."""

    code: str
    english: str
    welsh: str | None = None

    def name(self, language: str) -> str:
        """The body's name in "cy" where we know one, else in English."""
        return self.welsh if self.welsh and language.startswith("cy") else self.english


CSC = Consortium("CSC", "Central South Consortium", "Consortiwm Canolbarth y De")
EAS = Consortium("EAS", "Education Achievement Service for South East Wales", "Gwasanaeth Cyflawni Addysg De-ddwyrain Cymru")
GWE = Consortium("GwE", "GwE")
ERW = Consortium("ERW", "ERW")
PARTNERIAETH = Consortium("Partneriaeth", "Partneriaeth")
MID_WALES = Consortium("MidWales", "Mid Wales Education Partnership", "Partneriaeth Addysg Canolbarth Cymru")
CONSORTIA: tuple[Consortium, ...] = (CSC, EAS, GWE, ERW, PARTNERIAETH, MID_WALES)


@dataclass(frozen=True, slots=True)
class ConsortiumMembership:
    """One authority in one body, from `since` up to but not including `until` (None: still a member as far as we have read).

    `verified` is False where a day, or the membership, is general knowledge: the four first bodies formed "in 2012", day not read.
    """

    consortium: Consortium
    authority: Authority
    since: date
    until: date | None
    verified: bool


def _memberships(consortium: Consortium, codes: str, since: date, until: date | None, *, verified: bool) -> list[ConsortiumMembership]:
    return [ConsortiumMembership(consortium, BY_CODE[code], since, until, verified) for code in codes.split()]


_FIRST_BODIES = date(2012, 9, 1)
CONSORTIUM_MEMBERSHIPS: tuple[ConsortiumMembership, ...] = (
    *_memberships(CSC, "BGE CRF MTY RCT VGL", _FIRST_BODIES, None, verified=False),
    # Caerphilly resolved in April 2025 to leave, notice likely to run to August 2027. It stays a member here until an end is known.
    *_memberships(EAS, "BGW CAY MON NWP TOF", _FIRST_BODIES, None, verified=False),
    *_memberships(GWE, "AGY GWN CWY DEN FLN WRX", _FIRST_BODIES, date(2025, 4, 1), verified=False),
    *_memberships(ERW, "CMN CGN NTL PEM POW SWA", _FIRST_BODIES, date(2021, 9, 1), verified=False),
    *_memberships(PARTNERIAETH, "CMN PEM SWA", date(2021, 9, 1), None, verified=True),
    *_memberships(MID_WALES, "CGN POW", date(2021, 9, 1), None, verified=True),
)


def consortium_of(authority: Authority, *, on: date) -> Consortium | None:
    """The regional body an authority belongs to on a day, or None: since 2021 some belong to none."""
    for row in CONSORTIUM_MEMBERSHIPS:
        if row.authority == authority and row.since <= on and (row.until is None or on < row.until):
            return row.consortium
    return None


def members_of(consortium: Consortium, *, on: date) -> tuple[Authority, ...]:
    """The authorities of a regional body on a day, in the order of AUTHORITIES; empty before it began and after it ended."""
    return tuple(authority for authority in AUTHORITIES if consortium_of(authority, on=on) == consortium)
