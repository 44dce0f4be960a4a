"""Welsh and English are equals: every text of the source has its Welsh, and so has every framework message that a person can meet."""

import re
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.utils import dates, timesince
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, override

from lace.web import catalogues

CY = settings.BASE_DIR / "lace" / "locale" / "cy" / "LC_MESSAGES"
DJANGO_CY = settings.BASE_DIR / "lace" / "locale_django" / "cy" / "LC_MESSAGES"

# The same in both languages, and why.
SAME = {
    "Lace": "the name",
    "Mentor": "the Welsh word is the same",
    "Cost": "likewise",
    "%(count)s person": "so is this one",
    "IPv4": "a technical name",
    "IPv6": "a technical name",
    "%s KB": "a unit",
    "%s MB": "a unit",
    "%s GB": "a unit",
    ", ": "punctuation",
    ":": "punctuation",
    "%(truncated_text)s…": "punctuation",
}
SAME_NAMES = re.compile(r"[\d\W]*|(%\(\w+\)s[\W\d]*)+")  # figures and filled-in values alone

# Where Django and allauth keep the messages that our pages can show.
FRAMEWORK = {
    Path(django.__file__).parent: [
        "forms/fields.py", "forms/models.py", "forms/formsets.py", "forms/forms.py", "forms/widgets.py", "core/validators.py",
        "db/models/base.py", "db/models/constraints.py", "db/models/fields/__init__.py", "db/models/fields/related.py",
        "contrib/auth/password_validation.py", "contrib/postgres/forms/ranges.py", "utils/timesince.py", "utils/text.py",
    ],
    Path(allauth.__file__).parent: [
        "account/forms.py", "account/adapter.py", "mfa/adapter.py", "mfa/base/forms.py", "mfa/totp/forms.py", "mfa/webauthn/forms.py",
        "mfa/recovery_codes/forms.py", "mfa/models.py",
    ],
}  # fmt: skip
# Texts in those files that no page of ours can show, and why.
UNSEEN = re.compile(
    "|".join(
        (
            r"“%\(value\)s” value ",  # a model's own check of a Python value; forms have cleaned it before
            r".*(field type|integer|Integer|Boolean|Comma-separated|Date \(|Decimal number|Duration|File path|Floating|Foreign Key|relationship)",
            r"(String|Slug) \(|IPv?4? ?address|IPv4 address|IP address|Text$|Time$|URL$|Universally|Raw binary|Field of type",  # names of field types
            r".*(sername|hone|two-factor authentication until)",  # nobody signs in with a user name or a phone number here
        )
    )
)
PLACE = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
OWN = catalogues.merged(CY, catalogues.extracted(catalogues.files(settings.BASE_DIR)))
FRAMEWORK_CY = catalogues.messages_of(catalogues.read(DJANGO_CY / "django.po"))
ALL = {**catalogues.messages_of(OWN[0]), **FRAMEWORK_CY}


def strings(message: Message) -> list[str]:
    """The Welsh of a message: one text or six; none where it is missing, which is a test of its own."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_text_has_its_welsh() -> None:
    missing = [key for key, message in ALL.items() if not catalogues.is_complete(message)]
    assert not missing, f"{len(missing)} texts without Welsh, {missing[:20]}: add them to a file in {CY / 'parts'}"


def test_the_parts_agree() -> None:
    assert not OWN[1], f"one text, two translations; settle them or give a context: {OWN[1]}"


def test_no_entry_is_fuzzy() -> None:
    for path in settings.BASE_DIR.glob("lace/locale*/**/*.po"):
        assert "#, fuzzy" not in path.read_text(), path


def test_placeholders_are_those_of_the_english() -> None:
    wrong = []
    for key, message in ALL.items():
        wanted = [message.id] if isinstance(message.id, str) else list(message.id)
        allowed = [sorted(PLACE.findall(text)) for text in wanted]
        for plural, text in enumerate(strings(message)):
            places = sorted(PLACE.findall(text))
            # "No duty is late", "one child", "two children" may say their number in words.
            in_words = len(wanted) > 1 and plural <= 2 and any(set(places) < set(all_places) for all_places in allowed)
            if text and places not in allowed and not in_words:
                wrong.append((key[0], text))
    assert not wrong


def test_the_welsh_is_not_the_english() -> None:
    same = [key[0] for key, message in ALL.items() if key[0] in strings(message) and key[0] not in SAME and not SAME_NAMES.fullmatch(key[0])]
    assert not same, "translate them, or add them to SAME with the reason"


def test_tags_and_addresses_survive_translation() -> None:
    tags = re.compile(r"</?(\w+)")
    for key, message in ALL.items():
        for text in strings(message):
            assert not text or sorted(tags.findall(text)) == sorted(tags.findall(key[0])), key[0]


def test_every_framework_message_that_a_person_can_meet_has_our_welsh() -> None:
    paths = [folder / name for folder, names in FRAMEWORK.items() for name in names]
    seen = {key for key in catalogues.messages_of(catalogues.extracted(paths)) if not UNSEEN.match(key[0])}
    assert len(seen) > 100
    assert not seen - FRAMEWORK_CY.keys(), "write their Welsh in lace/locale_django, or say in UNSEEN why nobody meets them"


@pytest.mark.parametrize("language", ["cy", "en-gb"])
def test_placeholders_of_the_framework_overrides_work(language: str) -> None:
    with override(language):
        assert "12" in ngettext("Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
                                "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).", 12) % {
            "limit_value": 12, "show_value": 40}  # fmt: skip


def test_six_plurals_of_welsh() -> None:
    from datetime import datetime, timedelta

    start = datetime(2026, 1, 1)
    with override("cy"):
        years = [timesince.timesince(start, start.replace(year=2026 + n), depth=1).replace("\xa0", " ") for n in (1, 2, 3, 5, 6, 8)]
        days = [timesince.timesince(start, start + timedelta(days=n)).replace("\xa0", " ") for n in (1, 2, 3, 6)]
    assert years == ["1 flwyddyn", "2 flynedd", "3 blynedd", "5 mlynedd", "6 blynedd", "8 mlynedd"]
    assert days == ["1 diwrnod", "2 ddiwrnod", "3 diwrnod", "6 diwrnod"]


def test_dates_and_times_in_both_languages() -> None:
    from datetime import datetime

    moment = datetime(2026, 3, 1, 14, 5)
    with override("cy"):
        assert date_format(moment, "DATE_FORMAT") == "1 Mawrth 2026"
        assert date_format(moment, "DATETIME_FORMAT") == "1 Mawrth 2026, 14:05"
        assert len({str(name) for name in dates.MONTHS.values()}) == 12
    with override("en-gb"):
        assert date_format(moment, "DATE_FORMAT") == "1 March 2026"
        assert date_format(moment, "TIME_FORMAT") == "14:05"


def test_the_welsh_that_django_has_wrong_is_put_right() -> None:
    with override("cy"):
        assert gettext("Ensure this value is less than or equal to %(limit_value)s.") == "Rhowch %(limit_value)s neu lai."
        assert gettext("Enter a valid date.") == "Rhowch ddyddiad dilys."


# ---- the tools ----


def test_extraction_finds_python_and_template_texts_with_context_and_plural(tmp_path: Path) -> None:
    code, page = tmp_path / "a.py", tmp_path / "b.html"
    code.write_text('_("one"); pgettext_lazy("c", "two"); ngettext_lazy("%d x", "%d xs", n)\n')
    page.write_text(
        '{% load i18n %}{% translate "three" %}{% translate "four" context "d" %}'
        "{% blocktranslate trimmed %}\n  five\n  {{ x }}\n{% endblocktranslate %}"
        "{% blocktranslate count n=n %}{{ n }} y{% plural %}{{ n }} ys{% endblocktranslate %}"
    )
    found = catalogues.messages_of(catalogues.extracted([code, page]))
    assert set(found) == {("one", None), ("two", "c"), ("%d x", None), ("three", None), ("four", "d"), ("five %(x)s", None), ("%(n)s y", None)}


def test_a_part_is_laid_over_the_catalogue_and_compiled(tmp_path: Path) -> None:
    folder = tmp_path / "cy" / "LC_MESSAGES"
    (folder / "parts").mkdir(parents=True)
    (folder / "django.po").write_text('msgid "a"\nmsgstr "hen"\n\nmsgid "gone"\nmsgstr "wedi mynd"\n')
    (folder / "parts" / "x.po").write_text(
        'msgid "a"\nmsgstr "newydd"\n\nmsgid "%d b"\nmsgid_plural "%d bs"\n' + "".join(f'msgstr[{n}] "{n} %d"\n' for n in range(6))
    )
    (folder / "parts" / "y.po").write_text('msgid "a"\nmsgstr "arall"\n')
    wanted = Catalog(locale="cy")
    wanted.add("a")
    wanted.add(("%d b", "%d bs"))
    wanted.add("c")
    catalog, quarrels = catalogues.merged(folder, wanted)
    assert len(quarrels) == 1
    assert "arall" in quarrels[0]
    found = catalogues.messages_of(catalog)
    assert found["a", None].string == "newydd"
    assert not catalogues.is_complete(found["c", None])
    assert ("gone", None) not in found

    catalogues.write(catalog, folder / "django.po")
    text = (folder / "django.po").read_text()
    assert "nplurals=6" in text
    assert "Creation-Date" not in text
    again = catalogues.messages_of(catalogues.read(folder / "django.po"))
    assert again["%d b", None].string == tuple(f"{n} %d" for n in range(6))

    import gettext as standard

    with catalogues.compiled(folder).open("rb") as file:
        compiled = standard.GNUTranslations(file)
    assert compiled.gettext("a") == "newydd"
    assert [compiled.ngettext("%d b", "%d bs", n)[0] for n in (0, 1, 2, 3, 6, 7, 11)] == ["0", "1", "2", "3", "4", "5", "5"]
