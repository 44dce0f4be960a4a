"""What the tests of this folder read off a page."""

from __future__ import annotations

from html import unescape
from io import BytesIO
from typing import Any

import pypdf
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def body(response: Any) -> str:
    """What a page says, or the document that it is."""
    if response.headers["Content-Type"] == "application/pdf":
        return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(response.content)).pages)
    return unescape(response.content.decode())


def cost(client: Client, address: str) -> int:
    """The statements of a page, from who asks to the record of the read; without savepoints, settings and the session's own clock."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    statements = [str(query["sql"]) for query in captured.captured_queries]
    return sum("INSERT INTO" in sql or (sql.startswith("SELECT") and not sql.startswith("SELECT set_config")) for sql in statements)
