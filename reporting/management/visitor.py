"""Clients from outside for the story: a person at a browser without scripts, and a case system. Nothing of Lace is imported."""

from __future__ import annotations

import base64
import email
import email.policy
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

SECONDS = 30  # how long an answer may take
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER = re.compile(r"\d{7}")  # of a school


class Failure(Exception):
    """A step that went wrong: what was expected and what came, with no personal data in either."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}; came {came}")


def expect(holds: object, expected: str, came: object) -> None:
    """Raise Failure unless it holds."""
    if not holds:
        raise Failure(expected, str(came))


def masked(path: str) -> str:
    """A path without ids, which also makes one pattern of all pages of a kind."""
    return NUMBER.sub("<number>", ID.sub("<id>", path))


# -- HTML ----------------------------------------------------------------------------------------------------------------


@dataclass
class Element:
    """An element of a page; `inside` holds text and elements."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Element | str] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def walk(self) -> Iterator[Element]:
        yield self
        for part in self.inside:
            if isinstance(part, Element):
                yield from part.walk()

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        """Elements with one of these tags whose attributes are these; `class_` asks for one class among several."""
        wanted = attributes.pop("class_", None)
        return [
            found
            for found in self.walk()
            if (not tags or found.tag in tags)
            and all(found.attributes.get(name) == value for name, value in attributes.items())
            and (wanted is None or wanted in found.get("class").split())
        ]

    @property
    def text(self) -> str:
        """What is read, on one line."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for part in self.inside:
            if isinstance(part, str):
                yield part
            elif part.tag not in {"script", "style"}:
                yield " "
                yield from part._words()
                yield " "


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parse(html: str) -> Element:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


class Form:
    """A form of a page with what stands in it; only what the page offers can be filled in. Checkboxes of one name are a list of values."""

    def __init__(self, page: Page, element: Element) -> None:
        self.page, self.element = page, element
        self.values: dict[str, str | list[str]] = {}
        self.choices: dict[str, list[str]] = {}
        self.boxes: set[str] = set()
        for part in element.all("input", "textarea", "select"):
            self._read(part, part.get("name"))

    def _read(self, part: Element, name: str) -> None:
        kind = part.get("type", "text") if part.tag == "input" else part.tag
        if not name or kind in {"submit", "button", "file"}:
            return
        if kind in {"radio", "checkbox"}:
            value = part.get("value", "on")
            self.choices.setdefault(name, []).append(value)
            if kind == "checkbox":
                self.boxes.add(name)
            if "checked" in part.attributes:
                self.values[name] = [*self.values.get(name, []), value] if kind == "checkbox" else value
        elif kind == "select":
            options = part.all("option")
            self.choices[name] = [option.get("value", option.text) for option in options]
            chosen = next((option for option in options if "selected" in option.attributes), options[0] if options else None)
            self.values[name] = chosen.get("value", chosen.text) if chosen else ""
        else:
            raw = "".join(inner for inner in part.inside if isinstance(inner, str))
            self.values[name] = raw.removeprefix("\n") if kind == "textarea" else part.get("value")

    @property
    def typed(self) -> list[str]:
        """Names of the fields for words."""
        return [part.get("name") for part in self.element.all("textarea", "input") if part.tag == "textarea" or part.get("type", "text") == "text"]

    def fill(self, **values: str | date) -> Form:
        """Fill fields by name; a date goes into its three boxes, a checkbox is ticked beside those ticked already.

        Raises Failure for a field or choice that is not offered.
        """
        for name, value in values.items():
            if isinstance(value, date):
                self.fill(**{f"{name}_day": str(value.day), f"{name}_month": str(value.month), f"{name}_year": str(value.year)})
                continue
            where = masked(self.page.path)
            expect(name in self.values or name in self.choices, f"a field {name} at {where}", "a form without it")
            if name in self.choices:
                expect(value in self.choices[name], f"the choice {value} for {name} at {where}", "other choices")
            self.values[name] = list(dict.fromkeys([*self.values.get(name, []), value])) if name in self.boxes else value
        return self

    def tick(self, name: str, words: str) -> str:
        """Tick the first checkbox of this name whose label holds these words. Returns its value. Raises Failure when there is none."""
        labels = {label.get("for"): label.text for label in self.element.all("label")}
        boxes = self.element.all("input", name=name, type="checkbox")
        offered = [box.get("value", "on") for box in boxes if words in labels.get(box.get("id"), "")]
        expect(offered, f"a checkbox {words} among {name} at {masked(self.page.path)}", "others")
        self.fill(**{name: offered[0]})
        return offered[0]

    def send(self, button: str = "") -> Page:
        """Send the form as its button does; `button` is the value of one of several."""
        values = dict(self.values)
        for found in self.element.all("button"):
            if found.get("name") and (found.get("value") == button):
                values[found.get("name")] = button
        address = urljoin(self.page.address, self.element.get("action"))
        if self.element.get("method", "get").lower() == "get":
            return self.page.visitor.get(f"{address}?{urlencode(values, doseq=True)}")
        return self.page.visitor.post(address, values, referer=self.page.address)


@dataclass
class Answer:
    """What came over HTTP."""

    status: int
    address: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").split(";")[0]

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure(f"JSON at {masked(self.path)}", f"{self.status}, {self.kind}") from None

    @property
    def errors(self) -> dict[str, list[str]]:
        """What the API refuses, by field."""
        found = self.json().get("errors", {}) if self.kind == "application/json" else {}
        return found if isinstance(found, dict) else {}

    @property
    def named(self) -> str:
        """The fields that it refuses, without what it says of them."""
        return ", ".join(sorted(self.errors)) or "no field"


class Page(Answer):
    """A page in a visitor's browser."""

    def __init__(self, visitor: Visitor, answer: Answer) -> None:
        super().__init__(answer.status, answer.address, answer.headers, answer.body)
        self.visitor = visitor
        self.root = parse(answer.body.decode("utf-8", "replace")) if answer.kind == "text/html" else Element("")

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def main(self) -> str:
        """What is read between header and footer."""
        return " ".join(part.text for part in self.root.all("main"))

    @property
    def language(self) -> str:
        return next((element.get("lang") for element in self.root.all("html")), "")

    @property
    def links(self) -> list[str]:
        """Paths of its links, with what follows the question mark."""
        return [link.get("href") for link in self.root.all("a") if link.get("href").startswith(("/", "?"))]

    @property
    def short(self) -> str:
        """What it is, without anybody's name: status, address, and the fields that the error summary names."""
        summary = [link.get("href", "#").split("#")[-1] for box in self.root.all("div", class_="govuk-error-summary") for link in box.all("a")]
        wrong = bool(self.root.all("div", class_="govuk-error-summary"))
        return f"{self.status} at {masked(self.path)}" + (f", which refuses {', '.join(summary) or 'what was sent'}" if wrong else "")

    def main_form(self) -> Form:
        """The form that the page is for."""
        found = [form for main in self.root.all("main") for form in main.all("form") if form.get("method").lower() == "post"]
        expect(found, "a page with a form", self.short)
        return Form(self, max(found, key=lambda form: len(form.all("input", "textarea", "select"))))

    def form_to(self, path: str) -> Form:
        """The form that is sent to this path."""
        found = [form for form in self.root.all("form") if urlsplit(form.get("action")).path == path]
        expect(found, f"a form to {masked(path)}", self.short)
        return Form(self, found[0])

    def follow(self, path: str) -> Page:
        """Open a link of the page by where it leads. Raises Failure when it has none."""
        expect(any(urlsplit(link).path == path for link in self.links), f"a link to {masked(path)}", self.short)
        return self.visitor.get(path)


# -- people and systems --------------------------------------------------------------------------------------------------


def _ask(
    opener: OpenerDirector, address: str, data: bytes | None = None, headers: Mapping[str, str] | None = None, method: str | None = None
) -> Answer:
    expect(address.startswith("http"), "a link to a page", f"an address that starts with {address[:8]}")
    request = Request(address, data=data, headers=dict(headers or {}), method=method)  # noqa: S310  # asked in the line before
    try:
        response: Any = opener.open(request, timeout=SECONDS)
    except HTTPError as refused:
        response = refused
    except (URLError, OSError, http.client.HTTPException) as error:
        raise Failure(f"an answer at {masked(urlsplit(request.full_url).path)}", type(getattr(error, "reason", error)).__name__) from None
    with response:
        return Answer(response.status, response.geturl(), response.headers, response.read())


class Visitor:
    """A person at a browser: cookies, forms with their CSRF token, pages as they come."""

    def __init__(self, base: str, role: str) -> None:
        self.base, self.role = base, role
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))
        self.visited: dict[str, str] = {}  # a page's pattern -> the first of its kind that this person saw

    def get(self, path: str) -> Page:
        page = Page(self, _ask(self._opener, urljoin(self.base, path)))
        if page.status == 200 and page.language:
            self.visited.setdefault(masked(page.path), page.path)
        return page

    def see(self, path: str) -> Page:
        """A page that must be there. Raises Failure when it is not."""
        page = self.get(path)
        expect(page.status == 200 and page.path == urlsplit(path).path, f"the {self.role} sees {masked(urlsplit(path).path)}", page.short)
        return page

    def post(self, address: str, values: Mapping[str, str | list[str]], *, referer: str) -> Page:
        data = urlencode(values, doseq=True).encode()
        return Page(self, _ask(self._opener, urljoin(self.base, address), data, {"Referer": referer}))

    def sign_in(self, email: str, password: str) -> Page:
        form = self.see("/accounts/login/").main_form().fill(login=email, password=password)
        page = form.send()
        expect(page.status == 200 and page.path == "/", f"the {self.role} is signed in and at the first page", page.short)
        return page

    def pages(self, path: str) -> Iterator[Page]:
        """A list's pages, one after another."""
        following: str | None = path
        for _turn in range(500):
            if following is None:
                return
            page = self.see(following)
            yield page
            following = next((urljoin(page.address, link.get("href")) for link in page.root.all("a", rel="next")), None)
        raise Failure(f"an end of the list at {masked(path)}", "more than 500 pages")

    def rows(self, path: str) -> list[Element]:
        """The rows of a list, over all its pages."""
        return [row for page in self.pages(path) for body in page.root.all("tbody") for row in body.all("tr")]


class _Stay(HTTPRedirectHandler):
    """A system follows no redirect."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


class CaseSystem:
    """A council's case system with its client id and secret."""

    def __init__(self, base: str) -> None:
        self.base, self.token = base, ""
        self._opener = build_opener(_Stay)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request; `body` goes as JSON, or as it is when it is bytes. Header names are written with underscores."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            sent = {"Content-Type": "application/json"} | sent
        if self.token:
            sent = {"Authorization": f"Bearer {self.token}"} | sent
        return _ask(self._opener, urljoin(self.base, path), data, sent, method)

    def read(self, path: str) -> Any:
        answer = self.ask("GET", path)
        expect(answer.status == 200, f"200 at {masked(urlsplit(path).path)}", answer.status)
        return answer.json()

    def take_token(self, client_id: str, secret: str) -> Answer:
        pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        form = {"Content_Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"}
        answer = self.ask("POST", "/api/v1/token/", b"grant_type=client_credentials", **form)
        if answer.status == 200:
            self.token = answer.json()["access_token"]
        return answer

    def everything(self, path: str) -> list[Any]:
        """All results of a list, over its pages."""
        found: list[Any] = []
        following: str | None = path
        while following:
            page = self.read(following)
            found += page["results"]
            following = page["next"]
        return found


def letters(folder: Path) -> Iterator[tuple[str, str]]:
    """The e-mails that a demo kept in files: to whom, and all of each as a person reads it."""
    for file in sorted(folder.glob("*")):
        for raw in re.split(rb"^-{79}\r?\n", file.read_bytes(), flags=re.MULTILINE):
            if raw.strip():
                letter = email.message_from_bytes(raw, policy=email.policy.default)
                body = letter.get_body(("plain", "html"))
                yield str(letter["To"]), f"{letter['Subject']}\n{letter['To']}\n{body.get_content() if body else ''}"
