"""Every view in one language and one theme, on a wide and on a narrow window.

usage: views.py LANGUAGE THEME PATH...
"""

import sys

from console import browser, visitor

language, theme, *paths = sys.argv[1:]
problems = []


def look(page, path, width):
    name = "-".join(part for part in path.split("?")[0].split("/") if part and len(part) < 20) or "home"
    before = len(page.troubles)
    response = page.open(path)
    # A view that is missing is one trouble and not five.
    if response.status >= 400:
        page.troubles = page.troubles[:before]
        problems.append(f"{path}: {response.status}")
        return
    page.screenshot(f"{name}-{width}-{theme}" + ("" if language == "fr" else f"-{language}"))
    told = page.troubles[before:]
    page.troubles = page.troubles[:before]
    over = page.overflow()
    told += [f"wider than the window by {over}"] if over else []
    told += page.axe()
    shown = page.page.evaluate("document.documentElement.lang + document.documentElement.dataset.theme")
    told += [] if shown == language + theme else [f"shown as {shown}"]
    told += [] if page.page.locator("h1").count() == 1 else ["not one heading"]
    problems.extend(f"{path} at {width}: {trouble}" for trouble in told)


with browser() as started:
    with visitor(started) as page:
        page.sign_in()
        state = page.page.context.storage_state()
    for width in (1280, 360):
        with visitor(started, width=width, language=language, theme=theme, state=state) as page:
            for path in paths:
                look(page, path, width)
        with visitor(started, width=width, language=language, theme=theme) as page:
            look(page, "/sign-in", width)
if problems:
    sys.exit("\n".join(problems))
