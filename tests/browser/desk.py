"""An operator at the desk: the cash register for a day, a truck and its maintenance, an appointment taken note of."""

from console import ADDRESS, browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in("operator", path="/cash")
    here = page.page
    toast = here.locator("#toasts")

    here.get_by_role("button", name="Ajouter une caisse").click()
    register = here.get_by_role("dialog")
    register.get_by_label("Nom").fill("Comptoir <b>1</b>")
    register.get_by_role("button", name="Ajouter").click()
    expect(register).to_have_count(0)
    row = here.get_by_role("row").filter(has_text="Comptoir <b>1</b>").first
    row.get_by_role("button", name="Modifier").click()
    # Dollars on the screen are cents in the database, also where binary fractions differ.
    register.get_by_label("Écart toléré").fill("1.15")
    register.get_by_role("button", name="Enregistrer").click()
    expect(row).to_contain_text("1,15")

    here.get_by_role("combobox", name="Caisse").select_option(label="Comptoir <b>1</b>")
    here.get_by_label("Fonds de caisse").fill("100.10")
    here.get_by_role("button", name="Ouvrir une session").click()
    session = here.get_by_role("row").filter(has_text="Ouverte")
    session.get_by_role("button", name="Fermer").click()
    closing = here.get_by_role("dialog")
    closing.get_by_label("Ventes").fill("50")
    closing.get_by_label("Montant compté").fill("149.10")
    # A gap wants a reason; what was typed stays.
    with page.tolerating(400):
        closing.get_by_role("button", name="Fermer la session").click()
        expect(toast.get_by_role("alert")).to_be_visible()
    closing.get_by_label("Commentaire").fill("Un dollar de moins")
    closing.get_by_role("button", name="Fermer la session").click()
    closed = here.get_by_role("row").filter(has_text="Un dollar de moins")
    expect(closed).to_contain_text("−1,00")

    page.open("/assets")
    here.get_by_role("button", name="Ajouter…").click()
    asset = here.get_by_role("dialog")
    asset.get_by_label("Nom").fill("Fourgonnette")
    asset.get_by_label("Intervalle d'entretien").fill("6")
    asset.get_by_role("button", name="Ajouter").click()
    here.get_by_role("link", name="Fourgonnette").click()
    here.get_by_role("button", name="Modifier…").click()
    edit = here.get_by_role("dialog")
    edit.get_by_label("Nom").fill("Fourgonnette bleue")
    edit.get_by_role("button", name="Enregistrer").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Fourgonnette bleue")
    here.get_by_role("button", name="Planifier…").click()
    plan = here.get_by_role("dialog")
    plan.get_by_label("Date prévue").fill("2026-02-02")
    plan.get_by_role("button", name="Planifier").click()
    maintenance = here.locator("#asset tbody tr")
    expect(maintenance).to_have_count(1)
    maintenance.get_by_role("button", name="Terminer").click()
    expect(maintenance.get_by_role("button", name="Terminer")).to_have_count(0)
    here.once("dialog", lambda dialog: dialog.accept())
    maintenance.get_by_role("button", name="Supprimer").click()
    expect(maintenance).to_have_count(0)
    here.once("dialog", lambda dialog: dialog.accept())
    here.get_by_role("button", name="Supprimer").click()
    expect(here).to_have_url(f"{ADDRESS}/assets")
    expect(here.get_by_role("link", name="Fourgonnette bleue")).to_have_count(0)

    page.open("/alertes-rv")
    here.get_by_role("button", name="Pris en note").click()
    expect(here.get_by_text("Rien n'attend.")).to_be_visible()
