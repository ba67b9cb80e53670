"""A whole alarm without a mouse: found, silenced, acknowledged, taken back, noted; the focus never falls."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import close, sign_in, until
from tests.stories.test_a_vessel_enters_a_restricted_zone import alarm_of, enter

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement && document.activeElement !== document.body && document.activeElement.id"


def focus(page):
    """Tell where the focus is; it must be somewhere."""
    where = page.evaluate(FOCUS)
    assert where, "the focus fell to the body"
    return where


@pytest.fixture
def desk(deployment, chromium):
    page = sign_in(chromium, deployment.url, "Sam Voorbeeld")
    yield page
    close(page)


def test_every_act_has_its_key_and_leaves_the_focus_standing(deployment, desk):
    for mmsi in (205_970_001, 205_970_002):
        enter(deployment, mmsi)
    alarm = alarm_of(deployment, 205_970_002)
    desk.locator(f"#open-{alarm}").wait_for()
    desk.keyboard.press("g")
    desk.keyboard.press("a")
    desk.keyboard.press("j")
    focus(desk)
    desk.keyboard.press("Enter")
    desk.locator("#act-acknowledge").wait_for()
    focus(desk)
    desk.keyboard.press("s")
    expect(desk.locator("#detail")).to_contain_text(re.compile("silenced", re.IGNORECASE))
    focus(desk)
    desk.keyboard.press("a")
    expect(desk.locator("#act-unacknowledge")).to_be_visible()
    focus(desk)
    desk.keyboard.press("u")
    expect(desk.locator("#act-acknowledge")).to_be_visible()
    focus(desk)
    desk.keyboard.press("t")
    expect(desk.locator("#detail")).to_contain_text("You: took it")
    focus(desk)


def test_a_note_is_written_and_stands_in_the_history(deployment, desk):
    enter(deployment, 205_970_003)
    alarm = alarm_of(deployment, 205_970_003)
    desk.locator(f"#open-{alarm}").click()
    desk.locator("#act-acknowledge").wait_for()
    desk.keyboard.press("n")
    until(desk, "document.activeElement.tagName === 'TEXTAREA' || document.activeElement.tagName === 'INPUT'")
    desk.keyboard.type("called on VHF, answers a fishing guide")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#detail")).to_contain_text("called on VHF, answers a fishing guide")


def test_single_keys_can_be_switched_off(deployment, desk):
    enter(deployment, 205_970_004)
    alarm = alarm_of(deployment, 205_970_004)
    desk.locator(f"#open-{alarm}").click()
    desk.locator("#act-acknowledge").wait_for()
    desk.keyboard.press("?")
    desk.locator("#keys-dialog").wait_for()
    desk.locator("#keys-dialog input[type=checkbox]").first.uncheck()
    desk.keyboard.press("Escape")
    desk.keyboard.press("a")
    desk.wait_for_timeout(500)
    expect(desk.locator("#act-acknowledge")).to_be_visible()
