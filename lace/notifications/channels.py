"""Where an e-mail leaves Lace: SMTP, or GOV.UK Notify where NOTIFY_API_KEY is set.

GOV.UK Notify can be asked by reference whether it took a message; SMTP cannot, and gets the same Message-ID instead.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

NOTIFY = "https://api.notifications.service.gov.uk"
# What GOV.UK Notify says of an e-mail that will not arrive: no such address; a full mailbox, for three days; a fault between the providers.
_UNDELIVERED = ("permanent-failure", "temporary-failure", "technical-failure")


class Rejected(Exception):
    """The provider will never take this message: no such address, say."""


class Later(Exception):
    """The provider did not take this message and may later: a full mailbox, greylisting."""


class Down(Exception):
    """The provider cannot be reached or is not speaking to us: it took nothing and would take none of the rest."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, ready to go."""

    reference: UUID
    name: str
    address: str
    language: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A letter that the provider took and then could not deliver."""

    reference: UUID
    address: str


class Provider(Protocol):
    """Sends letters. `send` raises Rejected, Later or Down when it is sure that nothing was taken; anything else leaves it unknown."""

    can_be_asked: bool

    def send(self, letter: Letter) -> None: ...

    def took(self, reference: UUID) -> bool:
        """Has the provider taken a letter with this reference, and not given it up since? Raises Down when it does not say."""
        ...

    def returned(self) -> Iterable[Returned]:
        """What of the last days it could not deliver. Raises Down when it does not say."""
        ...

    def close(self) -> None: ...


class Mail:
    """Django's mail backend: SMTP, or the files, console or memory of a demo or a test."""

    can_be_asked = False

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def send(self, letter: Letter) -> None:
        connection = self._connection = self._connection or _opened()
        message = EmailMessage(
            subject=letter.subject,
            body=letter.body,
            to=[formataddr((letter.name, letter.address))],
            headers={
                "Message-ID": f"<{letter.reference}@{urlsplit(settings.SITE_URL).hostname}>",
                "Content-Language": letter.language,
                "Auto-Submitted": "auto-generated",
            },
            connection=connection,
        )
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            self.close()
            raise _refusal(min(code for code, _text in error.recipients.values())) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _refusal(error.smtp_code) from error
        except Exception:
            self.close()
            raise

    def took(self, reference: UUID) -> bool:
        raise NotImplementedError("SMTP cannot be asked.")

    def returned(self) -> Iterable[Returned]:
        return ()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _opened() -> BaseEmailBackend:
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise Down from error
    return connection


def _refusal(code: int) -> Rejected | Later:
    """SMTP reply codes: 5xx is for ever, 4xx for now (RFC 5321, 4.2.1)."""
    return Rejected(code) if code >= 500 else Later(code)


class Notify:
    """GOV.UK Notify, with one template of ours whose whole text is ((subject)) and ((body))."""

    can_be_asked = True

    def __init__(self) -> None:
        client: Any = NotificationsAPIClient  # the library has no types
        self._client = client(settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_BASE_URL or NOTIFY, timeout=settings.EMAIL_TIMEOUT)

    def send(self, letter: Letter) -> None:
        try:
            self._client.send_email_notification(
                email_address=letter.address,
                template_id=settings.NOTIFY_TEMPLATE_ID,
                personalisation={"subject": letter.subject, "body": letter.body},
                reference=str(letter.reference),
            )
        except HTTPError as error:
            if error.status_code == 400:
                raise Rejected(400) from error
            if error.status_code in {401, 403, 429}:  # our key, or its limit for a minute or a day
                raise Down(error.status_code) from error
            raise  # 5xx, or no answer: it may have been taken

    def took(self, reference: UUID) -> bool:
        # One reference is one letter and the tries that somebody asked for: never more than the 250 of a page.
        return any(message["status"] not in _UNDELIVERED for message in self._page(reference=str(reference)))

    def returned(self) -> Iterator[Returned]:
        for status in _UNDELIVERED:
            older_than = None
            while page := self._page(status=status, template_type="email", older_than=older_than):
                for message in page:
                    if (reference := _own(message["reference"])) is not None:
                        yield Returned(reference, message["email_address"])
                older_than = page[-1]["id"]

    def _page(self, **asked: str | None) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._client.get_all_notifications(**asked)["notifications"]
        except APIError as error:  # refused, unanswered, or answered by something that is not Notify
            raise Down(error.status_code) from error
        except (KeyError, TypeError) as error:
            raise Down from error
        return found

    def close(self) -> None:
        self._client.request_session.close()


def _own(reference: str | None) -> UUID | None:
    """Our reference; none for what others sent with the same key."""
    try:
        return UUID(reference or "")
    except ValueError:
        return None


def provider() -> Provider:
    """The provider that the settings choose."""
    return Notify() if settings.NOTIFY_API_KEY else Mail()
