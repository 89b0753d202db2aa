"""An administrator moves a limit, adds somebody who leaves again, and plans a maintenance window from another time zone."""

from console import browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/settings/thresholds")
    here = page.page
    limit = here.get_by_role("row").filter(has=here.get_by_text("humidity.low", exact=True))
    field = limit.get_by_role("spinbutton")
    field.fill("200")
    limit.get_by_role("button").click()
    # The browser itself refuses what is out of bounds.
    assert not field.evaluate("(field) => field.validity.valid")
    field.fill("32")
    limit.get_by_role("button").click()
    expect(limit).to_contain_text("modifié")
    expect(limit).to_contain_text("admin@gazelle.example")

    page.open("/settings/people")
    here.get_by_role("button", name="Ajouter").click()
    form = here.get_by_role("dialog")
    form.get_by_label("Clé").fill("camille")
    form.get_by_label("Prénom").fill("Camille")
    form.get_by_label("Courriel").fill("camille@example.com")
    form.get_by_label("Technique").check()
    form.get_by_role("button", name="Enregistrer").click()
    person = here.get_by_role("row").filter(has_text="camille@example.com")
    person.get_by_role("button", name="Modifier Camille").click()
    form.get_by_label("Nom affiché").fill("Cam")
    form.get_by_role("button", name="Enregistrer").click()
    person.get_by_role("button", name="Modifier Cam", exact=True).click()
    here.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Supprimer").click()
    expect(person).to_have_count(0)

    # Somebody in Paris: the times are Montréal's all the same, and a change of the reason moves none of them.
    with visitor(started, zone="Europe/Paris") as abroad:
        abroad.sign_in(path="/settings/targets")
        there = abroad.page
        windows = there.locator("#windows")
        expect(windows).to_contain_text("America/Toronto")
        windows.get_by_role("button", name="Ajouter").click()
        form = there.get_by_role("dialog")
        form.get_by_label("Début").fill("2026-02-03T22:00")
        form.get_by_label("Fin").fill("2026-02-04T02:00")
        form.get_by_label("Raison").fill("panne prévue")
        form.get_by_role("button", name="Enregistrer").click()
        row = windows.get_by_role("row").filter(has_text="panne prévue")
        expect(row).to_contain_text("22:00")
        row.get_by_role("button", name="Modifier").click()
        form.get_by_label("Raison").fill("panne reportée")
        form.get_by_role("button", name="Enregistrer").click()
        expect(windows.get_by_role("row").filter(has_text="panne reportée")).to_contain_text("22:00")
