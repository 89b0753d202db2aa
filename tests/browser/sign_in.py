"""Somebody who forgot to sign in, then mistypes the password, then works, and leaves."""

from console import ADDRESS, browser, expect, visitor

with browser() as started, visitor(started) as page:
    page.open("/backups?limit=5")
    expect(page.page).to_have_url(f"{ADDRESS}/sign-in?next=%2Fbackups%3Flimit%3D5")
    # By the keyboard alone: the address has the focus, the password is the next stop, and Enter sends.
    page.page.keyboard.type("admin@gazelle.example")
    page.page.keyboard.press("Tab")
    page.page.keyboard.type("planted-password")
    with page.tolerating(401):
        page.page.keyboard.press("Enter")
        expect(page.page.get_by_role("alert")).to_contain_text("incorrect")
    # What was right stays; the password does not.
    expect(page.page.get_by_label("Courriel")).to_have_value("admin@gazelle.example")
    expect(page.page.get_by_label("Mot de passe")).to_have_value("")
    page.page.get_by_label("Mot de passe").fill("local-admin-password")
    page.page.get_by_role("button", name="Se connecter").click()
    expect(page.page).to_have_url(f"{ADDRESS}/backups?limit=5")
    cookies = {cookie["name"]: cookie for cookie in page.page.context.cookies()}
    assert cookies["session"]["httpOnly"] and cookies["session"]["sameSite"] == "Lax", cookies
    assert page.page.evaluate("document.cookie") == ""

    # The first stop of the keyboard leads past the menu.
    page.page.keyboard.press("Tab")
    expect(page.page.locator(":focus")).to_have_text("Aller au contenu")
    page.page.keyboard.press("Enter")
    expect(page.page.locator("main")).to_be_focused()

    page.page.get_by_role("button", name="Se déconnecter").click()
    expect(page.page.get_by_label("Mot de passe")).to_be_visible()
    page.open("/backups")
    expect(page.page).to_have_url(f"{ADDRESS}/sign-in?next=%2Fbackups")
