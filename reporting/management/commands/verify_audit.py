"""Read every row of the audit again and compare it with its seals, authority by authority. Ends with 1 when something does not agree."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from lace.accounts.models import LocalAuthority
from lace.audit import chain
from lace.core.actor import Actor

TITLES = ["authority", "seal", "rows", "digest", "sealed_at"]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kept", type=Path, nargs="*", default=[], help="files of heads taken away earlier: each must still be in its chain")
        parser.add_argument("--keep", type=Path, help="write the heads of all chains here, to take away")

    def handle(self, *args: Any, kept: list[Path], keep: Path | None, **options: Any) -> None:
        by = Actor.named_job("audit", today=timezone.localdate())
        checked, faults = chain.verify(by=by, kept=[head for path in kept for head in read(path)])
        names = {chain.HOUSE: "of no authority", **{row.pk: f"{row.code} {row.name_en}" for row in LocalAuthority.objects.all()}}
        first = {fault.authority_id: fault for fault in reversed(faults)}
        for authority in sorted({*checked, *first}):
            found = f"FAULT {first[authority]}" if authority in first else "agrees"
            self.stdout.write(f"{names.get(authority, authority)}: {checked.get(authority, 0)} rows, {found}")
        self.stdout.write(f"{sum(checked.values())} rows in {len(checked)} chains, {len(faults)} faults")
        if keep:
            with keep.open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(TITLES)
                rows.writerows([head.authority_id, head.number, head.total, head.chain, head.sealed_at.isoformat()] for head in chain.heads(by=by))
        if faults:
            sys.exit(1)


def read(path: Path) -> list[tuple[int, int, str]]:
    """The heads in a file, of this command's or of the audit page's. Raises CommandError for a file that is neither."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [(int(row["authority"]), int(row["seal"]), row["digest"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise CommandError(f"{path.name} is no file of heads: {type(error).__name__}") from None
