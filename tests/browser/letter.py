"""An e-mail as a mail program shows it: on a wide and on a narrow window, in light and in dark.

usage: letter.py FILE
"""

import sys

from console import browser, visitor

problems = []
with browser() as started:
    for width in (640, 360):
        for scheme in ("light", "dark"):
            with visitor(started, width=width) as page:
                page.page.emulate_media(color_scheme=scheme)
                page.page.goto("file://" + sys.argv[1])
                # A mail program shows the subject; the letter has no title of its own.
                page.page.evaluate("document.title = 'Courriel'")
                page.screenshot(f"letter-{width}-{scheme}")
                over = page.overflow()
                found = ([f"wider than the window by {over}"] if over else []) + page.axe()
                problems += [f"at {width} in {scheme}: {trouble}" for trouble in found]
if problems:
    sys.exit("\n".join(problems))
