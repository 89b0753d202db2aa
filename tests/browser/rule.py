"""An administrator changes a rule of the notifications and switches another one off."""

import re

from console import ADDRESS, browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.sign_in(path="/notifications")
    row = page.page.get_by_role("row").filter(has_text="backup.failed").first
    row.get_by_role("link", name="Modifier :").click()
    digest = page.page.get_by_label("Résumé : regrouper par")
    digest.fill("-1")
    page.page.get_by_role("button", name="Enregistrer").click()
    # The browser itself refuses what cannot be.
    assert not digest.evaluate("(field) => field.validity.valid")
    digest.fill("45")
    page.page.get_by_role("button", name="Enregistrer").click()
    expect(page.page).to_have_url(f"{ADDRESS}/notifications")
    expect(row).to_contain_text("45 min")

    other = page.page.get_by_role("row").filter(has_text="sync.failed").first
    other.get_by_role("button", name="Désactiver :").click()
    expect(other.get_by_role("button", name=re.compile("^Activer"))).to_be_visible()
