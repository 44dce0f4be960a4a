"""What of the child's record each address shows, to those who hold the field's facet; held equal by the matrix, in both directions.

The application never reads this file.
"""

from __future__ import annotations

from tests.access.policy.words import words

# Above every page stands whose record it is; above a form of its own, the child's name.
_NAME = words("Child.family_name Child.preferred_name")
_FRAME = _NAME | words("Child.born_on")
_STRATEGY = words("Target.strategy Target.when_done Target.where_done Target.done_by Target.how_often")
_PROVISION = words(
    "Provision.need Provision.outcome Provision.what Provision.how_much Provision.how_often Provision.provider Provision.why Provision.secured_by"
)
_CATCH_UP = words("CatchUp.subject CatchUp.gap CatchUp.provider")
_PARTS = words(
    "my_page history arrangements elsewhere attainment aln exclusions aspirations post_16 transition personal_development carer pathway contacts"
)
_DRAFT = (
    _STRATEGY
    | _PROVISION
    | _CATCH_UP
    | {f"Section.{part}" for part in _PARTS}
    | words(
        "Target.baseline Target.carer_part Target.goal Target.measure Target.need Target.identified_with"
        " Version.targets.goal Evaluation.evidence Action.what Action.resource Action.reason"
        " Contribution.subject Contribution.answers Contribution.advocate Contribution.reason"
        " Attainment.named Wellbeing.named Wellbeing.words Wellbeing.follow_up Reply.words Reply.answer"
        " Addition.description"
    )
)
_GRADED = {f"Version.{part}" for part in _PARTS} | words(
    "Version.targets.baseline Version.targets.carer_part Version.targets.goal"
    " Version.targets.measure Version.targets.need Version.targets.strategy Version.targets.when_done Version.targets.where_done"
    " Version.targets.done_by Version.targets.how_often Version.targets.identified_with"
    " Version.actions.what Version.actions.resource Version.actions.reason"
    " Version.attainment.named Version.wellbeing.named Version.wellbeing.words Version.wellbeing.follow_up"
)
_VERSION = _GRADED | words(
    "Version.contributions Version.contributions.advocate Version.replies.words Version.replies.answer"
    " Version.provisions.need Version.provisions.outcome Version.provisions.what Version.provisions.how_much Version.provisions.how_often"
    " Version.provisions.provider Version.provisions.why Version.provisions.secured_by"
    " Version.catch_up.subject Version.catch_up.gap Version.catch_up.provider Version.catch_up.outcome"
)
_ENDED = words("Version.ended.goal Version.ended.evidence")
SHOWS: dict[str, frozenset[str]] = {
    "api_child": _FRAME
    | words(
        "Child.first_language Child.given_names Child.reference Child.upn EotasPlace.provider Placement.outside_wales PlacementAddress.address"
        " PlacementAddress.carer_name PlacementAddress.postcode carer.email carer.name"
    ),
    "api_child_duties": words("Duty.reason"),
    "api_pep": words("Duty.reason Target.baseline Target.carer_part Target.goal Target.measure Target.need Target.identified_with Version.reason")
    | _STRATEGY
    | words("Action.what Action.resource Action.reason Evaluation.evidence"),
    "api_reviews": words(
        "Decision.owner Decision.text Invitation.name Invitation.reason Review.lesson_reason Review.private_room Review.summary Review.venue"
    ),
    "child": _FRAME
    | words(
        "Attainment.named Wellbeing.named"
        " Child.first_language Child.given_names Child.reference Child.upn PlacementAddress.address PlacementAddress.carer_name"
        " PlacementAddress.postcode"
    ),
    "child_access": _FRAME | words("carer.name"),
    "child_address": _FRAME,
    "child_dispute_add": _FRAME,
    "child_dispute_settle": _FRAME | words("Dispute.text"),
    "child_disputes": _FRAME | words("Dispute.outcome Dispute.text"),
    "child_duties": _FRAME | words("Duty.reason Duty.done_note Waiver.reason Waiver.answer"),
    "child_duty_reason": _FRAME | words("Duty.reason"),
    "child_duty_done": _FRAME,
    "child_duty_undo": _FRAME | words("Duty.done_note"),
    "child_duty_hand": _FRAME,
    "child_duty_waive": _FRAME,
    "child_duty_decide": _FRAME | words("Waiver.reason"),
    "child_miss": _NAME | words("Duty.reason"),  # of a miss that nobody has answered yet
    "child_move_approve": _FRAME,
    "child_eotas": _FRAME,
    "child_eotas_end": _FRAME | words("EotasPlace.provider"),
    "child_measures": _FRAME | words("Attainment.named Attainment.reason Wellbeing.named Wellbeing.words Wellbeing.follow_up Wellbeing.reason"),
    "child_attainment_add": _NAME,
    "child_attainment_correct": _NAME | words("Attainment.named"),
    "child_wellbeing_add": _NAME,
    "child_wellbeing_correct": _NAME | words("Wellbeing.words Wellbeing.follow_up Wellbeing.named"),
    "child_meetings": _FRAME
    | words(
        "EarlierReview.words Decision.owner Decision.text Invitation.name Invitation.reason Review.lesson_reason Review.private_room"
        " Review.summary Review.venue"
    ),
    "child_no_contact": _FRAME | words("NoContactPerson.detail NoContactPerson.name NoContactPerson.relationship"),
    "child_no_contact_add": _FRAME,
    "child_no_contact_change": _FRAME | words("NoContactPerson.detail NoContactPerson.name NoContactPerson.relationship"),
    "child_no_contact_end": _FRAME | words("NoContactPerson.name"),
    "child_people": _FRAME | words("carer.email carer.name"),
    "child_plan": _FRAME
    | words("Section.my_page Section.personal_development Target.carer_part Target.goal Target.measure Version.reason Version.targets.goal")
    | _STRATEGY
    | _PROVISION
    | _CATCH_UP
    | words("Action.what Action.resource Action.reason Evaluation.evidence Contribution.subject")
    | words("PlanMeeting.place PlanMeeting.purpose PlanMeeting.lesson_reason PlanMeeting.reason MeetingInvitation.name"),
    "child_plan_meeting": _NAME | words("PlanMeeting.place PlanMeeting.purpose PlanMeeting.lesson_reason carer.name"),
    "child_plan_meeting_add": _NAME | words("carer.name"),
    "child_plan_meeting_hold": _NAME,
    "child_plan_meeting_cancel": _NAME,
    "child_plan_provision": _NAME | _PROVISION,
    "child_plan_provision_add": _NAME,
    "child_plan_provision_end": _NAME | words("Provision.what"),
    "child_plan_provision_remove": _NAME | words("Provision.what"),
    "child_plan_needs": _FRAME
    | words("Target.need Target.baseline Target.strategy Target.goal Provision.need Provision.what Provision.how_much Provision.how_often")
    | words("Provision.why Provision.outcome"),
    "child_plan_catch_up": _NAME | _CATCH_UP,
    "child_plan_catch_up_add": _NAME,
    "child_plan_catch_up_remove": _NAME | words("CatchUp.gap"),
    "child_plan_wish": _NAME | words("Section.my_page Reply.answer"),
    "child_plan_wish_told": _NAME | words("Section.my_page Reply.answer"),
    "child_plan_care_plan": _FRAME,
    "child_plan_challenges": _FRAME | words("Challenge.text Challenge.reply Challenge.left_open"),
    "child_plan_challenge_raise": _NAME,
    "child_plan_challenge_reply": _NAME | words("Challenge.text"),
    "child_plan_challenge_end": _NAME,  # what waits for its reply leads to the list
    "child_plan_additions": _FRAME | words("Addition.description"),
    "child_plan_addition_remove": _FRAME | words("Addition.description"),
    "child_plan_words": _NAME,
    "child_plan_words_decline": _NAME,
    "child_plan_words_again": _NAME,
    "child_plan_words_withdraw": _NAME,
    "child_plan_ask_words": _NAME,
    "child_plan_letter": _NAME,
    "child_plan_action": _NAME | words("Action.what Action.resource"),
    "child_plan_action_add": _NAME,
    "child_plan_action_remove": _NAME | words("Action.what"),
    "child_plan_action_settle": _NAME | words("Action.what"),
    "child_plan_action_carry": _NAME | words("Action.what"),
    "child_plan_evaluate": _NAME
    | words("Version.targets.goal Version.targets.baseline Version.targets.measure Version.targets.strategy Evaluation.evidence"),
    "child_plan_go_on": _NAME,
    "child_plan_progress": _FRAME | words("Version.targets.goal Evaluation.evidence"),
    "child_plan_ask": _NAME,
    "child_plan_close": _NAME,
    "child_plan_read": _FRAME | _DRAFT,
    # each grade and each piece of feedback under the facet of what it is about
    "child_plan_quality": _FRAME
    | {f"QualityReview.grades.{area}" for area in words("voice picture evaluated targets ahead personal carer actions whole")}
    | {f"QualityReview.feedback.{part}" for part in _PARTS},
    # of the first rater's grades nothing
    "child_plan_quality_second": _FRAME | _GRADED | _ENDED,
    "child_plan_section": _FRAME,  # and of the section that it names its words, and the feedback pinned there
    "child_plan_target": _NAME | words("Target.baseline Target.carer_part Target.goal Target.measure Target.need Target.identified_with") | _STRATEGY,
    "child_plan_target_add": _NAME,
    "child_plan_target_remove": _NAME | words("Target.goal"),
    # what the child added is told as it stands now, not as a version froze it
    "child_plan_version": _FRAME | _VERSION | _ENDED | words("Version.reason Addition.description"),
    "child_plan_differences": _FRAME | (_DRAFT - {"Evaluation.evidence"}) | _VERSION,
    "child_plan_export": _DRAFT
    | _VERSION
    | _ENDED
    | words("Version.additions Child.born_on Child.reference Child.upn Pep.amendment_reason Version.origin Version.reason"),
    "child_referral_add": _FRAME,
    "child_referral_outcome": _FRAME | words("Referral.about"),
    "child_review_sooner": _FRAME,
    "child_review_answer": _FRAME | words("EarlierReview.words"),
    "child_review_arrange": _FRAME | words("carer.name"),
    "child_review_calendar": words("Review.venue"),
    "child_review_cancel": _FRAME,
    "child_review_close": _FRAME | words("Invitation.name"),
    "child_review_invited": _FRAME | words("carer.name"),
    "child_review_move": _FRAME | words("Review.lesson_reason Review.private_room Review.venue"),
    "child_risk_add": _FRAME,
    "child_risk_end": _FRAME | words("Risk.text"),
    "child_safety": _FRAME | words("Referral.about Referral.made_to Referral.outcome Risk.text"),
    "child_said": _FRAME | words("Statement.text"),
    "child_said_add": _FRAME,
    "child_peers": _FRAME | words("PeerOffer.what PeerOffer.words"),
    "child_peers_add": _NAME,
    "child_school": _FRAME | words("EotasPlace.provider MoveApproval.heard MoveApproval.shaped MoveApproval.promoted MoveApproval.fits"),
    "child_share": _FRAME,
    "child_share_end": _FRAME,
    "child_share_with": _FRAME,
    "child_share_withdraw": _FRAME,
    "child_targets": _FRAME | words("Target.goal Target.measure") | _STRATEGY,
    "child_timeline": _FRAME | words("Version.reason"),
    "child_changes": _FRAME | words("Duty.done_note"),
    "child_looks": _FRAME,
    "child_data": _FRAME,
    "child_data_ask": _FRAME,
    "child_data_send": _FRAME,
    "child_data_answer": _FRAME | words("DataRequest.question"),
    "child_data_withdraw": _FRAME | words("DataRequest.question"),
    "child_data_record": _FRAME | words("DataRequest.question"),
    "child_plan_final": _NAME | words("Version.targets.goal"),  # of a target of which nobody has said yet how it ended
    "emergency_review": _NAME | words("EmergencyAccess.reason"),
    "handover_accept": _FRAME,
    "handover_propose": _FRAME,
    "handover_refuse": _FRAME,
    "handover_withdraw": _FRAME,
    "notice_acknowledge": _FRAME,
}

# Above the form of a section of the plan.
ABOVE_SECTION: dict[str, frozenset[str]] = {
    "my_page": words("Addition.description"),
    "attainment": words("Attainment.named"),
    "personal_development": words("Wellbeing.named Wellbeing.words Wellbeing.follow_up"),
}
