"""Fill an empty installation with invented children, schools and people by the published figures. For demos, tests of scale and training."""

from __future__ import annotations

import gc
import json
import os
import secrets
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from django.utils import timezone
from oauth2_provider.models import Application
from psycopg import sql

from lace.accounts.access import Role
from lace.accounts.models import Language, LocalAuthority, Membership, Organisation, User
from lace.api.models import CaseSystem
from lace.children.models import Child, ChildGroupGrant
from lace.core.actor import Actor
from lace.deadlines.models import ClosedDay, LessonTimes, TermDates
from lace.deadlines.services.reconcile import reconcile
from reporting.management import calendars, circle
from reporting.management.population import make_population
from reporting.management.rows import Rows
from reporting.rules.figures import ended_terms
from reporting.services import publish_figures
from schools.models import Enrolment, School

M = TypeVar("M", bound=models.Model)
HOME = "CRF"  # the authority whose people the sign-ins are
ROLES = (
    Role.SOCIAL_WORKER,
    Role.DESIGNATED_PERSON,
    Role.LACE_COORDINATOR,
    Role.GOVERNOR,
    Role.HEADTEACHER,
    Role.IRO,
    Role.FOSTER_CARER,
    Role.DESIGNATED_MANAGER,
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--children", type=int, default=7200, help="looked after today (default 7,200: all of Wales)")
        parser.add_argument("--seed", type=int, default=20260331)

    def handle(self, *args: Any, children: int, seed: int, **options: Any) -> None:
        if Child.objects.exists():
            raise CommandError("There are children here already. Seed an empty installation.")
        self.began = time.monotonic()
        self.say(f"Making {children:,} invented children and their schools …")
        rows = Rows(make_population(children, seed, timezone.localdate()))
        gc.disable()  # rows refer to each other in no circle, and looking for one took a sixth of the time
        try:
            with transaction.atomic():
                self.write(rows)
        finally:
            gc.enable()
        self.say("Telling the database what it holds …")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        by = Actor.named_job("seed", today=timezone.localdate())
        if (made := reconcile(by=by)) is not None:
            self.say(f"Duties that the calendar starts: {made.opened:,}")
        for year, term in ended_terms(by.today):
            self.say(f"Figures of {term} {year}: {len(publish_figures(by=by, year=year, term=term)):,}")
        path = settings.STATE_DIR / "sign-ins.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with transaction.atomic():
            sign_ins = self.sign_ins()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(sign_ins, file, ensure_ascii=False, indent=1)
        self.say("Done.")

    def say(self, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}")
        self.stdout.flush()

    def write(self, rows: Rows) -> None:
        groups = bulk(Group, rows.groups())
        organisations = bulk(Organisation, rows.organisations({group.name: group.pk for group in groups}))
        bulk(School, rows.school_rows(organisations))
        authorities, schools = rows.authorities.values(), [body for body in organisations if body.kind == Organisation.Kind.SCHOOL]
        bulk(TermDates, calendars.term_dates(authorities))
        bulk(ClosedDay, calendars.closed_days(authorities, schools, rows.p.seed))
        bulk(LessonTimes, calendars.lesson_times(schools, rows.p.seed))
        users = bulk(User, rows.people())
        members = bulk(Membership, rows.memberships(users))
        held = {(member.user_id, member.role, member.organisation_id): member for member in members}
        for label, made in (
            ("Designations", lambda: rows.designations(held)),
            ("Children", rows.children),
            ("Times in care", rows.episodes),
            ("Placements", rows.placements),
            ("Addresses", rows.addresses),
            ("School registers", rows.enrolments),
            ("Named people", rows.user_grants),
            ("Schools' and authorities' relations", rows.group_grants),
            ("Attendance and progress", rows.terms),
            ("Reviews", rows.reviews),
        ):
            count = poured(made())
            self.say(f"{label}: {count:,}")
        peps, sections, targets, versions = rows.plans()
        for label, plan_rows in (("Plans", peps), ("Sections of plans", sections), ("Targets", targets), ("Frozen versions", versions)):
            self.say(f"{label}: {poured(plan_rows):,}")
        self.say(f"Duties: {poured(rows.duties()):,}")

    def sign_ins(self) -> dict[str, dict[str, str]]:
        """One person a role, around the school of the home authority with the most looked-after children, and the case system's key."""
        authority = LocalAuthority.objects.get(code=HOME)
        password = "-".join(secrets.choice(("afon", "bryn", "coed", "derw", "eira", "ffynnon", "glaw", "haul", "mynydd", "seren")) for _ in range(4))
        school = self.busiest_school(authority)
        found: dict[str, dict[str, str]] = {}
        hashed = User()
        hashed.set_password(password)
        for role in ROLES:
            membership = self.member(role, authority, school)
            if membership is not None:
                User.objects.filter(pk=membership.user_id).update(password=hashed.password, language=Language.ENGLISH)
                found[role] = {"role": str(Role(role).label), "email": membership.user.email, "password": password}
        stranger = self.coordinator_elsewhere(authority)
        if stranger is not None:
            User.objects.filter(pk=stranger.user_id).update(password=hashed.password, language=Language.ENGLISH)
            shown = f"{Role.LACE_COORDINATOR.label}, {stranger.authority.name_en}"
            found["lace_coordinator_elsewhere"] = {"role": shown, "email": stranger.user.email, "password": password}
        for membership in self.circle(authority, school, set(found)):
            User.objects.filter(pk=membership.user_id).update(password=hashed.password)
            found[membership.role] = {"role": str(Role(membership.role).label), "email": membership.user.email, "password": password}
        found["case_system"] = self.case_system(authority)
        found["case_system"]["school"] = school.number
        return found

    def circle(self, authority: LocalAuthority, school: School, taken: set[str]) -> list[Membership]:
        """Everybody else, around a pupil of the school who is old enough to have an account."""
        today = timezone.localdate()
        pupils = Enrolment.objects.filter(school=school, authority=authority, ended_on__isnull=True)
        child = Child.objects.filter(pk__in=pupils.values("child")).in_care_on(today).order_by("born_on", "pk").first()
        if child is None:
            return []
        made = list(circle.gather(authority, school, child, taken={*taken, Role.CASE_SYSTEM}, on=today))
        circle.write_down(child, by=made[0].user, on=today)
        return made

    def busiest_school(self, authority: LocalAuthority) -> School:
        on_roll = Enrolment.objects.filter(school__organisation__authority=authority, authority=authority, ended_on__isnull=True)
        designated = on_roll.filter(school__designations__ended_on__isnull=True, school__designations__isnull=False)
        busiest = designated.values("school").annotate(pupils=models.Count("pk")).order_by("-pupils", "school").first()
        return School.objects.select_related("organisation").get(pk=busiest["school"]) if busiest else School.objects.first()  # type: ignore[return-value]

    def member(self, role: Role, authority: LocalAuthority, school: School) -> Membership | None:
        """A holder of this role close to the school's children, so that each sign-in has something to see; rather one who starts in this role."""
        held = Membership.objects.filter(ends_on__isnull=True)
        before = held.filter(user=models.OuterRef("user"), pk__lt=models.OuterRef("pk"))
        members = held.filter(role=role).annotate(starts_elsewhere=models.Exists(before)).select_related("user").order_by("starts_elsewhere", "pk")
        if role in {Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR}:
            return members.filter(organisation=school.organisation).first()
        if role in {Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER}:
            pupils = ChildGroupGrant.objects.filter(group=school.organisation.group_id, permission__codename="school", ends_on__isnull=True)
            return members.filter(
                authority=authority,
                user__childusergrant__content_object__in=pupils.values("content_object"),
                user__childusergrant__ends_on__isnull=True,
            ).first()
        return members.filter(authority=authority).first()

    def coordinator_elsewhere(self, authority: LocalAuthority) -> Membership | None:
        """A LACE coordinator of another authority with children of its own, so that each side can be seen to find nothing of the other's."""
        members = Membership.objects.filter(role=Role.LACE_COORDINATOR, ends_on__isnull=True).exclude(authority=authority)
        own = Child.objects.filter(authority=models.OuterRef("authority"))
        return members.filter(models.Exists(own)).select_related("user", "authority").order_by("pk").first()

    def case_system(self, authority: LocalAuthority) -> dict[str, str]:
        secret = secrets.token_urlsafe(32)
        account = User(email=f"case-system@{authority.code.lower()}.lace.example", name="Case system")
        account.set_unusable_password()
        account.save()
        membership = Membership.objects.create(user=account, role=Role.CASE_SYSTEM, authority=authority, starts_on=timezone.localdate())
        application = Application.objects.create(
            name="Case system",
            user=account,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            client_secret=secret,
        )
        CaseSystem.objects.create(application=application, membership=membership)
        return {"role": str(Role.CASE_SYSTEM.label), "client_id": application.client_id, "client_secret": secret}


def bulk(model: type[M], rows: Iterable[M]) -> list[M]:
    """Insert in batches; the rows come back with their keys."""
    return list(model._default_manager.bulk_create(list(rows), batch_size=2000))


def poured(rows: Iterable[models.Model]) -> int:
    """Insert the rows of one table, with keys of their own, by COPY; how many. Moments that a row leaves open become now.

    Through a table of the session's own, because COPY stops at row-level security; and in one statement, so that the audit's
    triggers run once.
    """
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        return 0
    table, now = first._meta.db_table, timezone.now()
    fields = [field for field in first._meta.concrete_fields if not isinstance(field, models.AutoField)]
    names = [field.attname for field in fields]
    documents = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
    moments = [place for place, field in enumerate(fields) if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)]
    values_of = attrgetter(*names)
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    to, through = sql.Identifier(table), sql.Identifier(f"poured_{table}")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(through, columns, to))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(through)) as copy:
            for row in chain([first], stream):
                values = list(values_of(row))
                for place in documents:
                    values[place] = json.dumps(values[place], ensure_ascii=False)
                for place in moments:
                    values[place] = values[place] or now
                copy.write_row(values)
        cursor.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(to, columns, columns, through))
        return int(cursor.rowcount)
