"""What the API says of itself: OpenAPI 3.1, every status of every operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from lace.api.fields import Input

Schema = dict[str, Any]

_KINDS: dict[str, Schema] = {
    "text": {"type": "string"},
    "id": {"type": "string", "format": "uuid"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "link": {"type": "string", "format": "uri"},
    "flag": {"type": "boolean"},
    "number": {"type": "number"},
}
REFUSALS: dict[int, Promise] = {
    400: _("The request cannot be used; each field that is wrong is named"),
    401: _("No valid access token"),
    403: _("Visible, but not allowed"),
    404: _("Not there, or not visible"),
    405: _("The address does not take this method"),
    406: _("Only application/json is given"),
    409: _("A rule refuses the act"),
    412: _("Changed since it was read"),
    413: _("The body is larger than 1 MB"),
    415: _("The body is not application/json"),
    422: _("The Idempotency-Key was used for another request"),
    428: _("The If-Match header is missing"),
    429: _("Too many requests in a minute"),
}
PROBLEMS: Schema = {
    "type": "object",
    "properties": {"errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}},
    "required": ["errors"],
}
_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    description=_("A new key for each new request, the same key when it is repeated: a repeat is answered again and creates nothing"),
    type={"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
)
_VERSION = OpenApiParameter(
    "If-Match", location=OpenApiParameter.HEADER, required=True, description=_("The child's ETag as it was read, in quotation marks"), type=str
)
_LANGUAGE = OpenApiParameter("Accept-Language", location=OpenApiParameter.HEADER, description=_("en or cy"), type=str)
_KNOWN = OpenApiParameter(
    "If-None-Match", location=OpenApiParameter.HEADER, description=_("The ETag that you have: 304 when it is still the current one"), type=str
)


def shape(**fields: str | Schema) -> Schema:
    """An object whose fields are all there, by kind: "text", "id", "day", "moment", "flag", "number", "link"; "?" after it: may be null."""
    properties = {name: _kind(kind) if isinstance(kind, str) else kind for name, kind in fields.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def pages(of: Schema) -> Schema:
    """A page of a list with the address of the next."""
    return shape(next="link?", results=many(of))


def _kind(kind: str) -> Schema:
    found = _KINDS[kind.removesuffix("?")]
    return {**found, "type": [found["type"], "null"]} if kind.endswith("?") else found


def described(
    summary: Promise,
    answer: Schema,
    *,
    request: type[Input] | None = None,
    query: type[Input] | None = None,
    changes: bool = False,
    has_etag: bool = False,
    of_child: bool = True,
    name: str | None = None,
) -> Callable[[Any], Any]:
    """Decorator of a door's method: what it is for, takes and answers. With a `request` it creates something; `changes` asks for the version."""
    codes = {401, 405, 406, 429} | ({403, 404} if of_child else set())
    headers = [_LANGUAGE]
    if request is not None:
        codes |= {400, 403, 409, 413, 415, 422}
        headers.append(_KEY)
    if query is not None:
        codes |= {400, 403}
    if changes:
        codes |= {412, 428}
        headers.append(_VERSION)
    responses: dict[int, Any] = {200 if request is None else 201: OpenApiResponse(answer, description=_("Done") if request else _("Here it is"))}
    if has_etag:
        headers.append(_KNOWN)
        responses[304] = OpenApiResponse(description=_("You have the current version"))
    responses |= {code: OpenApiResponse(PROBLEMS, description=REFUSALS[code]) for code in sorted(codes)}
    found: Callable[[Any], Any] = extend_schema(
        operation_id=name, summary=summary, request=request, parameters=[*headers, *([query] if query else [])], responses=responses, tags=["Lace"]
    )
    return found


class CaseSystemScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "lace.api.authentication.CaseSystemAuthentication"
    name = "caseSystem"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "oauth2",
            "description": str(_("Client credentials of a council's case system. A token is good for 15 minutes")),
            "flows": {
                "clientCredentials": {"tokenUrl": "/api/v1/token/", "scopes": {"care": str(_("Record and read the children of the authority"))}}
            },
        }


_TOKEN: Schema = {
    "post": {
        "operationId": "token_create",
        "summary": _("Get an access token"),
        "tags": ["Lace"],
        "security": [{"basic": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {"grant_type": {"type": "string", "enum": ["client_credentials"]}},
                        "required": ["grant_type"],
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": _("Here it is"),
                "content": {"application/json": {"schema": shape(access_token="text", expires_in="number", token_type="text", scope="text")}},  # noqa: S106
            },
            "400": {"description": _("The grant type is missing or not client_credentials")},
            "401": {"description": _("Unknown client, or wrong secret")},
        },
    }
}


def finish(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """Postprocessing hook: the token endpoint, which is no view of the framework's, and objects that take no field they do not name."""
    result["paths"]["/api/v1/token/"] = _TOKEN
    result["components"].setdefault("securitySchemes", {})["basic"] = {"type": "http", "scheme": "basic"}
    for name, component in result["components"].get("schemas", {}).items():
        if name.endswith("InputRequest"):
            component["additionalProperties"] = False
            component.pop("description", None)  # the serializer's docstring speaks to programmers
            for field in component["properties"].values():
                field.pop("x-spec-enum-id", None)
    return result
