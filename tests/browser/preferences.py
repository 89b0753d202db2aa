"""Language and colours: chosen on any page, kept on all, and as the device has them until then."""

from console import browser, expect, visitor

BACKGROUND = "getComputedStyle(document.body).backgroundColor"

with browser() as started, visitor(started) as page:
    page.sign_in(path="/backups")
    html = page.page.locator("html")
    expect(html).to_have_attribute("lang", "fr")
    page.page.get_by_role("button", name="English").click()
    expect(html).to_have_attribute("lang", "en")
    expect(page.page.get_by_role("heading", level=1)).to_have_text("Backups")
    # The same page, and every other one.
    page.open("/")
    expect(page.page.get_by_role("heading", level=1)).to_have_text("System health")

    light = page.page.evaluate(BACKGROUND)
    page.page.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    expect(page.page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = page.page.evaluate(BACKGROUND)
    assert dark != light, dark
    page.page.get_by_role("button", name="Device colours").click()
    expect(html).to_have_attribute("data-theme", "auto")
    for scheme, colour in (("dark", dark), ("light", light)):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_function(f"{BACKGROUND} === {colour!r}")
    page.page.get_by_role("button", name="Français").click()
    expect(html).to_have_attribute("lang", "fr")
