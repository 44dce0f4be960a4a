"""Where a person stands who knocks at the door of the one child that the matrix is about. The application never reads this file.

The child, of the authority "responsible", lives in "host", goes to a school of "school", lived in "former" before. Each of these, a
member of the same consortium and one that has nothing to do with the child have the same people, a school, and a child with as full a
record. "colleague" is a second set of people of the responsible authority, with a child of their own.
"""

from __future__ import annotations

from tests.access.policy.words import words

# Standing -> the authority's code, and what it is to the child.
STANDINGS: dict[str, tuple[str, str]] = {
    "responsible": ("CRF", "corporate parent; its school is the one the child has left"),
    "colleague": ("CRF", "the same authority, other people: another child is theirs"),
    "host": ("GWN", "the child lives there"),
    "school": ("SWA", "the child goes to school there"),
    "former": ("POW", "the child lived there until two days ago; its people were named then"),
    "consortium": ("VGL", "in the same consortium as the responsible authority"),
    "unrelated": ("MON", "nothing to do with the child"),
    "guest": ("FLN", "let in by the responsible authority, to identity and attendance only; its social worker and IRO broke the glass"),
    "previous": ("DEN", "responsible until a hand-over, in the overlap"),
}
# Standings that only some roles can be in are asked by these, and by some who gain nothing from them.
ONLY: dict[str, frozenset[str]] = {
    "guest": words("lace_coordinator social_worker iro designated_person foster_carer administrator"),
    "previous": words("lace_coordinator social_worker designated_manager designated_person"),
}
GUEST_READS = words("identity attendance")  # what the guest's grant was narrowed to (PRIV-04, XLA-02)
# People of a school are at the child's own school when they stand as "school"; all others are the child's own people as "responsible".
SCHOOL_ROLES = words("designated_person delegate teacher alnco child_protection_lead headteacher governor link_governor")
