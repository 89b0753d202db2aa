"""Supabase stops answering: an open page keeps what it shows and says that it is old, a new one says what still works."""

from console import ask, browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/backups")
    part = page.page.locator("main [hx-get]").first
    expect(part).to_be_visible()
    shown = part.inner_text()
    ask("break supabase:500")
    with page.tolerating(503):
        # As after a change, or after half a minute.
        page.page.evaluate("htmx.trigger(document.body, 'changed')")
        expect(page.page.get_by_role("alert")).to_contain_text("datent")
        expect(page.page.locator(".stale")).to_be_visible()
        assert part.inner_text() == shown
        response = page.open("/")
        assert response.status == 503, response.status
        expect(page.page.get_by_role("heading", level=1)).to_have_text("Service indisponible")
        problem = page.page.get_by_role("alert")
        expect(problem).to_contain_text("Supabase ne répond pas")
        expect(problem).to_contain_text("les tâches planifiées sont lancées par AWS")
        assert not page.axe() and not page.overflow()
        page.screenshot("outage-1280-light")
        # Nothing of the inside.
        text = page.page.content()
        for inside in ("planted", "rest/v1", "authorize", "HTTP 500", "panicked"):
            assert inside not in text, inside
    ask("mend")
    page.page.get_by_role("link", name="Réessayer").click()
    expect(page.page.get_by_role("heading", level=1)).to_have_text("Santé du système")
