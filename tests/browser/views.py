"""Every view in one language and one theme, on a wide and on a narrow window.

usage: views.py ROLE LANGUAGE THEME STATE [STATUS:]PATH...

STATE only names the pictures. A path with a status before it is a page that refuses.
"""

import sys

from console import browser, visitor

role, language, theme, state_name, *paths = sys.argv[1:]
problems = []


def look(page, path, width):
    status, _, path = path.rpartition(":")
    name = "-".join(part for part in path.split("?")[0].split("/") if part and len(part) < 20) or "home"
    before = len(page.troubles)
    with page.tolerating(int(status or 0)):
        response = page.open(path)
    # A view that is missing is one trouble and not five.
    if response.status != int(status or 200):
        page.troubles = page.troubles[:before]
        problems.append(f"{path}: {response.status} for {role}")
        return
    suffixes = [part for part in (state_name, role) if part not in ("filled", "admin")]
    suffixes += [language] if language != "fr" else []
    page.screenshot("-".join([name, str(width), theme, *suffixes]))
    told = page.troubles[before:]
    page.troubles = page.troubles[:before]
    over = page.overflow()
    told += [f"wider than the window by {over}"] if over else []
    told += page.axe()
    shown = page.page.evaluate("document.documentElement.lang + document.documentElement.dataset.theme")
    told += [] if shown == language + theme else [f"shown as {shown}"]
    told += [] if page.page.locator("h1").count() == 1 else ["not one heading"]
    problems.extend(f"{path} at {width} for {role}: {trouble}" for trouble in told)


with browser() as started:
    with visitor(started) as page:
        page.sign_in(role)
        state = page.page.context.storage_state()
    for width in (1280, 360):
        with visitor(started, width=width, language=language, theme=theme, state=state) as page:
            for path in paths:
                look(page, path, width)
        with visitor(started, width=width, language=language, theme=theme) as page:
            look(page, "/sign-in", width)
if problems:
    sys.exit("\n".join(problems))
