"""Administration by the authority itself: people found, roles given and ended, access suspended, sessions killed, one role at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from lace.accounts import people, services
from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.accounts.signing_in import MEMBERSHIP
from lace.core.errors import NotAllowed, Refused
from lace.web.administration.words import GIVEN_BY_HAND
from tests.lace.accounts.acts import sign_in, with_password
from tests.lace.api.callers import Caller
from tests.world import World, person, signed_in

TODAY = timezone.localdate()
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _every_door(_by_itself: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "lace.urls"


@pytest.fixture
def administrator(world: World) -> Client:
    return world.client(Role.ADMINISTRATOR)


def at_work(membership: Membership, agent: str = FIREFOX) -> Client:
    """A browser in which this person signed in through the door."""
    client = Client(headers={"user-agent": agent})
    if not membership.user.has_usable_password():  # a second sign-in must not end the first
        with_password(membership)
    answer = sign_in(client, membership.user)
    assert answer.status_code == 302, answer.content.decode()
    return client


def is_out(client: Client) -> bool:
    answer = client.get("/")
    return answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


def routes(patterns: list[Any] | None = None) -> Iterator[str]:
    """Every address of ours that needs no arguments but a child's."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and not pattern.namespace:  # that of language, theme and the like is everybody's
            yield from routes(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name and set(pattern.pattern.regex.groupindex) <= {"child"}:
            yield pattern.name


# ---- whose pages they are ----


def pages(world: World, of: Membership) -> list[str]:
    there = of.user_id
    return [
        reverse("people"),
        reverse("invite"),
        reverse("invite_as", args=[Role.IRO]),
        reverse("invitations"),
        reverse("person", args=[there]),
        reverse("person_name", args=[there]),
        reverse("person_roles", args=[there]),
        reverse("person_role_add", args=[there, Role.IRO]),
        reverse("person_role_end", args=[there, of.pk]),
        reverse("person_suspend", args=[there]),
    ]


@pytest.mark.req("LA-01")
def test_the_administrator_opens_every_page_and_nobody_else_does(world: World, administrator: Client) -> None:
    addresses = pages(world, world.own.members[Role.SOCIAL_WORKER])
    for address in addresses:
        assert administrator.get(address).status_code == 200, address
    for role in Role:
        if role != Role.ADMINISTRATOR:
            client = world.client(role)
            for address in addresses:
                assert client.get(address).status_code == 403, (role, address)


@pytest.mark.req("LA-01")
def test_another_authoritys_person_is_not_there(world: World, administrator: Client) -> None:
    stranger = world.other.members[Role.SOCIAL_WORKER]
    for address in pages(world, stranger)[4:]:
        for answer in (administrator.get(address), administrator.post(address, {"name": "X", "on_day": "1", "on_month": "1", "on_year": "2030"})):
            assert answer.status_code == 404, address
            assert stranger.user.name not in answer.content.decode()
    mixed = reverse("person_role_end", args=[world.own.user(Role.IRO).pk, stranger.pk])
    assert administrator.get(mixed).status_code == 404
    for asked in ({"q": stranger.user.name}, {"body": world.other.school.pk}):
        page = administrator.get(reverse("people"), asked).content.decode()
        assert reverse("person", args=[stranger.user_id]) not in page
        assert stranger.user.email not in page
    stranger.refresh_from_db()
    assert stranger.ends_on is None


def test_no_child_stands_on_any_of_them(world: World, administrator: Client) -> None:
    for address in pages(world, world.own.members[Role.FOSTER_CARER]):
        page = administrator.get(address).content.decode()
        assert world.own.child.family_name not in page
        assert world.own.child.given_names not in page


# ---- finding ----


def test_people_are_found_by_name_address_role_school_and_state(world: World, administrator: Client) -> None:
    head, iro = world.own.user(Role.HEADTEACHER), world.own.user(Role.IRO)
    services.end_membership(by=world.own.actor(Role.ADMINISTRATOR), membership=world.own.members[Role.IRO])

    def found(**asked: Any) -> set[str]:
        page = administrator.get(reverse("people"), asked).content.decode()
        return {user.email for user in User.objects.all() if user.email in page}

    assert head.email in found()
    assert iro.email not in found()
    assert found(state="ended") == {iro.email}
    assert found(q=head.name.upper()) == {head.email}
    assert found(q=head.email[:12]) == {head.email}
    assert found(role=Role.HEADTEACHER) == {head.email}
    assert head.email in found(body=world.own.school.pk)
    assert world.own.user(Role.SOCIAL_WORKER).email not in found(body=world.own.school.pk)
    assert found(q="nobody at all") == set()
    services.record_sign_in(by=world.own.actor(Role.HEADTEACHER))
    assert head.email not in found(state="unused")
    assert world.own.user(Role.GOVERNOR).email in found(state="unused")


def test_a_filter_that_is_none_is_told_and_shows_everybody(world: World, administrator: Client) -> None:
    page = administrator.get(reverse("people"), {"role": "emperor"})
    assert page.status_code == 200
    assert world.own.user(Role.HEADTEACHER).email in page.content.decode()


# ---- roles ----


@pytest.mark.req("LA-01", "SCH-06")
def test_a_role_is_given_in_a_school_of_the_authority(world: World, administrator: Client) -> None:
    user = world.own.user(Role.HEADTEACHER)
    address = reverse("person_role_add", args=[user.pk, Role.DESIGNATED_PERSON])
    page = administrator.get(address).content.decode()
    assert world.own.school.name in page
    assert world.other.school.name not in page
    for wrong in ("", world.other.school.pk, "x"):
        answer = administrator.post(address, {"organisation": wrong, "ends_on_day": "31", "ends_on_month": "12", "ends_on_year": "2099"})
        assert answer.status_code == 200
        assert 'value="2099"' in answer.content.decode()  # what was typed stays
    assert user.memberships.count() == 1
    assert administrator.post(address, {"organisation": world.own.school.pk})["Location"] == reverse("person", args=[user.pk])
    given = user.memberships.get(role=Role.DESIGNATED_PERSON)
    assert (given.organisation_id, given.authority, given.starts_on, given.ends_on) == (world.own.school.pk, world.own.row, TODAY, None)
    again = administrator.post(address, {"organisation": world.own.school.pk})
    assert "This person already holds this role there." in again.content.decode()


def test_a_role_of_the_authority_asks_for_no_school(world: World, administrator: Client) -> None:
    user = world.own.user(Role.SOCIAL_WORKER)
    address = reverse("person_role_add", args=[user.pk, Role.IRO])
    assert 'name="organisation"' not in administrator.get(address).content.decode()
    past = {"ends_on_day": "1", "ends_on_month": "2", "ends_on_year": "2020"}
    assert "The day it ends must be after today" in administrator.post(address, past).content.decode()
    administrator.post(address, {})
    assert user.memberships.filter(role=Role.IRO, organisation=None).exists()


def test_a_machines_role_is_not_given_by_hand_and_an_unknown_one_is_no_page(world: World, administrator: Client) -> None:
    user = world.own.user(Role.SOCIAL_WORKER)
    assert Role.CASE_SYSTEM not in GIVEN_BY_HAND
    for role in (Role.CASE_SYSTEM, "emperor"):
        assert administrator.get(reverse("person_role_add", args=[user.pk, role])).status_code == 404
        assert administrator.get(reverse("invite_as", args=[role])).status_code == 404


@pytest.mark.req("PRIV-17")
def test_a_role_ends_today_or_later_never_before(world: World, administrator: Client) -> None:
    held = world.own.members[Role.HEADTEACHER]
    address = reverse("person_role_end", args=[held.user_id, held.pk])
    yesterday, later = TODAY - timedelta(days=1), TODAY + timedelta(days=30)

    def on(day: Any) -> dict[str, int]:
        return {"on_day": day.day, "on_month": day.month, "on_year": day.year}

    assert "Choose today or a later day" in administrator.post(address, on(yesterday)).content.decode()
    administrator.post(address, on(later))
    held.refresh_from_db()
    assert held.ends_on == later
    administrator.post(address, on(TODAY))
    held.refresh_from_db()
    assert held.ends_on == TODAY
    assert "This role has ended already" in administrator.post(address, on(later)).content.decode()


def test_a_role_not_begun_ends_on_the_day_it_would_have_begun(world: World) -> None:
    by = world.own.actor(Role.ADMINISTRATOR)
    coming = services.open_membership(
        by=by, user=world.own.user(Role.IRO), role=Role.SOCIAL_WORKER, authority=world.own.row, starts_on=TODAY + timedelta(days=9)
    )
    services.end_membership(by=by, membership=coming)
    assert not Membership.objects.open_on(TODAY + timedelta(days=9)).filter(pk=coming.pk).exists()


def test_nobody_changes_their_own_roles_or_suspends_themselves(world: World, administrator: Client) -> None:
    own = world.own.members[Role.ADMINISTRATOR]
    assert reverse("person_suspend", args=[own.user_id]) not in administrator.get(reverse("person", args=[own.user_id])).content.decode()
    day = {"on_day": TODAY.day, "on_month": TODAY.month, "on_year": TODAY.year}
    for answer in (
        administrator.post(reverse("person_role_add", args=[own.user_id, Role.LACE_COORDINATOR])),
        administrator.post(reverse("person_role_end", args=[own.user_id, own.pk]), day),
        administrator.post(reverse("person_suspend", args=[own.user_id])),
    ):
        assert answer.status_code == 200
        assert "Ask another administrator" in answer.content.decode()
    assert list(own.user.memberships.values_list("role", "ends_on")) == [("administrator", None)]


def test_a_name_is_corrected_and_a_missing_one_is_told(world: World, administrator: Client) -> None:
    user = world.own.user(Role.FOSTER_CARER)
    address = reverse("person_name", args=[user.pk])
    assert "Enter the person&#39;s name" in administrator.post(address, {"name": "  "}).content.decode()
    administrator.post(address, {"name": " Siân   Rees "})
    user.refresh_from_db()
    assert user.name == "Siân Rees"
    with pytest.raises(NotAllowed):
        services.correct_name(by=world.other.actor(Role.ADMINISTRATOR), user=user, name="X")


@pytest.mark.req("PRIV-17")
def test_an_ended_role_is_gone_at_the_next_request_at_every_door(world: World) -> None:
    coordinator = world.own.members[Role.LACE_COORDINATOR]
    client, system = at_work(coordinator), Caller(world.own)
    assert client.get(reverse("child", args=[world.own.child.pk])).status_code == 200
    assert system.get("children/").status_code == 200
    by = world.own.actor(Role.ADMINISTRATOR)
    services.end_membership(by=by, membership=coordinator)
    services.end_membership(by=by, membership=world.own.members[Role.CASE_SYSTEM])
    assert system.get("children/").status_code == 401
    tried = 0
    for name in sorted(set(routes())):
        try:
            address = reverse(name)
        except NoReverseMatch:
            address = reverse(name, kwargs={"child": world.own.child.pk})
        answer = client.get(address)
        page = answer.content.decode(errors="replace")
        assert world.own.child.family_name not in page, name
        # One's own account, what strangers may open too, and the description of the API: none of them a role's.
        of_no_role = name.startswith(("account", "mfa", "second_factor", "api_docs", "api_schema")) or Client().get(address).status_code == 200
        assert of_no_role or answer.status_code != 200, f"{name} still answers"
        tried += 1
    assert tried > 20


# ---- suspension and sessions ----


@pytest.mark.req("PRIV-17")
def test_a_suspended_persons_sessions_and_roles_are_over_at_once(world: World, administrator: Client) -> None:
    held = world.own.members[Role.SOCIAL_WORKER]
    desk, phone = at_work(held), at_work(held, "Mozilla/5.0 (iPhone) Safari/1")
    colleague = at_work(world.own.members[Role.IRO])
    assert desk.get(reverse("child", args=[world.own.child.pk])).status_code == 200
    answer = administrator.post(reverse("person_suspend", args=[held.user_id]))
    assert answer["Location"] == reverse("person", args=[held.user_id])
    assert not UserSession.objects.filter(user=held.user).exists()
    assert is_out(desk)
    assert is_out(phone)
    assert not is_out(colleague)
    held.user.refresh_from_db()
    assert not held.user.is_active
    assert sign_in(Client(), held.user).status_code == 200  # the form again
    assert not Membership.objects.open_on(TODAY).filter(user=held.user).exists()


@pytest.mark.req("PRIV-17")
def test_a_suspended_case_systems_token_is_dead(world: World, administrator: Client) -> None:
    system = Caller(world.own)
    assert system.get("children/").status_code == 200
    administrator.post(reverse("person_suspend", args=[world.own.user(Role.CASE_SYSTEM).pk]))
    assert system.get("children/").status_code == 401


def test_who_works_for_another_authority_too_loses_only_this_ones_roles(world: World) -> None:
    user = world.own.user(Role.IRO)
    elsewhere = Membership.objects.create(user=user, role=Role.IRO, authority=world.other.row, starts_on=TODAY)
    services.suspend(by=world.own.actor(Role.ADMINISTRATOR), user=user)
    user.refresh_from_db()
    assert user.is_active
    assert list(Membership.objects.open_on(TODAY).filter(user=user)) == [elsewhere]


def test_a_suspended_person_may_be_given_a_role_again(world: World) -> None:
    by, user = world.own.actor(Role.ADMINISTRATOR), world.own.user(Role.IRO)
    services.suspend(by=by, user=user)
    services.open_membership(by=by, user=user, role=Role.IRO, authority=world.own.row)
    user.refresh_from_db()
    assert user.is_active


def test_a_stranger_suspends_nobody(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.suspend(by=world.other.actor(Role.ADMINISTRATOR), user=world.own.user(Role.IRO))
    with pytest.raises(NotAllowed):
        services.suspend(by=world.own.actor(Role.LACE_COORDINATOR), user=world.own.user(Role.IRO))
    with pytest.raises(Refused):
        services.suspend(by=world.own.actor(Role.ADMINISTRATOR), user=world.own.user(Role.ADMINISTRATOR))


def test_sessions_are_listed_by_browser_and_killed_one_by_one(world: World, administrator: Client) -> None:
    held = world.own.members[Role.DESIGNATED_PERSON]
    desk, phone = at_work(held), at_work(held, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E148 Safari/604.1")
    page = administrator.get(reverse("person", args=[held.user_id])).content.decode()
    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    assert "Gecko" not in page
    assert "127.0.0.1" not in page
    first = next(session for session in people.sessions_of(held.user) if session.browser == "Firefox on Windows")
    address = reverse("person_session_end", args=[held.user_id, first.id])
    assert administrator.get(address).status_code == 405
    assert administrator.post(address)["Location"] == reverse("person", args=[held.user_id])
    assert is_out(desk)
    assert not is_out(phone)
    assert administrator.post(address).status_code == 302  # over already: nothing more happens


def test_a_session_of_somebody_else_is_not_killed_by_a_wrong_address(world: World, administrator: Client) -> None:
    other = at_work(world.other.members[Role.IRO])
    at_work(world.own.members[Role.IRO])
    there = UserSession.objects.get(user=world.other.user(Role.IRO))
    administrator.post(reverse("person_session_end", args=[world.own.user(Role.IRO).pk, there.pk]))
    assert not is_out(other)
    assert administrator.post(reverse("person_session_end", args=[world.other.user(Role.IRO).pk, there.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        services.end_session(by=world.own.actor(Role.ADMINISTRATOR), user=there.user, session_id=there.pk)
    assert not is_out(other)


@pytest.mark.django_db(transaction=True)
def test_a_session_put_back_into_the_cache_meanwhile_is_dead_after_the_commit(world: World) -> None:
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.core.cache import cache
    from django.db import transaction

    client = at_work(world.own.members[Role.IRO])
    session = UserSession.objects.get(user=world.own.user(Role.IRO))
    kept = SessionStore(session.session_key)
    data = kept.load()
    with transaction.atomic():
        services.suspend(by=world.own.actor(Role.ADMINISTRATOR), user=world.own.user(Role.IRO))
        cache.set(kept.cache_key, data)  # a request that ran in between
    assert cache.get(kept.cache_key) is None
    assert not Session.objects.filter(pk=session.session_key).exists()
    assert is_out(client)


# ---- one role at a time ----


@pytest.mark.req("SCH-06")
def test_what_is_seen_under_one_role_is_not_seen_under_the_other(world: World) -> None:
    first = world.own.members[Role.LACE_COORDINATOR]
    second = Membership.objects.create(
        user=first.user, role=Role.GOVERNOR, authority=world.own.row, organisation=world.own.school.organisation, starts_on=TODAY
    )
    client, child = at_work(first), reverse("child", args=[world.own.child.pk])
    page = client.get("/").content.decode()
    assert f'name="role" value="{second.pk}"' in page  # one button, one click
    assert "<details" not in page.split("app-person")[1].split("</section>")[0]
    assert client.get(child).status_code == 200
    assert client.get(reverse("dashboard")).status_code == 200
    before = client.session.session_key
    client.post(reverse("change_role"), {"role": second.pk})
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()
    assert client.get(child).status_code == 404
    assert client.get(reverse("dashboard")).status_code != 200
    assert world.own.child.family_name not in client.get(reverse("children")).content.decode()
    trail = second.pgh_event_model.objects.get(id=second.pk, pgh_label="role_chosen")  # type: ignore[attr-defined]  # made by pghistory
    assert (trail.pgh_context["role"], trail.role) == ("lace_coordinator", "governor")
    client.post(reverse("change_role"), {"role": first.pk})
    assert client.get(child).status_code == 200


@pytest.mark.req("SCH-06")
def test_several_other_roles_stand_behind_one_word_and_a_stolen_one_is_refused(world: World) -> None:
    first = world.own.members[Role.HEADTEACHER]
    others = [
        Membership.objects.create(user=first.user, role=role, authority=world.own.row, organisation=world.own.school.organisation, starts_on=TODAY)
        for role in (Role.GOVERNOR, Role.DESIGNATED_PERSON)
    ]
    client = signed_in(first)
    page = client.get("/").content.decode()
    assert '<details class="app-roles">' in page
    assert all(f'name="role" value="{other.pk}"' in page for other in others)
    assert f'name="role" value="{first.pk}"' not in page
    client.post(reverse("change_role"), {"role": world.own.members[Role.LACE_COORDINATOR].pk})
    assert client.session[MEMBERSHIP] == first.pk


def test_who_holds_one_role_is_offered_no_other(world: World) -> None:
    assert "app-roles" not in world.client(Role.IRO).get("/").content.decode()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1", "Safari on macOS"),
        ("curl/8.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_has_a_name(agent: str, said: str) -> None:
    assert people.browser(agent) == said


def test_the_list_of_people_costs_the_same_however_many_there_are(world: World, administrator: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            administrator.get(reverse("people"))
        return len(queries)

    few = cost()
    for _number in range(20):
        person(Role.SOCIAL_WORKER, world.own.row)
    assert cost() == few
