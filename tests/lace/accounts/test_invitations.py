"""Invitations: a link that works once, for seven days, for one person, and gives nothing before it is taken up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lace.accounts import services
from lace.accounts.access import Role
from lace.accounts.invitations import digest, token_for
from lace.accounts.models import Membership, RoleInvitation, User
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.notifications import administration
from lace.notifications.delivery import deliver
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.lace.accounts.acts import sign_in, with_password
from tests.world import World

TODAY = timezone.localdate()
NEW = {"email": "sian@ysgol.example", "name": "Siân Rees", "language": "cy"}
PASSWORD = "three new words 44"


@pytest.fixture(autouse=True)
def _every_door(_by_itself: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "lace.urls"


@pytest.fixture
def administrator(world: World) -> Client:
    return world.client(Role.ADMINISTRATOR)


def invited(world: World, role: Role = Role.SOCIAL_WORKER, **offer: Any) -> tuple[RoleInvitation, str]:
    """An invitation made by the service, and its link."""
    by = world.own.actor(Role.ADMINISTRATOR)
    with serving(by):
        made = administration.invite(by=by, authority=world.own.row, role=role, **{**NEW, **offer})
    return made, link(made)


def link(made: RoleInvitation) -> str:
    return reverse("invitation", args=[token_for(made.pk, made.authority_id, made.sent)])


def waiting(world: World) -> list[RoleInvitation]:
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        return list(RoleInvitation.objects.waiting().order_by("sent_at"))


def after(world: World, made: RoleInvitation) -> RoleInvitation:
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        return RoleInvitation.objects.get(pk=made.pk)


def letters() -> list[str]:
    deliver(by=Actor.named_job("delivery", today=TODAY))
    return [str(message.body) for message in mail.outbox]


@pytest.mark.req("LA-01", "PRIV-14")
def test_an_invitation_goes_out_by_e_mail_and_is_taken_up_with_a_password(world: World, administrator: Client, settings: Any) -> None:
    address = reverse("invite_as", args=[Role.FOSTER_CARER])
    assert administrator.post(address, NEW)["Location"] == reverse("invitations")
    user = User.objects.get(email=NEW["email"])
    assert not user.has_usable_password()
    assert not user.memberships.exists()
    with serving(Actor(label="x", today=TODAY, user_id=user.pk)):
        row = Notification.objects.get(recipient=user)  # by e-mail alone
        assert (row.channel, row.child_id, row.language) == ("email", None, "cy")
        assert NEW["name"] not in str(row.facts)
        assert NEW["email"] not in str(row.facts)
    (letter,) = letters()
    assert world.own.row.name_cy in letter
    assert "Gofalwr" not in letter  # what somebody is to a child stands in no e-mail
    found = re.search(r"http\S+/accounts/invitation/\S+", letter)
    assert found
    path = found[0].removeprefix(settings.SITE_URL)
    guest = Client()
    page = guest.get(path)
    assert page.status_code == 200
    assert "Enter a new password" in guest.post(path, {}).content.decode()
    weak = guest.post(path, {"password": "short"})
    assert weak.status_code == 200
    assert not user.memberships.exists()
    answer = guest.post(path, {"password": PASSWORD})
    assert answer["Location"] == "/"
    assert guest.get("/").status_code == 200
    given = user.memberships.get()
    assert (given.role, given.authority, given.starts_on, given.ends_on) == (Role.FOSTER_CARER, world.own.row, TODAY, None)
    assert sign_in(Client(), user, PASSWORD).status_code == 302
    assert guest.get(path).status_code == 404  # once
    assert Client().post(path, {"password": "another four words 5"}).status_code == 404
    assert sign_in(Client(), user, PASSWORD).status_code == 302


def test_a_second_factor_is_next_where_one_is_required(world: World, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    _made, path = invited(world)
    guest = Client()
    guest.post(path, {"password": PASSWORD})
    assert guest.get("/")["Location"] == reverse("second_factor")
    assert guest.get(reverse("children"))["Location"] == reverse("second_factor")


def test_the_link_dies_with_its_days_its_withdrawal_and_its_successor(world: World, administrator: Client) -> None:
    made, path = invited(world)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        assert Client().get(path).status_code == 404
    assert Client().get(path).status_code == 200
    assert administrator.post(reverse("invitation_again", args=[made.pk]))["Location"] == reverse("invitations")
    assert Client().get(path).status_code == 404
    newer = link(after(world, made))
    assert Client().get(newer).status_code == 200
    assert len(letters()) == 2
    administrator.post(reverse("invitation_withdraw", args=[made.pk]))
    assert Client().get(newer).status_code == 404
    assert Client().post(newer, {"password": PASSWORD}).status_code == 404
    assert not User.objects.get(email=NEW["email"]).has_usable_password()
    assert waiting(world) == []
    page = administrator.post(reverse("invitation_again", args=[made.pk])).content.decode()
    assert "taken up or withdrawn already" in page


def test_a_link_that_we_did_not_sign_opens_nothing(world: World) -> None:
    made, path = invited(world)
    token = path.split("/")[3]
    forged = Signer(key="another key", salt="lace.accounts.invitation").sign_object([str(made.pk), made.authority_id, 1])
    other = token_for(made.pk, world.other.row.pk, 1)  # signed by us, for an authority that has no such invitation
    for wrong in (forged, other, token[:-1], token + "x", "x", str(made.pk)):
        assert Client().get(reverse("invitation", args=[wrong])).status_code == 404
    assert after(world, made).token_sha256 == digest(token)
    assert token not in str(vars(after(world, made)))


def test_the_trail_holds_who_invited_and_no_digest(world: World) -> None:
    made, _path = invited(world)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        entry = RoleInvitation.pgh_event_model.objects.get(id=made.pk)  # type: ignore[attr-defined]  # made by pghistory
        assert entry.pgh_context["role"] == "administrator"
        assert not hasattr(entry, "token_sha256")


@pytest.mark.req("PRIV-13")
def test_an_account_of_another_authority_is_invited_without_a_word(world: World, administrator: Client) -> None:
    stranger = with_password(world.other.members[Role.SOCIAL_WORKER]).user
    unknown = administrator.post(reverse("invite_as", args=[Role.IRO]), NEW, follow=True)
    known = administrator.post(reverse("invite_as", args=[Role.IRO]), {**NEW, "email": stranger.email.upper(), "name": "As I wrote it"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    page = known.content.decode()
    assert "As I wrote it" in page
    assert stranger.name not in page
    assert reverse("person", args=[stranger.pk]) not in page
    assert administrator.get(reverse("person", args=[stranger.pk])).status_code == 404
    path = link(next(made for made in waiting(world) if made.user_id == stranger.pk))
    guest = Client()
    page = guest.post(path, {"password": PASSWORD}).content.decode()
    assert 'name="password"' not in page  # the link alone gives no way into an account that has a password
    assert stranger.email not in page
    stranger.refresh_from_db()
    assert not stranger.check_password(PASSWORD)
    assert not stranger.memberships.filter(authority=world.own.row).exists()
    wrong = world.client(Role.FOSTER_CARER)
    assert "Sign in with it" in wrong.post(path).content.decode()
    sign_in(guest, stranger)
    assert guest.get(path).status_code == 200
    assert not stranger.memberships.filter(authority=world.own.row).exists()  # looking takes nothing up
    assert guest.post(path)["Location"] == "/"
    assert stranger.memberships.get(authority=world.own.row).role == Role.IRO
    stranger.refresh_from_db()
    assert stranger.name != "As I wrote it"


def test_what_is_wrong_is_told_at_once_and_kept(world: World, administrator: Client) -> None:
    address = reverse("invite_as", args=[Role.DESIGNATED_PERSON])
    page = administrator.post(address, {"email": "no address", "name": " ", "organisation": world.other.school.pk}).content.decode()
    for sentence in ("Enter an e-mail address, like", "Enter the person&#39;s name", "Choose English or Welsh", "Choose one of the list"):
        assert sentence in page
    assert 'value="no address"' in page
    assert waiting(world) == []
    here = world.own.user(Role.IRO).email
    page = administrator.post(reverse("invite_as", args=[Role.FOSTER_CARER]), {**NEW, "email": here}).content.decode()
    assert "This person holds a role in your authority already" in page
    administrator.post(reverse("invite_as", args=[Role.FOSTER_CARER]), NEW)
    page = administrator.post(reverse("invite_as", args=[Role.IRO]), NEW).content.decode()
    assert "This person is invited already" in page
    assert len(waiting(world)) == 1


def test_the_service_keeps_to_the_same_rules(world: World) -> None:
    by = world.own.actor(Role.ADMINISTRATOR)
    offer: dict[str, Any] = {"authority": world.own.row, "role": Role.IRO, **NEW}
    for actor in (world.other.actor(Role.ADMINISTRATOR), world.own.actor(Role.LACE_COORDINATOR)):
        with serving(actor), pytest.raises(NotAllowed):
            services.invite(by=actor, **offer)
    with serving(by):
        for wrong in (
            {"role": Role.HEADTEACHER},
            {"role": Role.HEADTEACHER, "organisation": world.other.school.organisation},
            {"organisation": world.own.school.organisation},
            {"ends_on": TODAY},
            {"language": "fr"},
        ):
            with pytest.raises(BadInput):
                services.invite(by=by, **{**offer, **wrong})
        with pytest.raises(Refused):
            services.invite(by=by, **{**offer, "email": world.own.user(Role.ADMINISTRATOR).email})
    assert not User.objects.filter(email=NEW["email"]).exists()


def test_only_the_invited_person_takes_it_up(world: World) -> None:
    made, path = invited(world)
    other = world.own.user(Role.FOSTER_CARER)
    by = Actor(label="user", today=TODAY, user_id=other.pk)
    with serving(world.own.actor(Role.ADMINISTRATOR)), pytest.raises(NotAllowed):
        services.accept_invitation(by=by, token=path.split("/")[3], password=PASSWORD)
    assert not other.memberships.filter(role=made.role).exists()


def test_a_password_that_is_there_already_is_never_changed_by_a_link(world: World) -> None:
    person = with_password(world.other.members[Role.IRO]).user
    _made, path = invited(world, email=person.email)
    by = Actor(label="user", today=TODAY, user_id=person.pk)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        services.accept_invitation(by=by, token=path.split("/")[3], password=PASSWORD)
    person.refresh_from_db()
    assert not person.check_password(PASSWORD)
    assert person.memberships.filter(authority=world.own.row).exists()


@pytest.mark.req("PRIV-17")
def test_the_end_that_was_set_holds_and_an_offer_that_is_over_gives_nothing(world: World) -> None:
    _made, path = invited(world, ends_on=TODAY + timedelta(days=3))
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=False):
        assert Client().post(path, {"password": PASSWORD}).status_code == 200
        assert not Membership.objects.filter(user__email=NEW["email"]).exists()
    Client().post(path, {"password": PASSWORD})
    assert Membership.objects.get(user__email=NEW["email"]).ends_on == TODAY + timedelta(days=3)


@pytest.mark.req("PRIV-17")
def test_who_is_suspended_has_invited_nobody_and_is_invited_to_nothing(world: World) -> None:
    made, path = invited(world)
    second = Membership.objects.create(user=world.own.user(Role.LACE_COORDINATOR), role=Role.ADMINISTRATOR, authority=world.own.row, starts_on=TODAY)
    from lace.accounts.acting import actor_for

    by = actor_for(second, today=TODAY)
    with serving(by):
        services.suspend(by=by, user=world.own.user(Role.ADMINISTRATOR))
    assert after(world, made).withdrawn_at is not None
    assert Client().get(path).status_code == 404


@pytest.mark.req("LA-01")
def test_another_authoritys_invitation_is_not_there(world: World) -> None:
    made, _path = invited(world)
    stranger = world.client(Role.ADMINISTRATOR, world.other)
    assert NEW["email"] not in stranger.get(reverse("invitations")).content.decode()
    for route in ("invitation_again", "invitation_withdraw"):
        assert stranger.post(reverse(route, args=[made.pk])).status_code == 404
    with serving(world.other.actor(Role.ADMINISTRATOR)):
        assert not RoleInvitation.objects.filter(pk=made.pk).exists()  # nor for the database
    assert after(world, made).withdrawn_at is None


def test_the_signed_in_visitor_is_not_mistaken_for_the_invited(world: World) -> None:
    _made, path = invited(world)
    browser = world.client(Role.IRO)
    browser.post(path, {"password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(User.objects.get(email=NEW["email"]).pk)
    assert not world.own.user(Role.IRO).memberships.exclude(role=Role.IRO).exists()
