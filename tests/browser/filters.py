"""The log of weeks: filtered, searched, and longer the further one scrolls."""

from console import ADDRESS, browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/journal")
    rows = page.page.locator("#runs tbody tr").filter(has=page.page.locator(".badge"))
    runs = page.page.locator("#runs .badge")
    expect(runs).to_have_count(20)
    page.page.mouse.wheel(0, 100_000)
    expect(runs).to_have_count(40)
    page.page.mouse.wheel(0, 100_000)
    expect(runs).to_have_count(46)

    page.page.get_by_label("Statut").select_option(label="Erreur")
    page.page.get_by_role("button", name="Filtrer").click()
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("Erreur")
    assert "status=error" in page.page.url
    # What was chosen stays chosen, also for whoever gets the address.
    page.page.reload()
    expect(page.page.get_by_label("Statut")).to_have_value("error")
    expect(runs).to_have_count(1)

    page.page.get_by_role("link", name="Effacer").click()
    expect(page.page).to_have_url(f"{ADDRESS}/journal")
    page.page.get_by_label("Texte").fill("rien de tel")
    page.page.get_by_role("button", name="Filtrer").click()
    expect(page.page.locator("#runs")).to_contain_text("Aucune exécution enregistrée")
    page.page.get_by_label("Texte").fill("")
    page.page.get_by_label("Tâches fréquentes").check()
    page.page.locator("select[name=task]").select_option("availability")
    page.page.get_by_role("button", name="Filtrer").click()
    expect(runs.first).to_be_visible()
    for row in rows.all():
        assert "availability" in row.inner_text(), row.inner_text()
    assert not page.overflow()
