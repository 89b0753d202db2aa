"""Two administrators click at once: one starts the run, the other is shown it. Then both close their windows."""

import re

from console import browser, expect, visitor

LATER = "(button) => void setTimeout(() => button.click(), 300)"

with browser() as started, visitor(started) as one, visitor(started) as two:
    pages = (one, two)
    buttons = []
    for page in pages:
        page.sign_in(path="/journal")
        card = page.page.get_by_role("article").filter(has=page.page.locator("#task-backup"))
        buttons.append(card.get_by_role("button", name=re.compile("^Lancer")))
        expect(buttons[-1]).to_be_enabled()
        page.tolerated = (409,)
    for button in buttons:
        button.evaluate(LATER)
    for page in pages:
        expect(page.page.locator(".toast")).to_have_count(1)
        card = page.page.get_by_role("article").filter(has=page.page.locator("#task-backup"))
        expect(card.get_by_role("button", name="En cours :")).to_be_disabled()
    said = sorted(page.page.locator(".toast").inner_text() for page in pages)
    assert "démarré en arrière-plan" in said[0] and "déjà en cours" in said[1], said
