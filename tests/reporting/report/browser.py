"""Checks of a report's folder in headless Chromium, for synthetic reports and for those of real runs."""

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

VIEWPORTS = ((1400, 900), (390, 844))
PATIENCE = 10  # seconds for a chart to be drawn

_CHECKS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").strip().removesuffix(";")


@dataclasses.dataclass
class Found:
    """What was found wrong, and how long the index took to load, in milliseconds at each width."""

    faults: list[str] = dataclasses.field(default_factory=list)
    load_ms: dict[int, float] = dataclasses.field(default_factory=dict)


def missing() -> str | None:
    """Why there can be no browser here; None where there is one."""
    try:
        import axe_playwright_python.sync_playwright  # noqa: F401
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return None if _chromium() else "no chromium or google-chrome on the path"


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def chromium() -> Iterator:
    """A headless Chromium of this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def pages(folder: Path) -> list[Path]:
    """One page of each kind: the index, the first part with pictures, the first filter."""
    parts = sorted((folder / "parts").glob("*.html"), key=lambda page: (-page.stat().st_size, page.name))
    filters = sorted((folder / "filters").glob("*.html"), key=lambda page: (-page.stat().st_size, page.name))
    return [folder / "index.html", *parts[:1], *filters[:1]]


def check(folder: Path, viewports: Sequence[tuple[int, int]] = VIEWPORTS) -> Found:
    """Reads one page of each kind at each width; at the first of them in dark colors, too.

    Looks for requests outside the folder, errors in the console, pictures that do not load, charts that are
    not drawn, tables that do not sort, pages wider than the screen, and what axe calls serious or critical.
    """
    found = Found()
    with chromium() as browser:
        for width, height in viewports:
            for path in pages(Path(folder)):
                context = browser.new_context(viewport={"width": width, "height": height})
                _check_page(context, path, f"{path.name} at {width}", found, width)
                if width == viewports[0][0]:
                    _check_contrast(context.pages[0], f"{path.name} at {width}", found)
                context.close()
    return found


def _check_page(context, path: Path, where: str, found: Found, width: int) -> None:
    page = context.new_page()
    root = path.parents[0 if path.name == "index.html" else 1].resolve().as_uri()
    page.on(
        "request", lambda r: _note(found, not r.url.startswith((root, "data:")), f"{where}: asks for {r.url}")
    )
    page.on("requestfailed", lambda request: found.faults.append(f"{where}: did not get {request.url}"))
    page.on("console", lambda m: _note(found, m.type in ("error", "warning"), f"{where}: console: {m.text}"))
    page.on("pageerror", lambda error: found.faults.append(f"{where}: {error}"))
    page.goto(path.resolve().as_uri(), wait_until="load")
    if path.name == "index.html":
        found.load_ms[width] = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    for name, given in (("undrawn", PATIENCE), ("unloaded", ""), ("wider", "")):
        found.faults += [f"{where}: {name}: {fault}" for fault in page.evaluate(f"{_CHECKS}.{name}({given})")]
    page.emulate_media(color_scheme="light")
    found.faults += [f"{where}, light: {violation}" for violation in _violations(page)]
    found.faults += [f"{where}: unsorted: {fault}" for fault in page.evaluate(f"{_CHECKS}.unsorted()")]


def _check_contrast(page, where: str, found: Found) -> None:
    """In dark colors, whose contrast is all that differs from light ones."""
    page.emulate_media(color_scheme="dark")
    found.faults += [f"{where}, dark: {violation}" for violation in _violations(page, ["color-contrast"])]


def _note(found: Found, fault: bool, words: str) -> None:
    if fault:
        found.faults.append(words)


def _violations(page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds that is serious or critical, with the first element of each; rules: () for all."""
    from axe_playwright_python.sync_playwright import Axe

    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    results = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, **only}).response
    return [
        f"axe {violation['id']} ({violation['impact']}), {len(violation['nodes'])} times: "
        f"{violation['nodes'][0]['html'][:200]}"
        for violation in results["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
