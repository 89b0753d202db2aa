"""Every channel of every administrator is tried from the page; the outcome of each is shown."""

from console import browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/notifications/channels")
    expect(page.page.locator("#channels")).to_contain_text("Aucun essai pour l'instant.")
    page.page.get_by_role("button", name="Essayer tous les canaux").click()
    tests = page.page.locator("#channels section").filter(has_text="Derniers essais")
    expect(tests.get_by_role("row").filter(has_text="Slack").first).to_be_visible()
    expect(tests).to_contain_text("tous les canaux")
    expect(page.page.get_by_role("button", name="Essayer tous les canaux")).to_be_enabled()
