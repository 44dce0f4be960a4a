"""Compile every django.po of LOCALE_PATHS, with the parts beside it, into django.mo."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from lace.web import catalogues


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # it runs before there is a database

    def handle(self, *args: Any, **options: Any) -> None:
        for locale in settings.LOCALE_PATHS:
            for folder in sorted(Path(locale).glob("*/LC_MESSAGES")):
                self.stdout.write(f"Compiled {catalogues.compiled(folder)}")
