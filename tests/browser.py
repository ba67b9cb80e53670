"""What the stories do in a browser: sign in by tile, start the shift, watch rows come and go to the millisecond."""

import contextlib
import re
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

AXE = Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"

WATCH = """() => {
  window.seen = {}; window.acked = {};
  const look = () => {
    for (const row of document.querySelectorAll('#alarm-list [data-alarm], .rows [data-alarm]')) {
      const id = row.dataset.alarm, now = Date.now();
      if (!(id in window.seen)) window.seen[id] = now;
      if (!row.classList.contains('un') && !(id in window.acked)) window.acked[id] = now;
    }
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
  look();
}"""


def until(page: Page, expression: str, *, within_s: float = 10) -> object:
    """Ask the page again and again until an expression holds; its policy forbids the page to be asked by itself."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        answer = page.evaluate(expression)
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(
        f"not within {within_s} s: {expression}; the page says {page.evaluate('window.p2pStats()')}"
    )


def sign_in(browser: Browser, url: str, name: str, **context: object) -> Page:
    """Open a desk of its own: a fresh context, signed in by one click on a tile."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, **context).new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
    page.goto(f"{url}/signin")
    page.get_by_role("button", name=re.compile(name)).first.click()
    page.wait_for_url("**/now*")
    until(page, "window.p2pStats && window.p2pStats().stream_state === 'live'")
    return page


def start_shift(page: Page) -> None:
    """The gesture that unlocks sound: press, hear the tone, say so."""
    page.locator("#start-shift").click()
    page.locator("#sound-heard").click()
    until(page, "window.p2pStats().sound_armed")


def watch_rows(page: Page) -> None:
    """Have the page note when each alarm row appears, and when it looks acknowledged."""
    page.evaluate(WATCH)


def axe(page: Page) -> list[dict]:
    """Run axe-core on the page as it stands; the page must be opened with bypass_csp."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [{"id": v["id"], "nodes": [n["html"][:200] for n in v["nodes"]]} for v in found["violations"]]


def close(page: Page) -> None:
    """Close a desk."""
    with contextlib.suppress(Exception):
        page.context.close()
