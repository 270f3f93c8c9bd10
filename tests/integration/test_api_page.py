"""The overview page in a real browser, on a served read model with hostile label values.

The browser is the system's Chromium, in a profile of its own; nothing is fetched from a network.
HEBBSTREAM_REQUIRE_BROWSER=1 turns a missing browser into a failure; HEBBSTREAM_SCREENSHOTS names a
folder for pictures to look at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from pydantic import SecretStr

from daemon.config import ServerSection
from daemon.http.health import CHECKS
from daemon.http.server import HttpServer
from daemon.mailbox import Mailbox
from shown import HOSTILE, World, broken_world, hearing

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
TOKEN = "only we know it"
pytestmark = pytest.mark.slow


@dataclass
class Window:
    """One page, with everything it complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self) -> Page:
        """Load the page and wait for its first facts."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        self.page.goto(self.url)
        expect(self.page.locator("body")).not_to_have_attribute("data-state", "loading")
        return self.page


def picture(page: Page, name: str) -> None:
    """Take a screenshot where somebody asked for them."""
    folder = os.environ.get("HEBBSTREAM_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Start the system's Chromium with an empty profile."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("HEBBSTREAM_REQUIRE_BROWSER") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=path,
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1200, "height": 900},
        )
        context.set_default_timeout(15_000)
        yield context
        context.close()


def make_ready(world: World) -> World:
    """Have every check of a world hold."""
    world.health.beat()
    for name in CHECKS:
        world.health.report(name, ok=True, reason="fine")
    return world


@pytest.fixture
def world() -> World:
    """Return groups with hostile names; the first has an open incident."""
    return make_ready(broken_world((HOSTILE[0], *HOSTILE[1:], "plain")))


@pytest.fixture
def server(world: World) -> Iterator[HttpServer]:
    """Serve that world, which hears."""
    section = ServerSection(host="127.0.0.1", port=0, token=SecretStr(TOKEN))
    mailbox = Mailbox()
    with (
        hearing(mailbox, world.pipeline),
        HttpServer(section, world.telemetry, world.health, world.model, mailbox) as running,
    ):
        yield running


@pytest.fixture
def window(chromium: BrowserContext, server: HttpServer) -> Iterator[Window]:
    """Give a page that is closed, and has complained of nothing, in the end."""
    page = chromium.new_page()
    window = Window(page, f"http://127.0.0.1:{server.port}/")
    yield window
    page.close()


def test_hostile_labels_are_shown_as_text(window: Window, world: World) -> None:
    """Markup does nothing, control characters are named, ten thousand letters are cut."""
    page = window.open()
    expect(page.locator(".row.group")).to_have_count(len(world.services))
    for summary in page.locator(".row.group summary").all():
        summary.click()
    expect(page.locator(".group .relations").first).to_be_visible()
    picture(page, "hostile")

    text = page.locator("main").inner_text()
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script, main iframe").count() == 0
    assert "<script>window.pwned=1</script>" in text
    assert "line⟨0A⟩break⟨09⟩tab" in text
    assert "⟨202E⟩abc" in text
    assert "(10,000 characters)" in text
    assert len(text) < 20_000
    assert window.complaints == []


def test_an_open_incident_is_explained(window: Window) -> None:
    """Series with actual and expected value, relations with their weight before and now."""
    page = window.open()

    card = page.locator("#open-list .card")
    expect(card).to_have_count(1)
    expect(card.locator("tbody tr").first).to_contain_text("errors")
    expect(card.locator(".relations li").first).to_contain_text("→")
    expect(page).to_have_title("(1) hebbstream")
    expect(page.locator("#connection")).to_have_text("live")


def test_services_are_ranked_where_there_are_several(window: Window, world: World) -> None:
    """The page lists them above the series, each with its share; names are text, not markup."""
    (incident,) = world.model.view.incidents.values()
    cart = msgspec.structs.replace(incident.latest.services[0], name="cart", contribution=0.5)
    evil = msgspec.structs.replace(cart, name="<b>db</b>", contribution=0.25, since=None)
    for event in (incident.latest, incident.worst):
        msgspec.structs.force_setattr(event, "services", (cart, evil))

    page = window.open()
    listed = page.locator("#open-list ol.relations li")
    expect(listed).to_have_count(2)
    picture(page, "services")

    expect(listed.nth(0)).to_contain_text("cart")
    expect(listed.nth(0)).to_contain_text("50 %")
    expect(listed.nth(0).locator("time")).to_have_count(1 if cart.since else 0)
    expect(listed.nth(1)).to_contain_text("<b>db</b>")
    assert window.complaints == []


def test_a_broken_relation_tells_who_leads(window: Window, world: World) -> None:
    """An arrow from the end that moves first, and how much later the other does."""
    (incident,) = world.model.view.incidents.values()
    edge = incident.worst.edges[0]
    together = msgspec.structs.replace(edge, lag_s=0.0)
    delayed = msgspec.structs.replace(edge, source="queue", target="latency", lag_s=120.0)
    msgspec.structs.force_setattr(incident.worst, "edges", (delayed, together))

    page = window.open()
    listed = page.locator("#open-list .relations li")
    expect(listed).to_have_count(2)
    picture(page, "lags")

    expect(listed.nth(0).locator(".name")).to_have_text("queue → latency after 2 min")
    expect(listed.nth(1).locator(".name")).to_contain_text(" ~ ")
    expect(listed.nth(1)).not_to_contain_text("after")
    assert window.complaints == []


def test_what_an_incident_was_is_said_and_taken_back(window: Window, world: World) -> None:
    """Without the token nothing is; with it the detector hears, and the tab knows it then."""
    page = window.open()
    box = page.locator("#open-list .verdict")
    box.locator("summary").click()
    answer, status = box.get_by_role("button", name="No anomaly"), box.get_by_role("status")

    answer.click()
    expect(status).to_contain_text("token is needed")
    box.get_by_label("token").fill(TOKEN)
    answer.click()
    expect(status).to_contain_text("Heard: the alert line is raised")
    picture(page, "verdict")
    (group,) = [g for g in world.pipeline.groups.values() if g.detector.notes]
    world.drive(1)
    page.wait_for_timeout(500)
    expect(status).to_contain_text("Heard")  # the card changed, what was said did not go
    box.get_by_role("button", name="Undo").click()
    expect(status).to_have_text("Taken back.")

    assert group.detector.notes == ()
    assert window.complaints == []


def test_a_wrong_token_is_refused_in_words(window: Window) -> None:
    """The reason is the service's, and nothing is heard."""
    page = window.open()
    box = page.locator("#open-list .verdict")
    box.locator("summary").click()
    box.get_by_label("token").fill("guess")

    box.get_by_role("button", name="The new normal").click()

    expect(box.get_by_role("status")).to_contain_text("Not heard: Authorization: Bearer")
    assert page.evaluate("sessionStorage.length") == 0


def test_an_incident_that_resolves_moves_without_a_reload(window: Window, world: World) -> None:
    """The stream tells the page; what is open becomes recent."""
    page = window.open()
    expect(page.locator("#open-list .card")).to_have_count(1)

    for _ in range(40):
        world.drive(10)
        if not any(each.state == "open" for each in world.model.view.incidents.values()):
            break

    expect(page.locator("#open-list .card")).to_have_count(0)
    expect(page.locator("#open-note")).to_contain_text("None.")
    expect(page.locator("#recent-list .row")).not_to_have_count(0)
    page.locator("#recent-list summary").first.click()
    expect(page.locator("#recent-list table").first).to_be_visible()
    picture(page, "resolved")


def test_groups_are_found_and_ordered(window: Window) -> None:
    """By a part of the name; a search that finds nothing says so."""
    page = window.open()
    page.locator("#group-sort").select_option("name")
    expect(page.locator(".row.group .name").first).to_contain_text("img src")

    page.locator("#group-filter").fill("PLAIN")
    expect(page.locator(".row.group")).to_have_count(1)
    page.locator("#group-filter").fill("<b>nobody")

    expect(page.locator("#group-note")).to_have_text("No group's name contains “<b>nobody”.")


def test_the_page_works_by_keyboard(window: Window) -> None:
    """Tab reaches every control in order, Enter unfolds a group."""
    page = window.open()
    expect(page.locator(".row.group").first).to_be_visible()
    reached: list[str] = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    page.keyboard.press("Enter")

    assert reached == ["skip", "SUMMARY", "group-filter", "group-sort", "SUMMARY"]
    expect(page.locator(".row.group details[open] .inside h4").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_fits_and_can_be_read(window: Window, scheme: str, width: int) -> None:
    """No sideways scrolling on a phone; text stands out from what is behind it."""
    window.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    window.page.set_viewport_size({"width": width, "height": 900})
    page = window.open()
    expect(page.locator("#open-list .card")).to_have_count(1)
    page.locator(".row.group summary").first.click()
    picture(page, f"{scheme}-{width}")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) >= 4.5


def test_silence_of_the_engine_is_said(window: Window, world: World) -> None:
    """Old facts are shown as old."""
    page = window.open()
    world.clock.advance(25.0)

    expect(page.locator("#notice")).to_contain_text("Stale")
    expect(page.locator("#connection")).to_have_text("stale")


def test_a_service_that_is_not_ready_says_why(window: Window, world: World) -> None:
    """The reason of the check, escaped like everything else."""
    world.health.report("input", ok=False, reason="no <b>broker</b> answers")

    page = window.open()

    expect(page.locator("#notice")).to_have_text("Not ready. input: no <b>broker</b> answers.")


def test_a_service_that_stops_answering_is_noticed(window: Window, server: HttpServer) -> None:
    """The last facts stay on the page, marked as such."""
    page = window.open()
    expect(page.locator(".row.group").first).to_be_visible()

    server.close()

    expect(page.locator("#connection")).to_have_text("no answer")
    expect(page.locator("#notice")).to_contain_text("What you see is as of")
    expect(page.locator(".row.group").first).to_be_visible()


def test_a_service_without_groups_says_so(chromium: BrowserContext) -> None:
    """Nothing to show is not nothing said."""
    empty = make_ready(World(()))
    empty.model.refresh([], empty.clock.now())
    section = ServerSection(host="127.0.0.1", port=0)
    with HttpServer(section, empty.telemetry, empty.health, empty.model) as server:
        window = Window(chromium.new_page(), f"http://127.0.0.1:{server.port}/")
        page = window.open()
        expect(page.locator("#group-note")).to_contain_text("No group yet")
        expect(page.locator("#open-note")).to_contain_text("None.")
        picture(page, "empty")
        page.close()

    assert window.complaints == []


#: What the keyboard is at.
FOCUSED = """() => {
  const at = document.activeElement;
  return at.id || at.className || at.tagName;
}"""

#: The least contrast (WCAG 2) between any text on the page and the colour behind it.
CONTRAST = """() => {
  const light = (colour) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  let least = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const a = light(numbers(getComputedStyle(element).color).slice(0, 3));
    const b = light(behind(element));
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
}"""
