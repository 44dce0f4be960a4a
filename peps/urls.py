"""The plan's pages, all under the child's; the form of who was asked by e-mail; the door for other systems."""

from django.urls import URLPattern, URLResolver, include, path

from peps.api import api_urls
from peps.views import (
    actions,
    asked,
    contributions,
    differences,
    evaluating,
    exchange,
    grading,
    measures,
    peers,
    plan,
    quality,
    replies,
    targets,
    writing,
)
from peps.views.printing import print_urls

PLAN = "children/<uuid:child>/plan/"
QUALITY = f"{PLAN}versions/<uuid:version>/quality/"
MEASURES = "children/<uuid:child>/measures/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("children/<uuid:child>/targets/", targets.TargetsPage.as_view(), name="child_targets"),
    path(MEASURES, measures.MeasuresPage.as_view(), name="child_measures"),
    path(f"{MEASURES}attainment/add/<slug:measure>/", measures.AttainmentPage.as_view(), name="child_attainment_add"),
    path(f"{MEASURES}attainment/<uuid:attainment>/", measures.CorrectAttainmentPage.as_view(), name="child_attainment_correct"),
    path(f"{MEASURES}well-being/add/<slug:instrument>/", measures.WellbeingPage.as_view(), name="child_wellbeing_add"),
    path(f"{MEASURES}well-being/<uuid:wellbeing>/", measures.CorrectWellbeingPage.as_view(), name="child_wellbeing_correct"),
    path("children/<uuid:child>/words/meeting-others/", peers.PeersPage.as_view(), name="child_peers"),
    path("children/<uuid:child>/words/meeting-others/add/", peers.OfferPage.as_view(), name="child_peers_add"),
    path(PLAN, plan.PlanPage.as_view(), name="child_plan"),
    path(f"{PLAN}start/", plan.StartPage.as_view(), name="child_plan_start"),
    path(f"{PLAN}read/", plan.ReadPage.as_view(), name="child_plan_read"),
    path(f"{PLAN}sections/", plan.AskPage.as_view(), name="child_plan_ask"),
    path(f"{PLAN}section/<slug:key>/", writing.SectionPage.as_view(), name="child_plan_section"),
    path(f"{PLAN}targets/add/", writing.TargetPage.as_view(), name="child_plan_target_add"),
    path(f"{PLAN}targets/<uuid:target>/", writing.TargetPage.as_view(), name="child_plan_target"),
    path(f"{PLAN}targets/<uuid:target>/remove/", writing.RemoveTargetPage.as_view(), name="child_plan_target_remove"),
    path(f"{PLAN}targets/<uuid:target>/evaluate/", evaluating.EvaluatePage.as_view(), name="child_plan_evaluate"),
    path(f"{PLAN}targets/go-on/", evaluating.GoOnPage.as_view(), name="child_plan_go_on"),
    path(f"{PLAN}progress/", evaluating.ProgressPage.as_view(), name="child_plan_progress"),
    path(f"{PLAN}actions/add/", actions.ActionPage.as_view(), name="child_plan_action_add"),
    path(f"{PLAN}actions/<uuid:action>/", actions.ActionPage.as_view(), name="child_plan_action"),
    path(f"{PLAN}actions/<uuid:action>/remove/", actions.RemoveActionPage.as_view(), name="child_plan_action_remove"),
    path(f"{PLAN}actions/<uuid:action>/settle/", actions.SettlePage.as_view(), name="child_plan_action_settle"),
    path(f"{PLAN}actions/<uuid:action>/carry/", actions.CarryPage.as_view(), name="child_plan_action_carry"),
    path(f"{PLAN}contributions/ask/", contributions.AskWordsPage.as_view(), name="child_plan_ask_words"),
    path(f"{PLAN}contributions/e-mail/", contributions.LetterPage.as_view(), name="child_plan_letter"),
    path(f"{PLAN}contributions/<uuid:contribution>/", contributions.WordsPage.as_view(), name="child_plan_words"),
    path(f"{PLAN}contributions/<uuid:contribution>/decline/", contributions.DeclinePage.as_view(), name="child_plan_words_decline"),
    path(f"{PLAN}contributions/<uuid:contribution>/again/", contributions.AskAgainPage.as_view(), name="child_plan_words_again"),
    path(f"{PLAN}contributions/<uuid:contribution>/withdraw/", contributions.WithdrawPage.as_view(), name="child_plan_words_withdraw"),
    path(f"{PLAN}wishes/<slug:wish>/", replies.AnswerWishPage.as_view(), name="child_plan_wish"),
    path(f"{PLAN}wishes/<slug:wish>/told/", replies.TellChildPage.as_view(), name="child_plan_wish_told"),
    path(f"{PLAN}final/", plan.CheckPage.as_view(), name="child_plan_final"),
    path(f"{PLAN}amend/", plan.AmendPage.as_view(), name="child_plan_amend"),
    path(f"{PLAN}close/", plan.ClosePage.as_view(), name="child_plan_close"),
    path(f"{PLAN}versions/<uuid:version>/", plan.VersionPage.as_view(), name="child_plan_version"),
    path(f"{PLAN}differences/", differences.DifferencesPage.as_view(), name="child_plan_differences"),
    path(QUALITY, quality.QualityPage.as_view(), name="child_plan_quality"),
    path(f"{QUALITY}take/", grading.TakePage.as_view(), name="child_plan_quality_take"),
    path(f"{QUALITY}grade/", grading.GradePage.as_view(), name="child_plan_quality_grade"),
    path(f"{QUALITY}feedback/<slug:part>/<slug:question>/", grading.FeedbackPage.as_view(), name="child_plan_quality_feedback"),
    path(f"{QUALITY}decide/", grading.DecidePage.as_view(), name="child_plan_quality_decide"),
    path(f"{QUALITY}second/", grading.SecondPage.as_view(), name="child_plan_quality_second"),
    *print_urls(PLAN),
    path(f"{PLAN}plan.json", exchange.ExportFile.as_view(), name="child_plan_export"),
    path(f"{PLAN}import/", exchange.ImportPage.as_view(), name="child_plan_import"),
    path("words/thanks/", asked.thanks, name="asked_thanks"),
    path("words/<str:token>/", asked.asked, name="asked"),
    path("api/v1/", include(api_urls)),
]
