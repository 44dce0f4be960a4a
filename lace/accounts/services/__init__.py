"""Every write to people, their roles, their sessions and their own choices: by noun, called as `services.<verb>`."""

from lace.accounts.services.alerts import answer_alert, set_thresholds
from lace.accounts.services.invitations import accept_invitation, invite, renew_invitation, withdraw_invitation
from lace.accounts.services.own import choose_language, choose_role, record_sign_in
from lace.accounts.services.people import add_person, correct_name, end_access, person_at, suspend
from lace.accounts.services.reviews import decide_roles, open_access_review
from lace.accounts.services.roles import end_membership, open_membership
from lace.accounts.services.sessions import end_session

__all__ = [
    "accept_invitation",
    "add_person",
    "answer_alert",
    "choose_language",
    "choose_role",
    "correct_name",
    "decide_roles",
    "end_access",
    "end_membership",
    "end_session",
    "invite",
    "open_access_review",
    "open_membership",
    "person_at",
    "record_sign_in",
    "renew_invitation",
    "set_thresholds",
    "suspend",
    "withdraw_invitation",
]
