from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register


class DocumentsConfig(AppConfig):
    name = "lace.documents"

    def ready(self) -> None:
        # Only under `check --deploy`: looking for Pango loads WeasyPrint, 0.3 s that no other command should wait for.
        register(printing_check, "documents", deploy=True)


def printing_check(**_kwargs: object) -> list[CheckMessage]:
    """A warning, not an error: everything but PDF works without the printing library."""
    from lace.documents.pdf import printing_problem

    problem = printing_problem()
    return [Warning(problem, id="lace.documents.W001")] if problem else []
