"""Which facet opens each field of a table with a child's data, and each field that the API tells. The application never reads this file.

A field that is not here fails the build: a new one is first given its facet by somebody who read why.
"""

from __future__ import annotations

from tests.access.policy.words import words


def _all(facet: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), facet)


_ROW = "id created_at child authority"
_MEASURED = "measured_on recorded_by recorded_as corrects reason withdrawn"

# Model -> field -> facet.
MODELS: dict[str, dict[str, str]] = {
    "Child": _all("identity", "id created_at authority given_names family_name preferred_name sort_key born_on sex ethnicity upn first_language")
    | _all("education", "disabled additional_needs free_school_meals")
    | _all("care", "reference sealed_on support_agreed")
    | _all("address", "address_is_sensitive"),
    "CareEpisode": _all("care", f"{_ROW} started_on entry_type legal_status ended_on end_reason") | _all("legal", "reason"),
    "Placement": _all("care", f"{_ROW} episode kind started_on ended_on end_reason host_authority outside_wales"),
    # Where the child lives and with whom: off by default everywhere (goals A1).
    "PlacementAddress": _all("address", f"{_ROW} placement home carer_name address postcode"),
    # Named to be kept away (PRIV-05); risks and referrals (SCH-20); money and responsibility (PRIV-03); the child's words (VOICE-15).
    "NoContactPerson": _all("no_contact", f"{_ROW} name relationship limit detail starts_on ends_on recorded_by"),
    "Risk": _all("safeguarding", f"{_ROW} text noted_on ended_on noted_by"),
    "Referral": _all("referrals", f"{_ROW} made_on made_to about outcome outcome_on made_by"),
    "Dispute": _all("disputes", f"{_ROW} about text opened_on closed_on outcome opened_by"),
    "Statement": _all("voice", f"{_ROW} kind text language said_on readers taken_down_by taken_down_as"),
    "Handover": _all(
        "identity", f"{_ROW} giver taker state reason takes_effect_on overlap_until proposed_by proposed_on decided_by decided_on answer"
    ),
    "EmergencyAccess": _all("identity", f"{_ROW} user role from_authority starts_on ends_on reviewed_by reviewed_on")
    | _all("safeguarding", "reason finding"),
    "PlacementNotice": _all("identity", f"{_ROW} placement host sent_on acknowledged_on acknowledged_by"),
    "DataRequest": _all(
        "education", f"{_ROW} asked_of kinds question asked_by asked_on due_on received_on answered_by answer data_as_of withdrawn_on"
    ),
    "Enrolment": _all("education", f"{_ROW} school started_on ended_on leaving_reason"),
    "EotasPlace": _all("education", f"{_ROW} provider kind started_on ended_on"),
    "TermRecord": _all("education", f"{_ROW} school year term subjects_assessed subjects_on_track")
    | _all("attendance", "sessions_possible sessions_attended sessions_unauthorised days_excluded"),
    "Pep": _all(
        "education",
        f"{_ROW} state school initiated_on developing_on developed_on finalised_on amending_on closed_on amendment_reason version asked_for",
    ),
    "Section": _all("education", f"{_ROW} pep key answers language version written_by written_as written_at sitting"),
    "Target": _all("targets", f"{_ROW} pep key position area goal measure strategy when_done where_done done_by how_often review_on language")
    | _all("education", "need identified_with baseline cost funding carer_part child_agrees teacher_agrees version"),
    "Evaluation": _all("education", f"{_ROW} pep of_version target outcome evidence evaluated_on language written_by written_as version"),
    "Provision": _all(
        "education",
        f"{_ROW} pep key need outcome what how_much how_often in_welsh provider from_on review_on last_on why goes_on secured_by school"
        " ended_on end_reason since until language version",
    ),
    "CatchUp": _all("education", f"{_ROW} pep key subject gap provider sessions starts_on ends_on funding outcome since until language version"),
    "Attainment": _all("education", f"{_ROW} {_MEASURED} measure subject named value volume basis"),
    "Wellbeing": _all("wellbeing", f"{_ROW} {_MEASURED} instrument edition informant named scores words follow_up language"),
    # Who is named with an action is one of the people around the child.
    "Action": _all("education", f"{_ROW} pep what owner_role due_on resource state evidence done_on reason carried_from since until language version")
    | _all("contacts", "owner"),
    # Who was asked by e-mail is named to those who may reach the people around the child; what the form calls the pupil, to all.
    "Contribution": _all(
        "education",
        f"{_ROW} pep number role due_on asked_on asked_by subject school sent expires_at token_sha256 sitting answers language given_at given_by"
        " given_as declined_at reason withdrawn_at version",
    )
    | _all("contacts", "person name")
    | _all("called", "pupil"),
    # What came of what the child asked for holds the child's own words (VOICE-01).
    "Reply": _all(
        "voice",
        f"{_ROW} pep question words words_language outcome answer language answered_on answered_by answered_as told_on told_how version",
    ),
    # Pictures and recordings on the child's page (PEP-12): the child's own, like what the child said.
    "Addition": _all(
        "voice",
        f"{_ROW} pep key kind media_type data sha256 description language added_on added_by added_as readers held_since removed_on",
    ),
    # Offers to meet others hold what the child said to them (VOICE-14).
    "PeerOffer": _all("voice", f"{_ROW} what offered_on offered_by offered_as answer words language next_on"),
    # What those who watch over a plan ask of those who deliver it: between professionals (PEP-31).
    "Challenge": _all(
        "care",
        f"{_ROW} pep about text language raised_by raised_as raised_on reply_due_on reply reply_language replied_by replied_as replied_on"
        " ending left_open left_open_language ended_on",
    ),
    # Whom the child lets read an answer of the child's page (VOICE-15).
    "AnswerReaders": _all("voice", f"{_ROW} question readers chosen_on"),
    # Grades and feedback are read under the facet of the area or section that they are about.
    "QualityReview": _all(
        "education",
        f"{_ROW} pep of_version state edition standard reviewer reviewed_as taken_on grades feedback language overall decided_on moderated"
        " second_rater second_grades second_on version",
    ),
    "Version": _all("education", f"{_ROW} pep number content sha256 reason finalised_by finalised_on origin"),
    "Review": _all("education", f"{_ROW} number state scheduled_for venue chair outside_lessons lesson_reason private_room held_on version")
    | _all("care", "episode summary")
    | _all("voice", "participation"),
    # Who comes to a meeting: a carer's account tells who the carer is.
    "PlanMeeting": _all("education", f"{_ROW} pep state starts_at place purpose lesson_reason held_on present reason language version")
    | _all("voice", "advocate advocate_asked_on"),
    "MeetingInvitation": _all("education", f"{_ROW} meeting who withdrawn_on") | _all("contacts", "name") | _all("address", "user"),
    "Invitation": _all("education", f"{_ROW} review capacity reason withdrawn_on attendance") | _all("contacts", "name") | _all("address", "user"),
    "Postponement": _all("education", f"{_ROW} review was_scheduled_for reason postponed_by"),
    "Decision": _all("education", f"{_ROW} review position text owner due_on"),
    "EarlierReview": _all("education", f"{_ROW} language asked_by asked_on needed_by answered_by answered_on answer") | _all("care", "cause words"),
    "MoveApproval": _all("education", f"{_ROW} enrolment heard shaped promoted fits language approved_by approved_on"),
    "Duty": _all(
        "education",
        f"{_ROW} code rule_version fact clock trigger_on subject due_on provisional brought_to role next_rung next_look_on ladder_round closed_on"
        " outcome reason evidence done_note handed_to",
    )
    | _all("care", "ended_because"),
    "Waiver": _all("education", f"{_ROW} duty reason exemption asked_by asked_on decided_by decided_on agreed answer"),
    "MissAnswer": _all("education", f"{_ROW} duty acknowledged_by acknowledged_on remedy remedy_by"),
    "Notification": _all(
        "education",
        f"{_ROW} kind source step recipient channel language facts leased_until attempts attempted_at accepted_at failed_at possibly_repeated"
        " spared_at digest read_at",
    ),
}

# A section of a plan is read under a facet of its own, in the draft as in a frozen version (PRIV-07).
SECTIONS: dict[str, str] = {
    "my_page": "voice",
    "history": "education",
    "arrangements": "education",
    "attainment": "education",
    "personal_development": "wellbeing",
    "carer": "education",
    "contacts": "contacts",
    "elsewhere": "education",
    "aln": "education",
    "exclusions": "attendance",
    "aspirations": "education",
    "post_16": "education",
    "transition": "education",
    "pathway": "education",
}
# Who writes a section, and by which act.
CARERS = words("foster_carer kinship_carer residential_worker")  # CAR-02, CAR-10: whoever cares for the child day by day
WRITERS: dict[str, tuple[str, frozenset[str]]] = {
    "my_page": ("contribute_to_pep", words("child designated_person social_worker") | CARERS),
    "history": ("write_pep", words("designated_person lace_coordinator social_worker")),
    "arrangements": ("write_pep", words("designated_person lace_coordinator")),
    "attainment": ("write_pep", words("designated_person lace_coordinator")),
    "personal_development": ("write_pep", words("designated_person lace_coordinator")),
    "carer": ("contribute_to_pep", words("designated_person social_worker") | CARERS),
    "contacts": ("write_pep", words("designated_person lace_coordinator social_worker")),
    "elsewhere": ("write_pep", words("designated_person lace_coordinator")),
    "aln": ("write_pep", words("designated_person lace_coordinator social_worker")),
    "exclusions": ("write_pep", words("designated_person lace_coordinator")),
    "aspirations": ("write_pep", words("designated_person lace_coordinator")),
    "post_16": ("write_pep", words("designated_person lace_coordinator")),
    "transition": ("write_pep", words("designated_person lace_coordinator social_worker")),
    "pathway": ("write_pep", words("designated_person lace_coordinator social_worker")),
}


# ---- what the API tells ----
def _told(prefix: str, **facets: str) -> dict[str, str]:
    """Fields below a name, each with its facet; the name itself has the facet of its first."""
    found = {f"{prefix}.{name}": facet for facet, names in facets.items() for name in names.split()}
    return {prefix: next(iter(facets))} | found if prefix else {name.removeprefix("."): facet for name, facet in found.items()}


_DUTY = (
    "beside child clock clock_words closed_on code days_late due_on force id next_told outcome overdue reason role role_words source state_words"
    " strictest title trigger trigger_on trigger_words why"
)
_PAGE = {"next": ""}
_CHILD = {"child": "identity", "child.id": "identity", "child.reference": "care"}
_CHANGED = _CHILD | {"version": ""}
_REVIEW = {
    "education": "id number state scheduled_for venue outside_lessons lesson_reason private_room held_on version",
    "voice": "participation",
    "care": "summary",
}


def _review(prefix: str) -> dict[str, str]:
    dot = f"{prefix}." if prefix else ""
    return (
        _told(prefix, **_REVIEW)
        | _told(f"{dot}decisions", education="text owner due_on")
        | _told(f"{dot}invitations", education="capacity reason attendance", contacts="name")
    )


# Operation -> field of a good answer -> facet ("" for what is of no child: the address of the next page, a version's fingerprint).
API: dict[tuple[str, str], dict[str, str]] = {
    ("/api/v1/children/{child}/address/", "POST"): _CHANGED,
    ("/api/v1/children/", "GET"): _PAGE
    | _told(
        "results",
        identity="id given_names family_name preferred_name born_on sex upn first_language",
        care="reference care_started_on host_authority outside_wales",
        education="additional_needs school",
    ),
    ("/api/v1/children/{child}/", "GET"): _told(
        "",
        identity="id given_names family_name preferred_name born_on sex ethnicity upn first_language responsible_authority",
        care="reference",
        education="disabled additional_needs free_school_meals",
        address="address_is_sensitive",
    )
    | _told("care_episodes", care="id started_on entry_type legal_status ended_on end_reason", legal="reason")
    | _told(
        "placements",
        care="id kind started_on ended_on end_reason host_authority outside_wales",
        address="carer_name address postcode",
    )
    | _told("enrolments", education="id school started_on ended_on leaving_reason")
    | _told("eotas", education="id provider kind started_on ended_on")
    | _told("safety", education="who name why source")
    | _told("people", contacts="relation name email")
    | _told(
        "terms",
        education="school year term subjects_assessed subjects_on_track",
        attendance="sessions_possible sessions_attended sessions_unauthorised days_excluded",
    )
    | {"version": ""},
    ("/api/v1/children/{child}/duties/", "GET"): _PAGE | _told("results", education=_DUTY),
    ("/api/v1/children/{child}/end-of-care/", "POST"): _CHANGED | _told("care_episode", care="id"),
    ("/api/v1/children/{child}/eotas/", "POST"): _told("", education="id provider kind started_on ended_on"),
    ("/api/v1/children/{child}/eotas/{place}/end/", "POST"): _told("", education="id provider kind started_on ended_on"),
    ("/api/v1/children/{child}/pep/", "GET"): {},  # an open shape: held by what it shows (routes.py)
    ("/api/v1/children/{child}/placements/", "POST"): _CHANGED | _told("placement", care="id"),
    ("/api/v1/children/{child}/reviews/", "GET"): _PAGE | _review("results"),
    ("/api/v1/children/{child}/reviews/", "POST"): _review(""),
    ("/api/v1/children/{child}/social-worker/", "POST"): _CHANGED,
    ("/api/v1/duties/", "GET"): _PAGE | _told("results", education=_DUTY),
    ("/api/v1/entries/", "POST"): _CHANGED
    | _told("care_episode", care="id")
    | _told("placement", care="id")
    | _told("enrolment", education="id")
    | _told("duties", education=_DUTY),
    ("/api/v1/token/", "POST"): dict.fromkeys(words("access_token expires_in scope token_type"), ""),
}
