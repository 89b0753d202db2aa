"""A task is paused with a reason, by the keyboard, and resumed."""

from console import browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/journal")
    card = page.page.get_by_role("article").filter(has=page.page.locator("#task-backup"))
    pause = card.get_by_role("button", name="Mettre en pause :")
    pause.focus()
    page.page.keyboard.press("Enter")
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert not page.axe()
    # It closes by Escape, and nothing happened.
    page.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(pause).to_be_visible()
    pause.click()
    dialog.get_by_label("Raison").fill("entretien <b>du</b> disque")
    dialog.get_by_role("button", name="Mettre en pause").click()
    expect(dialog).to_be_hidden()
    expect(card).to_contain_text("En pause")
    expect(card).to_contain_text("entretien <b>du</b> disque")
    card.get_by_role("button", name="Reprendre :").click()
    expect(pause).to_be_visible()
    expect(card).not_to_contain_text("En pause")
