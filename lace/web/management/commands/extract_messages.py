"""Bring lace/locale/cy/LC_MESSAGES/django.po up to the source, with the Welsh of parts/*.po laid over it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lace.web import catalogues


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--consume", action="store_true", help="delete the parts once they are in django.po")
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a text has no Welsh")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "lace" / "locale" / "cy" / "LC_MESSAGES"
        wanted = catalogues.extracted(catalogues.files(settings.BASE_DIR))
        catalog, quarrels = catalogues.merged(folder, wanted)
        missing = [key for key, message in catalogues.messages_of(catalog).items() if not catalogues.is_complete(message)]
        for line in quarrels:
            self.stderr.write(f"Two parts differ, the first was taken: {line}")
        for text, context in missing:
            self.stderr.write(f"No Welsh yet: {text!r}" + (f" (context {context!r})" if context else ""))
        if options["check"]:
            if missing:
                raise CommandError(f"{len(missing)} of {len(catalog)} texts have no Welsh: add them to a file in {folder / 'parts'}")
            return
        catalogues.write(catalog, folder / "django.po")
        if options["consume"]:
            for part in (folder / "parts").glob("*.po"):
                part.unlink()
        self.stdout.write(f"{len(catalog)} texts in {folder / 'django.po'}, {len(missing)} without Welsh")
