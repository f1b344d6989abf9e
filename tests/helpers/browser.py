"""A headless Chromium, where the machine has one."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"
).split()


def opened(page: str, folder: Path) -> tuple[str, str]:
    """The document after its scripts have run, and what the browser said of it; skips without a browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium found (Debian: apt-get install chromium)")
    (folder / "page.html").write_text(page, encoding="utf-8")
    command = [browser, *OPTIONS, f"--user-data-dir={folder / 'profile'}", (folder / "page.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def told(document: str, place: str) -> str:
    """The text of an element of a document, by its id."""
    found = re.search(rf'id="{place}"[^>]*>(.*?)<', document, re.S)
    return unescape(found[1]) if found else ""
