"""The door that every view of the API is, the token endpoint, and what answers where there is nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Never
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from oauth2_provider.views import TokenView
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lace.accounts.access import Grant
from lace.api.authentication import CaseSystemAuthentication
from lace.api.docs import operations
from lace.api.fields import Input
from lace.api.models import CaseSystem
from lace.children.models import Child
from lace.children.services import find_child
from lace.core.actor import Actor


class Door(APIView):
    """A view of the API: `by` is who acts, `system` the caller. What authentication tells the database and the audit ends with the request."""

    by: Actor
    system: CaseSystem
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as serving:
            request.serving = serving  # type: ignore[attr-defined]
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, CaseSystem):
            self.system = request.auth
            self.by = request._request.actor  # type: ignore[attr-defined]

    def child(self, pk: UUID) -> tuple[Child, Grant]:
        """The child and what the caller may read and do. Raises Http404 for a child out of sight as for one who does not exist."""
        try:
            return find_child(by=self.by, pk=pk)
        except Child.DoesNotExist:
            raise Http404 from None

    def read(self, request: Request, kind: type[Input]) -> dict[str, Any]:
        """The body's values. Raises ValidationError naming each field."""
        return self._valid(kind, request.data)

    def query(self, request: Request, kind: type[Input]) -> dict[str, Any]:
        """The values behind the question mark. Raises ValidationError naming each parameter, unknown ones too."""
        return self._valid(kind, request.query_params.dict())

    def _valid(self, kind: type[Input], data: Any) -> dict[str, Any]:
        given = kind(data=data, context={"by": self.by})
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values


class SignedIn(BaseAuthentication):
    """A person's session, for what is only read about the API and holds no child's data."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        user = getattr(request._request, "user", None)
        return (user, None) if user is not None and user.is_authenticated else None


class About(Door):
    """About the API itself: for case systems and for people who are signed in."""

    authentication_classes = (CaseSystemAuthentication, SignedIn)
    schema = None


class Description(About):
    """OpenAPI 3.1."""

    def get(self, request: Request) -> Response:
        return Response(description())


class Documentation(About):
    """The same as a page."""

    def get(self, request: Request) -> HttpResponse:
        return render(request._request, "api/docs.html", {"operations": operations(description())})

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)


def description() -> dict[str, Any]:
    """The API's description in the language in use."""
    found: dict[str, Any] = SchemaGenerator(api_version="1.0.0").get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Tokens(TokenView):  # type: ignore[misc]  # untyped
    """OAuth 2 client credentials: the one way in for a case system."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        except DataError:  # a client id with a character that no text of the database can hold
            return JsonResponse({"error": "invalid_client"}, status=401)
        return response


class Nothing(APIView):
    """Every other address below /api/: 404 in the API's own shape."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> Never:
        raise Http404
