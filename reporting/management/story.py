"""The main job end to end, played over HTTP from outside as the people and the case system that do it (`manage.py demo --check`).

A test of the product that imports none of it: addresses, field names and dates are written here again on purpose, so that a change of
what others rely on is noticed. One line a step; the first that fails ends the story.
"""

from __future__ import annotations

import importlib.util
import io
import re
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reporting.management.cast import FAMILY, GIVEN, Cast, SignIns
from reporting.management.reckoning import UPN_LETTERS, add_working_days, latest, outcome, three_months_after, upn
from reporting.management.visitor import Answer, CaseSystem, Failure, Form, Page, Visitor, expect, letters

SWEEP_SECONDS = 3 * 60  # beat rings the sweep every minute, the worker may be busy with the first
MAIL_SECONDS = 90


def play(base_url: str, sign_ins: SignIns, mail: Path, say: Callable[[str], None] = print) -> int:
    """Play the story against a running demo. `mail`: the folder where it keeps its e-mails. Returns 0, or 1 at the first step that failed."""
    story = Story(base_url, sign_ins, mail)
    began = time.monotonic()
    for number, step in enumerate(story.steps(), start=1):
        started = time.monotonic()
        what = (step.__doc__ or "").strip()
        try:
            found = step()
        except Failure as failure:
            say(f"{number}  FAILED  {what}: {failure}")
            return 1
        except Exception as error:  # a page of another shape than the story knows; its words may hold a name, so they are not repeated
            line = next(frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == __file__)
            say(f"{number}  FAILED  {what}: expected pages as the story knows them; came {type(error).__name__} at line {line} of the story")
            return 1
        say(f"{number}  {what}: {found} ({time.monotonic() - started:.1f} s)")
    say(f"The whole story holds ({time.monotonic() - began:.0f} s).")
    return 0


class Story(Cast):
    """The steps, and what one leaves for the next."""

    def steps(self) -> list[Callable[[], str]]:
        return [self.entry, self.reminders, self.plan, self.dashboard, self.review, self.report, self.read_back, self.strangers, self.leave]

    def entry(self) -> str:
        """The case system posts an emergency entry to care; the duties appear; bad input stores nothing"""
        self.take_token()
        before = self.count()
        self.entered["new"] = latest(lambda day: add_working_days(day, 10) <= self.today + timedelta(days=3), self.today)
        self.entered["late"] = self.today - timedelta(days=60)
        body, key = self.body("new"), str(uuid.uuid4())
        made = self.post_entry(body, key)
        expect(made.status == 201, "201 to the entry", f"{made.status}, which names {made.named}")
        self.child["new"] = made.json()["child"]["id"]
        expect(made.headers.get("Location") == f"/api/v1/children/{self.child['new']}/", "the child's address in Location", "another")
        dated = self.check_dates(made.json()["duties"])
        again = self.post_entry(body, key)
        expect((again.status, again.body) == (201, made.body), "the same answer to the same request", f"{again.status}, another body")
        other = self.post_entry(body | {"school": None}, key)
        expect(other.status == 422, "422 to another body under the same key", other.status)
        late = self.post_entry(self.body("late"), str(uuid.uuid4()))
        expect(late.status == 201, "201 to an entry recorded late", f"{late.status}, which names {late.named}")
        self.child["late"] = late.json()["child"]["id"]
        expect(self.count() == before + 2, f"{before + 2} children in the list", self.count())
        refused = self.refusals(body)
        expect(self.count() == before + 2, f"nothing stored by what was refused: {before + 2} children", self.count())
        return f"{dated} duties dated right, a repeat made nothing new, {refused} bad requests refused with their fields named"

    def take_token(self) -> None:
        key = self.known("case_system")
        wrong = CaseSystem(self.base).take_token(key["client_id"], "not the secret")
        expect(wrong.status == 401, "401 to a wrong client secret", wrong.status)
        bare = CaseSystem(self.base).ask("GET", "/api/v1/children/")
        expect(bare.status == 401, "401 without a token", bare.status)
        token = self.system.take_token(key["client_id"], key["client_secret"])
        expect(token.status == 200, "200 and an access token", token.status)

    def body(self, which: str) -> dict[str, Any]:
        """An entry to care, complete, at the school of the sign-ins."""
        own = self.system.read("/api/v1/children/?lives=in")["results"][0]
        number, day = self.known("case_system")["school"], self.entered[which].isoformat()
        return {
            "child": {
                "reference": f"STORY-{uuid.uuid4().hex[:12]}",
                "given_names": GIVEN[which],
                "family_name": FAMILY,
                "born_on": date(self.today.year - 9, 3, 2).isoformat(),
                "sex": "female",
                "upn": upn(number, self.today.year - 5, uuid.uuid4().int % 1000),
                "first_language": "Cymraeg",
            },
            "care_episode": {"started_on": day, "entry_type": "emergency", "reason": "parental_illness", "legal_status": "accommodated"},
            "placement": {
                "kind": "foster",
                "started_on": day,
                "host_authority": own["host_authority"],
                "carer_name": "Llety'r Stori",
                "address": "1 Heol y Stori",
                "carers": [self.known("foster_carer")["email"]],
            },
            "school": {"number": number},
            "social_worker": self.known("social_worker")["email"],
            "iro": self.known("iro")["email"],
        }

    def post_entry(self, body: Any, key: str, **headers: str) -> Answer:
        return self.system.ask("POST", "/api/v1/entries/", body, **{"Idempotency_Key": key, **headers})

    def check_dates(self, duties: list[dict[str, Any]]) -> int:
        """Day 0 is the day of entry; counted here without the product's calendar."""
        start = self.entered["new"]
        days = {"calendar": lambda n: start + timedelta(days=n), "working": lambda n: add_working_days(start, n)}
        by_code = {duty["code"]: duty for duty in duties}
        developed = by_code.get("pep_developed", {}).get("clock", "calendar")  # the unit of the 20 days is the authority's setting
        wanted = {
            "pep_initiated_emergency": days["working"](10),
            "pep_developed": days[developed](20),
            "pep_for_first_review": days["calendar"](28),
            "review_first_guidance": days["calendar"](28),
            "review_first_regulation": days["working"](20),
        }
        for code, due in wanted.items():
            expect(code in by_code, f"the duty {code}", ", ".join(by_code))
            duty = by_code[code]
            expect(duty["due_on"] == due.isoformat(), f"{code} due on {due} for an entry on {start}", duty["due_on"])
            expect(duty["title"] and duty["why"] and duty["source"], f"{code} says what, why and by which source", "an empty sentence")
        first = min(wanted["review_first_guidance"], wanted["review_first_regulation"])
        chased = [code for code in ("review_first_guidance", "review_first_regulation") if by_code[code]["strictest"]]
        expect(chased and all(wanted[code] == first for code in chased), "the earlier of the two first reviews is chased", chased)
        return len(wanted)

    def refusals(self, good: dict[str, Any]) -> int:
        """Bad requests, each refused with what is wrong named. How many."""
        wrong = good["child"]["upn"]
        letter = UPN_LETTERS[(UPN_LETTERS.index(wrong[0]) + 1) % 23]
        fresh = {"reference": f"STORY-{uuid.uuid4().hex[:12]}", "upn": ""}
        tomorrow = (self.today + timedelta(days=1)).isoformat()
        long_ago = (self.entered["new"] - timedelta(days=5)).isoformat()
        cases: list[tuple[dict[str, Any], set[str]]] = [
            ({"child": good["child"] | fresh | {"upn": letter + wrong[1:]}}, {"child.upn"}),
            ({"child": good["child"] | {"upn": ""}}, {"child.reference"}),
            ({"child": good["child"] | fresh | {"born_on": tomorrow}}, {"child.born_on"}),
            ({"child": good["child"] | fresh, "placement": good["placement"] | {"started_on": long_ago}}, {"placement.started_on"}),
            (
                {
                    "child": good["child"] | fresh | {"sex": "x", "given_names": "a" * 101},
                    "school": {"number": "0000000"},
                    "placement": good["placement"] | {"host_authority": "W00000000"},
                    "social_worker": "nobody@lace.example",
                },
                {"child.sex", "child.given_names", "school.number", "placement.host_authority", "social_worker"},
            ),
        ]
        for change, fields in cases:
            answers = [self.post_entry(good | change, str(uuid.uuid4()), Accept_Language=language) for language in ("en", "cy")]
            for answer in answers:
                expect(
                    answer.status == 400 and fields <= set(answer.errors), f"400 naming {sorted(fields)}", f"{answer.status} naming {answer.named}"
                )
            said = [{field: answer.errors[field] for field in fields} for answer in answers]
            expect(said[0] != said[1], f"{sorted(fields)} refused in the reader's language", "the same sentence in English and Welsh")
        mine = f"/api/v1/children/{self.child['new']}/"
        version = self.system.ask("GET", mine).headers.get("ETag", "")
        overlap = good["placement"] | {"started_on": long_ago}
        answer = self.system.ask("POST", f"{mine}placements/", overlap, Idempotency_Key=str(uuid.uuid4()), If_Match=version)
        expect(answer.status == 400 and "started_on" in answer.errors, "400 naming started_on", f"{answer.status} naming {answer.named}")
        key = str(uuid.uuid4())
        for sent, headers, status in (
            (b"{", {}, 400),
            (b'{"child": "\xff"}', {}, 400),
            (b"child=1", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
            (b" " * (1024 * 1024 + 1), {}, 413),
        ):
            answer = self.post_entry(sent, key, **headers)
            expect(answer.status == status, f"{status} to a body that cannot be taken", answer.status)
        return 2 * len(cases) + 5

    def reminders(self) -> str:
        """The sweep rings and reminds; e-mails name no child"""
        soon, late = (f"/children/{self.child[which]}/duties/" for which in ("new", "late"))
        begun = time.monotonic()
        wait_for(lambda: self.told("social_worker", soon), SWEEP_SECONDS, "a reminder in the social worker's messages within one round of the sweep")
        waited = time.monotonic() - begun
        expect(self.told("social_worker", late), "the social worker is told of the missed date", "no message")
        expect(self.told("designated_person", late), "the designated person is told of the missed date", "no message")
        for role in ("designated_manager", "lace_coordinator"):
            expect(not self.told(role, late), f"the {role.replace('_', ' ')} is told only after the social worker", "told the same day")
        address = self.known("social_worker")["email"]
        wait_for(
            lambda: any(soon in text for to, text in letters(self.mail) if address in to), MAIL_SECONDS, "an e-mail to the social worker with a link"
        )
        children = self.system.everything("/api/v1/children/")
        full_names = {f"{first} {child['family_name']}" for child in children for first in (child["given_names"], child["preferred_name"]) if first}
        read = [text for _to, text in letters(self.mail)]
        for text in read:
            expect(not any(part in text for part in self.traces()), "an e-mail without the child's names", "one with a name of the child")
            expect(not any(name in text for name in full_names), "an e-mail without any child's name", "one with a child's full name")
        return f"told after {waited:.0f} s, {len(read)} e-mails read, none names a child"

    def plan(self) -> str:
        """The designated person finds the work on top, writes the plan and makes it final"""
        designated = self.person("designated_person")
        self.check_queue(designated)
        plan = f"/children/{self.child['new']}/plan/"
        record = designated.see(plan)
        record.follow(f"{plan}start/").main_form().fill(on=self.today).send()
        early = designated.see(f"{plan}final/")
        expect(not early.root.all("input", name="on_day"), "an empty plan cannot be made final", "a form to do it")
        sections = list(dict.fromkeys(link for link in designated.see(plan).links if link.startswith(f"{plan}section/")))
        expect(len(sections) >= 7, "seven sections for the designated person to write", len(sections))
        for path in sections:
            done = written(designated.see(path).main_form()).send()
            expect(done.path == plan, "back at the plan after saving a section", done.short)
        for area in ("academic", "personal"):
            form = written(designated.see(f"{plan}targets/add/").main_form())
            form.fill(area=area, review_on=self.today + timedelta(days=90), language="en-gb", child_agrees="on", teacher_agrees="on")
            for _click in ("first", "second"):
                done = form.send()
                expect(done.path == plan, "back at the plan after saving a target", done.short)
        before = {role: len(self.told(role, plan)) for role in ("foster_carer", "iro")}
        stale = designated.see(f"{plan}section/attainment/").main_form()
        final = designated.see(f"{plan}final/").main_form().fill(on=self.today).send()
        expect(final.path == plan and final.status == 200, "the plan is final", final.short)
        self.check_frozen(final, stale, plan)
        for role in ("foster_carer", "iro"):
            expect(len(self.told(role, plan)) == before[role] + 1, f"one message to the {role} that the plan is final", len(self.told(role, plan)))
        return f"{len(sections)} sections, 2 targets, version 1 frozen; carer and IRO told"

    def check_queue(self, designated: Visitor) -> None:
        entries = [entry for page in designated.pages("/") for entry in page.root.all("li", class_="app-duty")]
        dated = [(date.fromisoformat(entry.all("time")[0].get("datetime")[:10]), entry) for entry in entries if entry.all("time")]
        days = [day for day, _entry in dated]
        expect(days == sorted(days), "a queue by due date", "another order")
        expect(days and days[0] < self.today and "app-duty--overdue" in entries[0].get("class"), "what is overdue on top", "something else")
        soon = [day for day, entry in dated if "app-duty--soon" in entry.get("class")]
        expect(all(day >= self.today for day in soon), "nothing past its day that is said to be due soon", "a duty of the past")
        late = [link.get("href") for day, entry in dated if day < self.today for link in entry.all("a")]
        ahead = [link.get("href") for day, entry in dated if day >= self.today for link in entry.all("a")]
        for which, found in (("late", late), ("new", ahead)):
            expect(f"/children/{self.child[which]}/plan/" in found, f"the child of the {which} entry in the queue", "no link to the plan")

    def check_frozen(self, final: Page, stale: Form, plan: str) -> None:
        versions = [link for link in final.links if link.startswith(f"{plan}versions/") and not link.endswith("/quality/")]
        expect(len(versions) == 1, "one final version", len(versions))
        visitor = final.visitor
        frozen = visitor.see(versions[0]).main
        expect("A horse and a library card" in frozen, "the child's words in the version", "a version without them")
        stale.fill(**{name: "Changed after the plan was final." for name in stale.typed if name == "progress"}).send()
        expect(visitor.see(versions[0]).main == frozen, "version 1 as it was frozen", "another text")
        expect("Changed after" not in visitor.see(f"{plan}read/").main, "a final plan that takes no words", "the words stored")

    def dashboard(self) -> str:
        """The LACE coordinator's dashboard: each number opens a list of that many"""
        coordinator = self.person("lace_coordinator")
        page = coordinator.see("/dashboard/")
        numbers: dict[str, int] = {}
        for figure in page.root.all("li", class_="app-figure"):
            shown = figure.all("span", class_="app-figure__number")[0].text
            numbers |= {link.get("href"): int(shown) for link in figure.all("a")}
        for placed in ("own_in", "own_out", "hosted"):
            expect(any(f"placed={placed}" in path for path in numbers), f"a number of {placed} children with a link", "none")
        expect(sum(numbers[path] for path in numbers if "placed=own_in" in path) > 0, "children of our own", "none")
        numbers |= {link.get("href"): int(link.text) for cell in page.root.all("td") for link in cell.all("a") if link.text.isdigit()}
        expect(any(path.startswith("/duties/") for path in numbers), "numbers of duties with links", "none")
        for path, number in numbers.items():
            rows = coordinator.rows(path)
            expect(len(rows) == number, f"{number} rows behind the number that opens {path}", len(rows))
        chosen = max(numbers, key=lambda path: numbers[path] * path.startswith("/children/"))
        shown_before = [link.get("href") for row in coordinator.rows(chosen) for link in row.all("a")]
        shown_again = [link.get("href") for row in self.newly_signed_in("lace_coordinator").rows(chosen) for link in row.all("a")]
        expect(shown_before == shown_again, "the same list from a bookmark in a new session", "another list")
        expect(page.root.all("svg") and page.root.all("figure"), "a chart with its table", "none")
        return f"{len(numbers)} numbers agree with their lists; a bookmarked filter answers the same"

    def review(self) -> str:
        """A review is arranged, held and closed with decisions; the next duty appears"""
        meetings = f"/children/{self.child['new']}/meetings/"
        iro = self.person("iro")
        form = iro.see(meetings).follow(f"{meetings}arrange/").main_form()
        designated = form.fill(day=self.today, time="15:45", venue="Yr ysgol", lessons="outside").tick("school", "Designated person")
        unsaid = form.send()
        expect(unsaid.root.all("div", class_="govuk-error-summary"), "school staff are not invited without a reason", unsaid.short)
        arranged = unsaid.main_form().fill(**{f"reason_{designated}": "Speaks for the school."}).send()
        expect(arranged.path == meetings, "the review is arranged", arranged.short)
        expect(self.told("designated_person", meetings), "the designated person is told of the review", "no message")
        held = [link for link in arranged.links if link.endswith("/held/")]
        expect(len(held) == 1, "a link to record the review as held", len(held))
        form = iro.see(held[0]).main_form().fill(held_on=self.today, participation="attended", summary="The plan was read together.")
        form.fill(text_1="A quiet place for homework", owner_1="Social worker", due_on_1=self.today + timedelta(days=14))
        form.fill(**dict.fromkeys([name for name in form.choices if name.startswith("attendance_")], "attended"))
        closed = form.send()
        expect(closed.path == meetings and "A quiet place for homework" in closed.text, "the review with its decision on the page", closed.short)
        duties = self.duties("new")
        for code in ("review_first_guidance", "review_first_regulation"):
            expect(duties[code]["closed_on"] == self.today.isoformat(), f"{code} met today", duties[code]["closed_on"])
        due = three_months_after(self.today)
        expect("review_second" in duties, "the duty to hold the second review", ", ".join(duties))
        expect(duties["review_second"]["due_on"] == due.isoformat(), f"the second review due on {due}", duties["review_second"]["due_on"])
        return f"closed with a decision, the next is due on {due}"

    def report(self) -> str:
        """The termly report is prepared and published; a governor downloads it in Welsh and English"""
        designated, head, governor = (self.person(role) for role in ("designated_person", "headteacher", "governor"))
        form = designated.see("/reports/").follow("/reports/prepare/").main_form().fill(language="en-gb", training="all")
        given = GIVEN["new"].split()[0]
        refused = form.fill(narrative=f"The school is proud of {given} and of all others.").send()
        expect(refused.root.all("div", class_="govuk-error-summary"), "a text that names a child is refused", refused.short)
        prepared = refused.main_form().fill(narrative="The school opened a homework club and trained its staff.").send()
        expect(re.fullmatch(r"/reports/[0-9a-f-]{36}/", prepared.path), "the prepared report", prepared.short)
        expect(governor.get(prepared.path).status == 404, "a draft that governors cannot open", "a page")
        published = head.see(prepared.path).follow(f"{prepared.path}publish/").main_form().send()
        expect(published.path == prepared.path, "the report is published", published.short)
        expect(any(link == prepared.path for link in governor.see("/reports/").links), "the report in the governor's list", "no link")
        read = governor.see(prepared.path)
        self.check_nobody_named("the report's page", read.text)
        sizes = [self.check_pdf(read, language) for language in ("cy", "en")]
        for path in ("/children/", f"/children/{self.child['new']}/", f"/children/{self.child['new']}/plan/"):
            page = governor.get(path)
            expect(page.status in {403, 404}, "a governor opens no child's page", page.short)
            self.check_nobody_named("a page refused to a governor", page.text)
        return f"{sizes[0]} kB in Welsh, {sizes[1]} kB in English, tagged, the same bytes twice, no child named"

    def check_pdf(self, report: Page, language: str) -> int:
        """Returns its size in kB."""
        path = f"{report.path}{language}.pdf"
        first = report.follow(path)
        expect(first.status == 200 and first.kind == "application/pdf", f"the PDF in {language}", first.short)
        expect(first.body.startswith(b"%PDF-"), "a file that starts with %PDF", "another beginning")
        expect(report.visitor.get(path).body == first.body, "the same bytes on a second download", "others")
        name = first.headers.get("Content-Disposition", "")
        expect("attachment" in name and self.known("case_system")["school"] not in name, "a download with a neutral name", "another")
        if importlib.util.find_spec("pypdf") is None:  # the demo's environment holds it; another client's may not
            return len(first.body) // 1024
        import pypdf

        pdf = pypdf.PdfReader(io.BytesIO(first.body))
        root: Any = pdf.trailer["/Root"]
        expect(root.get("/MarkInfo", {}).get("/Marked"), "a tagged PDF", "no mark")
        expect(str(root.get("/Lang", "")).lower().startswith(language), f"a PDF in {language}", root.get("/Lang"))
        self.check_nobody_named("the PDF", " ".join(page.extract_text() for page in pdf.pages), str(pdf.metadata))
        return len(first.body) // 1024

    def check_nobody_named(self, where: str, *texts: str) -> None:
        """No child of the school by full name, and neither of the story's by any part of theirs."""
        names = {row.all("th")[0].text for row in self.person("designated_person").rows("/children/")}
        expect(len(names) >= 2, "the school's children in the designated person's list", len(names))
        text = " ".join(" ".join(texts).split())
        expect(not any(part in text for part in [*names, *self.traces()]), f"no child named in {where}", "a name")

    def read_back(self) -> str:
        """The case system reads the plan's state and the duties"""
        self.take_token()
        pep = self.system.read(f"/api/v1/children/{self.child['new']}/pep/")
        expect((pep["state"], pep["version"]) == ("final", 1), "the plan final in version 1", (pep["state"], pep["version"]))
        expect([version["number"] for version in pep["versions"]] == [1], "one version", len(pep["versions"]))
        expect(len(pep["targets"]) == 2, "two targets, each clicked twice", len(pep["targets"]))
        expect(all(section["complete"] for section in pep["sections"]), "every section complete", "one that is not")
        duties = self.duties("new")
        for code in ("pep_initiated_emergency", "pep_developed", "pep_for_first_review"):
            expect(duties[code]["outcome"] == outcome(duties[code], self.today), f"{code} met", duties[code]["outcome"])
        worker = self.known("social_worker")["email"]
        open_now = {duty["code"] for duty in self.system.everything(f"/api/v1/duties/?worker={worker}") if duty["child"] == self.child["new"]}
        still = {"care_plan", "pep_quality_checked", "placement_plan", "review_second", "visit_first"}
        expect(open_now == still, "what the story has not done yet, and the second review, open", ", ".join(sorted(open_now)))
        late = self.duties("late")
        expect(
            late["pep_developed"]["overdue"] and late["pep_developed"]["days_late"] == 40, "a plan 40 days late", late["pep_developed"]["days_late"]
        )
        return "final in version 1, three duties met, five open"

    def strangers(self) -> str:
        """Another authority finds nothing, as if the child did not exist"""
        elsewhere = self.person("lace_coordinator_elsewhere")
        mine, nobody = self.child["new"], str(uuid.uuid4())
        for tab in ("", "plan/", "meetings/", "duties/", "school/", "people/", "timeline/", "access/", "plan/section/my_page/"):
            page, missing = (elsewhere.get(f"/children/{child}/{tab}") for child in (mine, nobody))
            expect(page.status == missing.status == 404, "404 for a child of another authority", page.short)
            expect(page.text == missing.text, "the same page as for a child who does not exist", "another page")
            expect(not any(part in page.text for part in self.traces()), "a page without the child's name", "the name")
        others = [link.get("href") for row in elsewhere.rows("/children/?placed=own_in") for link in row.all("a")]
        expect(others, "children of the other authority", "none")
        expect(not any(mine in link for link in others), "a list without our child", "the child")
        theirs = urlsplit(others[0]).path
        for path in ("", "duties/", "pep/", "reviews/"):
            answer, absent = (self.system.ask("GET", f"/api/v1{child}{path}") for child in (theirs, f"/children/{nobody}/"))
            expect(answer.status == 404, "404 by API for a child of another authority", answer.status)
            expect(answer.body == absent.body, "the same answer as for a child who does not exist", "another answer")
        sent = self.system.ask("POST", f"/api/v1{theirs}end-of-care/", {}, Idempotency_Key=str(uuid.uuid4()), If_Match='"0"')
        expect(sent.status == 404, "404 to an act on a child of another authority", sent.status)
        return "404 on nine pages and at five addresses of the API, the same as for nobody"

    def leave(self) -> str:
        """Every page in both languages; signing out ends it"""
        seen = 0
        for role, visitor in self.people.items():
            home = visitor.see("/")
            for language, code in (("cy", "cy"), ("en-gb", "en")):
                home = home.form_to("/language/").send(button=language)
                expect(home.path == "/" and home.language == code, f"the first page in {code}, where it was", f"{home.language}, {home.short}")
                for path in list(visitor.visited.values()):
                    page = visitor.get(path)
                    expect(page.language == code, f"the {role.replace('_', ' ')} reads every page in {code}", f"{page.language} in {page.short}")
                    seen += 1
            cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies if cookie.name.endswith("session"))
            left = visitor.see("/").form_to("/accounts/logout/").send()
            expect(left.path == "/accounts/login/", "the page to sign in after signing out", left.short)
            back = visitor.get("/")
            expect(back.path == "/accounts/login/", "a signed-out person is led to sign in", back.short)
            replayed = CaseSystem(self.base).ask("GET", "/", Cookie=cookie)
            expect(cookie and replayed.status == 302, "a session that ended with signing out", replayed.status)
        return f"{seen} pages in the right language, {len(self.people)} people signed out"


# -- how the story writes and waits --------------------------------------------------------------------------------------


def written(form: Form) -> Form:
    """A section or target filled in: words in every empty field and the first answer to every choice, of a table only in its first row."""
    later = re.compile(r".+-[1-9]\d*-.+")
    boxes = re.compile(r".+_(day|month|year)")
    for name in form.typed:
        if name == "next":
            form.fill(next="A horse and a library card.")
        elif name == "cost":
            continue  # not everything costs money
        elif not form.values.get(name) and not later.fullmatch(name) and not boxes.fullmatch(name):
            form.fill(**{name: "Agreed at the meeting."})
    for name, offered in form.choices.items():
        if name not in form.boxes and not form.values.get(name) and not later.fullmatch(name):
            form.fill(**{name: {"how": "said", "language": "en-gb"}.get(name) or next(filter(None, offered))})
    return form


def wait_for(holds: Callable[[], Any], seconds: float, what: str) -> None:
    """Ask every three seconds until it holds. Raises Failure after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        expect(time.monotonic() < deadline, what, f"nothing in {seconds:.0f} s")
        time.sleep(3)
