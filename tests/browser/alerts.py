"""An operator reads one maintenance alert and takes another one off the list; a viewer is offered neither."""

from console import browser, expect, visitor

with browser() as started, visitor(started) as page, visitor(started) as guest:
    page.sign_in("operator", path="/alerts")
    rows = page.page.locator("#alerts tbody tr")
    expect(rows.first).to_be_visible()
    count = rows.count()
    expect(page.page.get_by_role("button", name="Régénérer")).to_have_count(0)

    first = rows.first
    message = first.locator("strong").inner_text()
    expect(first).to_contain_text("Non lue")
    first.get_by_role("button", name="Lu:").click()
    read = rows.filter(has_text=message).first
    expect(read.get_by_role("button", name="Lu:")).to_have_count(0)
    expect(read).not_to_contain_text("Non lue")

    # It asks first; who says no keeps the alert.
    dismiss = read.get_by_role("button", name="Retirer")
    page.page.once("dialog", lambda dialog: dialog.dismiss())
    dismiss.click()
    expect(rows).to_have_count(count)
    page.page.once("dialog", lambda dialog: dialog.accept())
    dismiss.click()
    expect(rows).to_have_count(count - 1)
    expect(page.page.get_by_role("status").last).to_contain_text("retirée de la liste")

    page.page.get_by_label("Non lues").check()
    page.page.get_by_role("button", name="Filtrer").click()
    expect(rows).to_have_count(count - 1)

    guest.sign_in("viewer", path="/alerts")
    expect(guest.page.locator("#alerts tbody tr")).to_have_count(count - 1)
    expect(guest.page.locator("#alerts").get_by_role("button")).to_have_count(0)
