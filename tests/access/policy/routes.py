"""Every address of Lace: what it is about and what opens it. The application never reads this file.

One line a route. A route that is not here fails the build, and so does a line whose route is gone. How to read a line:

- `about` is what the address names: "child" (a page about one child), "own" (a page of the child who is signed in; "own child": about
  what is that child's), "api child" (the same for case systems), "children" (a list of those within reach), "school", "school policy",
  "schools", "report", "office" (an act on no child), "tenant" (somebody or something of one authority), "body duty" (a duty of the
  authority as such), "absence" (somebody's days away), "everyone" (whoever has a role), "self" (one's own account), "public" (before
  signing in), "api" (for case systems, about no one child), "api about" (the API's own description), "nothing".
- `roles`: of those who may, only these. `side`: of a hand-over or a notice, whose authority may act. `hidden_with`: to a holder of this
  act alone what the address names is not there. `may_miss`: what the address names was not made, and is not there for anybody.
- `needs`: without one of these facets the page is not there (404). `act`: without it the person is refused (403).
- `methods`: what the address takes besides OPTIONS, which shows nothing. Everything else is refused with 405, or with 404 where the
  object is not visible.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.access.policy.words import words


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the policy."""

    about: str
    methods: frozenset[str]
    needs: frozenset[str]
    act: str
    roles: frozenset[str]
    hidden_with: str
    side: str
    may_miss: bool


ROUTES: dict[str, Route] = {}
FORM = "GET HEAD POST"


def _route(
    name: str,
    about: str,
    methods: str = "GET HEAD",
    *,
    needs: str = "",
    act: str = "",
    roles: str = "",
    hidden_with: str = "",
    side: str = "",
    may_miss: bool = False,
) -> None:
    assert name not in ROUTES, f"{name} stands twice"
    ROUTES[name] = Route(about, words(methods), words(needs), act, words(roles), hidden_with, side, may_miss)


# ---- a child's record ----
_route("child", "child", needs="identity called")
_route("child_plan", "child", needs="education")
_route("child_targets", "child", needs="targets")
_route("child_measures", "child", needs="education wellbeing")
for _name, _facet in (("attainment", "education"), ("wellbeing", "wellbeing")):
    _route(f"child_{_name}_add", "child", FORM, needs=_facet, act="write_pep")
    _route(f"child_{_name}_correct", "child", FORM, needs=_facet, act="write_pep")
_route("child_plan_start", "child", FORM, needs="education", act="start_pep")
_route("child_plan_read", "child", needs="education")
_route("child_plan_ask", "child", FORM, needs="education", act="write_pep")
_route("child_plan_section", "child", FORM, needs="education")
_route("child_plan_target_add", "child", FORM, needs="education", act="write_pep")
_route("child_plan_target", "child", FORM, needs="education", act="write_pep")
_route("child_plan_target_remove", "child", FORM, needs="education", act="write_pep")
_route("child_plan_evaluate", "child", FORM, needs="education", act="write_pep")
_route("child_plan_go_on", "child", FORM, needs="education", act="write_pep")
_route("child_plan_progress", "child", needs="education")
for _name in words("child_plan_provision_add child_plan_provision child_plan_provision_end child_plan_provision_remove"):
    _route(_name, "child", FORM, needs="education", act="write_pep")
for _name in words("child_plan_catch_up_add child_plan_catch_up child_plan_catch_up_remove"):
    _route(_name, "child", FORM, needs="education", act="write_pep")
for _name in words("child_plan_action_add child_plan_action child_plan_action_remove child_plan_action_settle child_plan_action_carry"):
    _route(_name, "child", FORM, needs="education", act="keep_actions")
for _name in words("child_plan_ask_words child_plan_letter child_plan_words_again child_plan_words_withdraw"):
    _route(_name, "child", FORM, needs="education", act="write_pep")
# Of the contribution that the matrix made, which the carers are asked for.
for _name in words("child_plan_words child_plan_words_decline"):
    _route(_name, "child", FORM, needs="education", act="contribute_to_pep", roles="foster_carer kinship_carer residential_worker")
for _name in words("child_plan_meeting_add child_plan_meeting child_plan_meeting_hold child_plan_meeting_cancel"):
    _route(_name, "child", FORM, needs="education", act="write_pep")
for _name in words("child_plan_wish child_plan_wish_told"):
    _route(_name, "child", FORM, needs="education", act="write_pep")
_route("child_plan_care_plan", "child", needs="education")
# Challenges (PEP-31): for who raises them, who answers, and the designated manager, to whom what is not settled is passed.
_route("child_plan_challenges", "child", needs="education", act="challenge_plan write_pep answer_miss")
_route("child_plan_challenge_raise", "child", FORM, needs="education", act="challenge_plan")
_route("child_plan_challenge_reply", "child", FORM, needs="education", act="write_pep")
_route("child_plan_challenge_end", "child", FORM, needs="education", act="challenge_plan")
# pictures and recordings on the child's page: who may write it adds one, the child takes any away (others what they put there)
_WRITES_MY_PAGE = "child designated_person social_worker foster_carer kinship_carer residential_worker"
_route("child_plan_additions", "child", FORM, needs="voice", act="contribute_to_pep", roles=_WRITES_MY_PAGE)
_route("child_plan_addition", "child", needs="voice")
_route("child_plan_addition_remove", "child", FORM, needs="voice", act="contribute_to_pep", roles="child")
_route("child_plan_final", "child", FORM, needs="education", act="finalise_pep")
_route("child_plan_amend", "child", FORM, needs="education", act="write_pep")
_route("child_plan_close", "child", FORM, needs="education", act="write_pep")
_route("child_plan_version", "child", needs="education")
_route("child_plan_differences", "child", needs="education")
_route("child_plan_quality", "child", needs="education", act="write_pep review_pep")
for _name in words(
    "child_plan_quality_take child_plan_quality_grade child_plan_quality_feedback child_plan_quality_decide child_plan_quality_second"
):
    _route(_name, "child", FORM, needs="education", act="review_pep")
_route("child_plan_pdf", "child", needs="education", may_miss=True)
_route("child_plan_own_pdf", "child", needs="education", may_miss=True)
_route("child_plan_version_pdf", "child", needs="education")
_route("child_plan_version_own_pdf", "child", needs="education")
_route("child_plan_needs", "child", needs="education")
_route("child_plan_needs_pdf", "child", needs="education")
_route("child_plan_export", "child", needs="education", act="share_record", may_miss=True)
_route("child_plan_import", "child", FORM, needs="education", act="share_record")
_route("child_plan_blank_pdf", "child", needs="education")
_route("child_meetings", "child", needs="education")
_route("child_review_arrange", "child", FORM, needs="education", act="arrange_review")
_route("child_review_move", "child", FORM, needs="education", act="arrange_review")
_route("child_review_invited", "child", FORM, needs="education", act="arrange_review")
_route("child_review_cancel", "child", FORM, needs="education", act="arrange_review")
_route("child_review_close", "child", FORM, needs="education", act="close_review")
_route("child_review_calendar", "child", needs="education")
_route("child_duties", "child", needs="education")
_route("child_duty_reason", "child", FORM, needs="education", act="explain_lateness")
# acts on a duty of social care: its own role's, the LACE coordinator's, the designated manager's; and of a statutory one the latter's to waive
for _name in words("child_duty_done child_duty_undo child_duty_hand child_duty_waive"):
    _route(_name, "child", FORM, needs="education", act="record_duty", roles="social_worker lace_coordinator designated_manager")
_route("child_duty_decide", "child", FORM, needs="education", act="waive_duty", roles="designated_manager")
_route("child_move_approve", "child", FORM, needs="education", act="approve_move")
_route("child_review_sooner", "child", FORM, needs="education", act="arrange_review")
_route("child_review_answer", "child", FORM, needs="education", act="arrange_review", roles="iro")
_route("child_miss", "child", FORM, needs="education", act="answer_miss")
_route("child_school", "child", needs="education attendance")
_route("child_people", "child", needs="contacts")
_route("child_timeline", "child", needs="education care")
_route("child_access", "child", needs="identity")
_route("child_eotas", "child", FORM, needs="education", act="record_school")
_route("child_eotas_end", "child", FORM, needs="education", act="record_school")
# what few may read: people to be kept away (PRIV-05), risks and referrals (SCH-20), disagreements (PRIV-03), the child's words (VOICE-15)
_route("child_no_contact", "child", needs="no_contact")
_route("child_no_contact_add", "child", FORM, needs="no_contact", act="record_no_contact")
_route("child_no_contact_change", "child", FORM, needs="no_contact", act="record_no_contact")
_route("child_no_contact_end", "child", FORM, needs="no_contact", act="record_no_contact")
_route("child_safety", "child", needs="safeguarding referrals")
_route("child_risk_add", "child", FORM, needs="safeguarding", act="record_risk")
_route("child_risk_end", "child", FORM, needs="safeguarding", act="record_risk")
_route("child_referral_add", "child", FORM, needs="referrals", act="record_referral")
_route("child_referral_outcome", "child", FORM, needs="referrals", act="record_referral")
_route("child_disputes", "child", needs="disputes")
_route("child_dispute_add", "child", FORM, needs="disputes", act="record_dispute")
_route("child_dispute_settle", "child", FORM, needs="disputes", act="record_dispute")
_route("child_said", "child", needs="voice")
_route("child_peers", "child", needs="voice")
_route("child_peers_add", "child", FORM, needs="voice", act="take_down_statement")
_route("child_said_add", "child", FORM, needs="voice", act="take_down_statement")
# who looked, and what changed: for the responsible authority (PRIV-12)
_route("child_looks", "child", needs="identity", act="see_who_looked")
_route("child_looks_csv", "child", needs="identity", act="see_who_looked")
_route("child_changes", "child", needs="identity", act="see_who_looked")
# sharing (XLA-02, PRIV-10, PRIV-11) and handing over (XLA-12); a designated person shares inside the school only
_route("child_share", "child", needs="identity", act="share_record share_in_school")
_route("child_share_with", "child", FORM, needs="identity", act="share_record", hidden_with="share_in_school")
_route("child_share_end", "child", FORM, needs="identity", act="share_record")
_route("child_share_withdraw", "child", FORM, needs="identity", act="consent")
_route("child_address", "child", FORM, needs="identity", act="record_care")
_route("child_support", "child", FORM, needs="identity", act="share_record", roles="lace_coordinator", may_miss=True)
_route("handover_propose", "child", FORM, needs="identity", act="hand_over")
_route("handover_accept", "child", FORM, needs="identity", act="take_over", side="taker")
_route("handover_refuse", "child", FORM, needs="identity", act="take_over", side="taker")
_route("handover_withdraw", "child", FORM, needs="identity", act="take_over", side="giver")
_route("notice_acknowledge", "child", FORM, needs="identity", act="answer_for_data", side="host")
# data asked of other bodies and answered (XLA-05, XLA-06); records opened in an emergency
_route("child_data", "child", needs="education", act="ask_for_data answer_for_data")
_route("child_data_ask", "child", FORM, needs="education", act="ask_for_data")
_route("child_data_send", "child", FORM, needs="education", act="ask_for_data answer_for_data")
_route("child_data_answer", "child", FORM, needs="education", act="answer_for_data", side="asked")
_route("child_data_record", "child", FORM, needs="education", act="ask_for_data")
_route("child_data_withdraw", "child", FORM, needs="education", act="ask_for_data")
_route("emergency_review", "child", FORM, needs="identity", act="see_who_looked")
# the child's own pages, which no address can turn to another child
_route("own", "own")
_route("own_said", "own")
_route("own_said_add", "own", FORM)
_route("own_said_readers", "own child", FORM)
_route("own_answer_readers", "own", FORM)
_route("own_addition_readers", "own child", FORM)
_route("own_who", "own")
_route("own_meeting_sooner", "own", FORM)
# What else a child may open; every other page is for adults.
FOR_CHILD = words(
    "work child_plan_additions child_plan_addition child_plan_addition_remove own_addition_readers"
    " child_plan_section child_plan_read child_plan_version child_plan_progress"
    " child_plan_own_pdf child_plan_version_own_pdf child_plan_blank_pdf"
    " own own_said own_said_add own_said_readers own_answer_readers own_who own_meeting_sooner"
)

# ---- the same for case systems ----
_route("api_eotas", "api child", "POST", act="record_school")
_route("api_eotas_end", "api child", "POST", act="record_school")
_route("api_child", "api child")
_route("api_child_duties", "api child")
_route("api_reviews", "api child", FORM, act="arrange_review")
_route("api_pep", "api child")
_route("api_placements", "api child", "POST", act="record_care")
_route("api_social_worker", "api child", "POST", act="record_care")
_route("api_end_of_care", "api child", "POST", act="record_care")
_route("api_address", "api child", "POST", act="record_care")
_route("api_children", "api")
_route("api_duties", "api")
_route("api_entries", "api", "POST")
_route("api_token", "public", "POST")
_route("api_schema", "api about")
_route("api_docs", "api about")
_route("", "nothing", "")  # every other address below /api/

# ---- lists and the office ----
_route("work", "everyone")
_route("messages", "everyone", FORM)
_route("message_choices", "everyone", FORM)
_route("feed_new", "everyone", "POST")
_route("feed_end", "everyone", "POST")
_route("children", "children")
_route("dashboard", "office", act="see_dashboard")
_route("handovers", "office", act="take_over")
_route("data_requests", "office", act="take_over")
_route("emergencies", "office", act="take_over")
_route("placed", "office", act="take_over")
_route("placed_add", "office", FORM, act="take_over")
_route("placed_list", "office", FORM, act="take_over")
_route("placed_settle", "tenant", FORM, act="take_over")
_route("emergency_open", "office", FORM, act="break_glass")
_route("dashboard_plans", "office", act="see_dashboard")
_KEEPERS = "lace_coordinator designated_manager social_worker iro personal_adviser designated_person headteacher"
_route("duties", "children", roles=_KEEPERS)
_route("duties_csv", "children", roles=_KEEPERS)
_route("what_if", "everyone")
_route("quality", "office", act="review_pep")
_route("peers", "office", act="see_dashboard", roles="lace_coordinator")
_route("wishes", "office", act="see_dashboard", roles="lace_coordinator")  # what children said is not opened to managers
_route("quality_figures", "office", act="review_pep")
_route("quality_standard", "everyone")
_route("quality_standard_change", "office", FORM, act="set_standard")
_route("guidance", "everyone")
_route("guidance_pdf", "everyone")
_route("guidance_change", "office", FORM, act="set_standard")
_route("combined_plan", "everyone")
_route("combined_plan_change", "office", FORM, act="set_standard")
_route("drift", "children", roles="iro")
_route("moves", "office", act="see_dashboard")
_route("body_duties", "office", act="see_body_duties")
_route("body_duty_done", "body duty", FORM, act="see_body_duties", roles="lace_coordinator")
_route("body_duty_undo", "body duty", FORM, act="see_body_duties", roles="lace_coordinator")
_route("body_duty_reason", "body duty", FORM, act="see_body_duties", roles="lace_coordinator")
# whoever has duties: reminders, and so somebody to leave them to
_WITH_DUTIES = (
    "social_worker designated_manager iro personal_adviser designated_person headteacher governor link_governor lace_coordinator"
    " pep_reviewer senior_leader"
)
_route("away", "everyone", FORM, roles=_WITH_DUTIES)
_route("away_others", "office", FORM, act="keep_calendar", roles="administrator lace_coordinator")
_route("away_back", "absence", "POST", roles="administrator lace_coordinator")
_route("misses", "office", act="see_dashboard")
_route("misses_csv", "office", act="see_dashboard")
_route("dashboard_timeliness", "office", act="see_dashboard")
_route("duties_bodies", "office", act="see_body_duties")
_route("duties_bodies_csv", "office", act="see_body_duties")

# ---- schools and reports ----
_route("schools", "schools")
_route("school", "school")
_route("school_calendar", "school")
_route("school_designate", "school", FORM, act="designate")
_route("school_designation_end", "school", FORM, act="designate")
_route("school_confirm", "school", FORM, act="confirm_register")
_route("school_policy", "school policy")
_route("school_policy_adopt", "school", FORM, act="adopt_policy")
_route("school_policy_check", "school", FORM, act="monitor_policy")
_route("school_policy_sign", "school", FORM, act="sign_policy")
_route("school_policy_write", "school", FORM, act="write_policy")
_route("reports", "office", act="read_report")
_route("report_prepare", "office", FORM, act="prepare_report")
_route("report", "report", act="read_report")
_route("report_publish", "report", FORM, act="approve_report")
_route("report_pdf", "report", act="read_report")
_route("report_challenge", "report", FORM, act="challenge_report")
_route("report_challenge_reply", "report", FORM, act="prepare_report")

# ---- counted figures, of no child ----
_route("figures", "office", act="read_figures")
_route("figures_pdf", "office", act="read_figures", may_miss=True)
_route("figures_csv", "office", act="read_figures", may_miss=True)

# ---- an authority's people, and its audit: no child in either ----
for _name in words("administration people invite invitations"):
    _route(_name, "office", act="administer")
for _name in words("invite_as access_review"):
    _route(_name, "office", FORM, act="administer")
for _name in words("person person_roles access_review_file"):
    _route(_name, "tenant", act="administer")
for _name in words("person_name person_role_add person_role_end person_suspend"):
    _route(_name, "tenant", FORM, act="administer")
for _name in words("invitation_again invitation_withdraw undelivered_again"):
    _route(_name, "tenant", "POST", act="administer")
_route("person_session_end", "tenant", "POST", act="administer", may_miss=True)
_route("undelivered", "office", act="administer")
_route("access_review_of", "tenant", FORM, act="administer")
_route("audit", "office", act="read_audit")
_route("audit_reads", "office", act="read_audit")
_route("audit_head", "office", act="read_audit", may_miss=True)
_route("audit_thresholds", "office", FORM, act="read_audit")
_route("audit_answer", "tenant", FORM, act="read_audit")

# ---- calendars: of the authority, or of one's own school; one-off bank holidays are the authority's, and so is the list of its schools ----
_route("calendars", "office", act="keep_calendar")
_route("calendar_csv", "office", act="keep_calendar")
for _name in words("calendar_term calendar_term_remove calendar_closed_add calendar_closed_remove calendar_lessons calendar_file"):
    _route(_name, "office", FORM, act="keep_calendar")
for _name in words("calendar_holiday_add calendar_holiday_remove"):
    _route(_name, "office", FORM, act="keep_calendar", roles="administrator lace_coordinator")
_route("calendar_schools", "office", act="keep_calendar", roles="administrator lace_coordinator")

# ---- deadlines: what the authority chose about the rules ----
_route("deadlines", "office", act="administer")
_route("deadline", "office", FORM, act="administer")

# ---- one's own account, and what is there before signing in ----
for _name in words(
    "account account_change_password account_set_password account_reauthenticate mfa_reauthenticate mfa_reauthenticate_webauthn second_factor"
    " mfa_activate_totp mfa_deactivate_totp mfa_add_webauthn mfa_remove_webauthn mfa_view_recovery_codes mfa_generate_recovery_codes mfa_index"
    " mfa_list_webauthn change_role choose_role sign_out_elsewhere account_logout"
):
    _route(_name, "self", FORM)
for _name in words(
    "account_login mfa_login_webauthn mfa_authenticate account_reset_password account_reset_password_done account_reset_password_from_key"
    " account_reset_password_from_key_done web:health web:theme web:language web:hide web:cookies web:accessibility web:gallery web:gallery_form"
    " invitation feed asked asked_thanks"
):
    _route(_name, "public", FORM)

# Where what a refused person posts is filled in, and the world of the matrix does not accept it even from those who may, and why not.
UNFILLED = words(
    "person_session_end child_support feed_end"  # there is none
    " child_duty_undo body_duty_undo child_move_approve"  # the duty is open; the move is approved
    " feed_new"  # everybody may, and the answer itself shows what was made
    " child_review_close"  # is to come
    " own_meeting_sooner"  # the child has asked already
    " child_plan_challenge_end"  # what is challenged has no reply yet
    " emergency_review"  # who opened the record does not look into it
    " school_designate messages access_review"  # no form with fields of its own
    " school_policy_sign school_policy_adopt school_policy_check"  # no draft waits
    " child_plan_start child_plan_import child_plan_amend"  # the plan is begun and being amended
    " child_plan_provision_add"  # the authority has the development plan apart
    " child_plan_quality_take child_plan_quality_grade child_plan_quality_feedback child_plan_quality_decide"  # it has been looked at
    " child_plan_final child_plan_close child_review_arrange api_reviews handover_propose"
    " child_referral_outcome report_publish"  # done, or not yet time
    " placed_list child_plan_additions"  # takes a file
)
