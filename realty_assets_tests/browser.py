"""A real browser for tests that look at a page as a person would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def browser_page(**context_options: Any) -> Iterator[Page]:
    """A page of the system's chromium, closed again at the end.

    `context_options` go to playwright's new_context (viewport, color_scheme, ...). The test is
    skipped, by name of what is missing, where there is no chromium.
    """
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium not found: install the system package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGS))
        try:
            yield browser.new_context(**context_options).new_page()
        finally:
            browser.close()
