"""An operator resolves a humidity alert with a note, and finds it among the resolved ones."""

from console import browser, expect, visitor

with browser() as started, visitor(started, width=360) as page:
    page.sign_in("operator", path="/humidity-alerts")
    open_alerts = page.page.locator("#humidity > ul > li")
    expect(open_alerts.first).to_be_visible()
    count = open_alerts.count()
    description = open_alerts.first.locator("strong").inner_text()
    open_alerts.first.get_by_role("button", name="Résoudre").click()
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_contain_text(description)
    assert not page.axe() and not page.overflow()
    page.screenshot("humidity-resolve-360-light")
    # Whoever comes back finds it as it was. (axe leaves marks on the page that htmx would copy.)
    page.page.reload()
    open_alerts.first.get_by_role("button", name="Résoudre").click()
    dialog.get_by_label("Ce qui a été fait").fill("<script>alert(1)</script> housse posée")
    dialog.get_by_role("button", name="Résoudre", exact=True).click()
    expect(open_alerts).to_have_count(count - 1)
    page.page.get_by_role("link", name="Résolues", exact=True).click()
    expect(open_alerts).to_have_count(1)
    expect(open_alerts).to_contain_text("<script>alert(1)</script> housse posée")
    assert not page.overflow()
