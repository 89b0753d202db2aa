"""A newcomer runs the sync from the page, watches it finish, and sees the report start by itself."""

import re

from console import ask, browser, expect, visitor

RUN = re.compile("^Lancer")

with browser() as started, visitor(started) as page:
    page.sign_in(path="/journal")
    card = page.page.get_by_role("article").filter(has=page.page.locator("#task-sync_gazelle"))
    run, running = (card.get_by_role("button", name=name) for name in (RUN, "En cours :"))
    expect(card).to_contain_text("Jamais exécutée")
    expect(page.page.locator("#runs")).to_contain_text("Aucune exécution enregistrée")
    run.click()
    toasts = page.page.get_by_role("status").last
    expect(toasts).to_contain_text("démarrée en arrière-plan")
    # Locked while the run lives, which is not over after five seconds; a second look shows the same.
    expect(running).to_be_disabled()
    expect(run).to_have_count(0)
    page.page.reload()
    expect(running).to_be_disabled()
    # An import writes the same tables: its button waits as well.
    imports = page.page.get_by_role("article").filter(has=page.page.locator("#task-import_clients"))
    expect(imports.get_by_role("button", name="En cours :")).to_be_disabled()

    with visitor(started, state=page.page.context.storage_state()) as second:
        second.open("/journal")
        card.get_by_role("link").first.click()
        expect(page.page.get_by_role("heading", level=1)).to_contain_text("Sync Gazelle")
        run_page = page.page.locator("#run")
        expect(run_page.locator(".head .badge")).to_contain_text("Demandée")
        ask("deliver")
        # Without anybody's doing: queued, running, done.
        expect(run_page.locator(".head .badge")).to_contain_text("En cours")
        expect(run_page.get_by_role("progressbar")).to_be_visible()
        page.screenshot("run-live-1280-light")
        expect(run_page.locator(".head .badge")).to_contain_text("Succès")
        steps = run_page.get_by_role("list").first
        expect(steps).to_contain_text("Timeline")
        expect(steps.get_by_role("listitem").filter(has_text="Timeline")).to_contain_text("Succès")
        expect(run_page.get_by_role("button", name="Relancer")).to_be_enabled()
        page.screenshot("run-done-1280-light")

        # The log of the page that stayed open has followed.
        rows = second.page.locator("#runs tbody tr")
        expect(second.page.get_by_role("row", name="Rapport Timeline Succès")).to_be_visible()
        sync = rows.filter(has_text="admin@gazelle.example").filter(has_text="Sync Gazelle").first
        expect(sync).to_contain_text("Manuel")
        free = second.page.get_by_role("article").filter(has=second.page.locator("#task-sync_gazelle"))
        expect(free.get_by_role("button", name=RUN)).to_be_enabled()
