"""The study from end to end in headless Chromium, as the command serves it, on desktop and phone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from partsjax.judging import store
from partsjax.judging.raters import add_rater
from partsjax.judging.store import Store
from partsjax.judging.tokens import Bearer, make_token
from tests.judging import studies
from tests.reporting.report import browser

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module", autouse=True)
def _chromium():
    if browser.missing():
        pytest.skip(browser.missing())


@pytest.fixture
def folder(tmp_path):
    return studies.folder(tmp_path / "S", studies.study(filters=6, batch_size=4, gold_share=0.25), draw=True)


@pytest.fixture
def served(folder, tmp_path):
    """The address of the study and the owner's link, as the command prints them."""
    text = tmp_path / "consent.txt"
    text.write_text("We keep your answers.\n\nYou can stop at any time.", encoding="utf-8")
    line = [sys.executable, "-m", "experiments.judging", "serve", f"--study={folder}", "--port=0"]
    line += [f"--consent={text}", "--batches=1", "--completion_code=CODE7"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield [process.stdout.readline().split()[-1] for _ in range(2)]
            process.send_signal(signal.SIGTERM)  # SIGINT is ignored where tests run in the background
            assert process.wait(10) == 128 + signal.SIGTERM
        finally:
            process.kill()


class Visit:
    """One person's pages; what is wrong with any of them is in `faults`."""

    def __init__(self, chromium, address: str, **screen):
        self.context = chromium.new_context(**screen)
        self.page, self.faults, self.address = self.context.new_page(), [], address
        self.page.on("request", lambda r: self._unless(r.url.startswith(address), f"asks for {r.url}"))
        self.page.on("console", lambda m: self._unless(m.type not in ("error", "warning"), m.text))
        self.page.on("pageerror", lambda error: self._unless(False, str(error)))
        self.page.on("response", lambda r: self._unless(r.status < 400, f"{r.status} of {r.url}"))

    def _unless(self, sound: bool, words: str) -> None:
        if not sound:
            self.faults.append(f"{self.page.url}: {words}")

    def look(self) -> None:
        """At the page as it is: what axe finds, and whether it is wider than the screen."""
        self.page.wait_for_load_state("load")
        self._unless(
            self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
        )
        self.faults += [f"{self.page.url}: {one}" for one in browser._violations(self.page)]

    def go(self, how, *what) -> None:
        """Does what leads to another page."""
        with self.page.expect_navigation():
            how(*what)
        self.page.wait_for_load_state("load")

    def press(self, *keys: str) -> None:
        """Keys, the last of which leads to another page."""
        for key in keys[:-1]:
            self.page.keyboard.press(key)
        self.go(self.page.keyboard.press, keys[-1])

    @property
    def where(self) -> str:
        return self.page.inner_text("#where").partition("\n")[0]


def link(folder, address) -> str:
    with Store(folder / store.DATABASE) as opened, opened.transaction() as written:
        return f"{address}/r/{make_token(written, Bearer('rater', add_rater(written)))}"


def kinds(folder) -> list[str]:
    with Store(folder / store.DATABASE) as opened:
        answers = opened.answers()
        return list(answers.loc[answers["purpose"] != "practice", "kind"])


def test_a_rater_with_a_keyboard_and_one_with_a_phone(folder, served):
    address, owner = served
    with browser.chromium() as chromium:
        visits = [_with_the_keyboard(chromium, folder, address), _with_a_thumb(chromium, folder, address)]
        visit = Visit(chromium, address, **DESKTOP)
        visit.page.goto(owner)
        visit.page.wait_for_url("**/owner")
        assert "2 of 2 (100%)" not in visit.page.content() and "wheel" not in visit.page.content()
        visit.look()
        visit.go(visit.page.click, "text=Names")
        visit.page.check("[value=wheel]")
        visit.page.fill("#canonical", "tyre")
        visit.look()
        visit.go(visit.page.click, "[value=merge]")
        assert "wheel (" in visit.page.inner_text("table") and visit.page.is_visible("th:has-text('tyre')")
        visit.page.emulate_media(color_scheme="dark")
        visit.look()
    assert [fault for one in (*visits, visit) for fault in one.faults] == []


def _with_the_keyboard(chromium, folder, address) -> Visit:
    visit = Visit(chromium, address, **DESKTOP)
    page = visit.page
    # From another site, as from a mail: a strict cookie is sent all the same.
    page.goto("about:blank")
    page.set_content(f'<a href="{link(folder, address)}">study</a>')
    page.click("a")
    page.wait_for_url("**/consent")
    visit.look()
    visit.press("Tab", "Enter")
    assert page.url.endswith("/instructions")
    visit.look()
    page.focus("text=Start with a short practice")
    visit.press("Enter")
    assert visit.where == "Practice 1 of 2"
    visit.press("n", "s", "Enter")
    assert "Not quite" in page.inner_text("h1")
    visit.look()
    visit.press("Enter")
    visit.press("n", "s", "Enter")
    assert "what we say" in page.inner_text("h1")
    visit.press("Enter")
    visit.look()
    visit.press("Enter")
    assert visit.where == "Item 1 of 4"
    assert page.evaluate("document.activeElement.id") == "where"

    page.keyboard.press("Enter")  # nothing said yet
    assert page.inner_text("#problem") == "Say first whether it is one concept."
    for key in ("y", "1", "s", "Enter"):
        page.keyboard.press(key)
    assert page.inner_text("#problem") == "Give the part's name."
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("wheel 1?")  # keys are letters here
    visit.look()
    visit.press("Enter")
    assert visit.where == "Item 2 of 4" and kinds(folder) == ["part"]
    assert page.locator("#names option").get_attribute("value") == "wheel 1?"

    visit.press("u")
    assert visit.where == "Item 1 of 4" and kinds(folder) == []
    assert page.input_value("#name") == "wheel 1?" and page.is_checked('[value="part"]')
    page.fill("#name", "wheel")
    page.keyboard.press("Escape")
    visit.press("Enter")
    assert kinds(folder) == ["part"]

    page.keyboard.press("t")
    assert page.get_attribute("#toggle", "aria-pressed") == "false"
    assert page.get_attribute(".crop img", "src") == page.get_attribute(".crop", "data-plain")
    page.keyboard.press("z")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#zoomed") == "Picture 2 of 10"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    visit.look()
    page.keyboard.press("Escape")

    visit.go(page.reload)
    assert visit.where == "Item 2 of 4"
    visit.press("p")
    assert "Paused" in page.inner_text("h1")
    visit.look()
    visit.press("Enter")
    assert visit.where == "Item 2 of 4"
    for _ in range(3):
        visit.press("n", "g", "Enter")
    assert page.url.endswith("/done") and "CODE7" in page.inner_text("main")
    visit.look()
    assert kinds(folder) == ["part", "none", "none", "none"]
    return visit


def _with_a_thumb(chromium, folder, address) -> Visit:
    visit = Visit(chromium, address, **PHONE)
    page = visit.page
    page.goto(link(folder, address))
    page.wait_for_url("**/consent")
    visit.go(page.tap, "text=I agree")
    visit.look()
    visit.go(page.tap, "text=Start with a short practice")
    visit.look()
    for _ in range(2):
        page.tap("[value=no]")
        page.tap("[name=sure][value='1']")
        visit.go(page.tap, "#next")
        visit.go(page.tap, "text=Go on")
    visit.go(page.tap, "button.main")
    page.tap(".crop >> nth=3")
    assert page.inner_text("#zoomed") == "Picture 4 of 10"
    visit.look()
    page.tap("#close")
    page.tap("[value=yes]")
    page.tap("[value=texture]")
    page.tap("[name=sure][value='2']")
    visit.look()
    small = page.eval_on_selector_all(
        "main button, main label:has(input[type=radio])",
        "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 36).length",
    )
    assert small == 0, "what is tapped is large enough"
    page.context.set_offline(True)  # a tunnel; nothing is lost
    page.tap("#next")
    page.wait_for_selector("#problem:not(:empty)")
    assert "Not saved yet" in page.inner_text("#problem")
    visit.faults = [fault for fault in visit.faults if "ERR_INTERNET_DISCONNECTED" not in fault]
    with page.expect_navigation():
        page.context.set_offline(False)
    assert visit.where == "Item 2 of 4"
    assert kinds(folder)[-1] == "texture" and len(kinds(folder)) == 5
    return visit
