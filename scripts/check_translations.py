"""Fails when a text lacks its finished Chinese translation: missing, empty, fuzzy, or with other placeholders; and when
the catalogue keeps one that nothing shows any more.

The texts are gathered by Django's makemessages from a copy of the tree, so nothing in it is changed. Needs gettext.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
CATALOG = Path("locale", LOCALE, "LC_MESSAGES", "django.po")
SOURCES = ("accounts", "config", "customers", "opportunities", "pipeline", "templates")


def main() -> int:
    if not shutil.which("xgettext"):
        print("xgettext is missing: install gettext (Debian: apt-get install gettext).", file=sys.stderr)
        return 1
    if not (ROOT / CATALOG).exists():
        print(f"{CATALOG} is missing.", file=sys.stderr)
        return 1
    problems = compare(gathered(), read(ROOT / CATALOG))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{CATALOG}: {len(problems)} problems.")
    return 1 if problems else 0


def compare(used: Catalog, translated: Catalog) -> list[str]:
    """One line a text in use whose translation isn't finished, in the order of their places, and one a text unused."""
    faults = [f"{where(text)}: {fault}" for text in used if text.id and (fault := fault_of(text, translated))]
    unused = [text for text in translated if text.id and used.get(text.id, text.context) is None]
    return faults + [f"{CATALOG}: not used: {text.id!r}" for text in unused]


def fault_of(used: Message, translated: Catalog) -> str:
    """What is wrong with the translation of this text; empty when it is finished."""
    found = translated.get(used.id, used.context)
    if found is None:
        return f"not translated: {used.id!r}"
    if found.fuzzy:
        return f"fuzzy: {used.id!r}"
    if not found.string or (isinstance(found.string, tuple) and not all(found.string)):
        return f"translation is empty: {used.id!r}"
    found.flags |= used.flags
    return "; ".join(f"{error}: {used.id!r}" for error in found.check(translated))


def where(message: Message) -> str:
    return f"{message.locations[0][0]}:{message.locations[0][1]}" if message.locations else "?"


def gathered() -> Catalog:
    """Every text that the product marks for translation."""
    with tempfile.TemporaryDirectory() as folder:
        for source in SOURCES:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, Path(folder, source), ignore=shutil.ignore_patterns("__pycache__"))
        Path(folder, "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--locale", LOCALE, "--keep-pot", "--verbosity", "0"]
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        subprocess.run(command, cwd=folder, env=environment, check=True, stdin=subprocess.DEVNULL)
        return read(Path(folder, "locale", "django.pot"))


def read(path: Path) -> Catalog:
    text = path.read_text().replace("nplurals=INTEGER; plural=EXPRESSION;", "nplurals=2; plural=n != 1;")
    return read_po(io.StringIO(text), locale=LOCALE)


if __name__ == "__main__":
    sys.exit(main())
