"""The console in a real browser, watched: what goes wrong behind the page counts as much as what people see.

Settings come from the environment: CHROMIUM, AXE (axe's script), CONSOLE (the address), SCREENSHOTS (a folder).
A story asks for what a browser cannot do (deliver events, break Supabase) by a line on standard output, and goes on
when the answer comes.
"""

import os
import sys
from contextlib import contextmanager

from playwright.sync_api import Page, expect, sync_playwright

ADDRESS = os.environ["CONSOLE"].rstrip("/")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A run takes its time, and what shows it asks again every few seconds.
expect.set_options(timeout=30_000)


class Watched:
    """A page and all that went wrong in it."""

    def __init__(self, page: Page):
        self.page = page
        self.troubles = []
        self.tolerated = ()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("response", self._response)
        page.on("requestfailed", self._failed)

    def _console(self, message):
        # Also what the page's policy forbids. A failed response is told with its address by `_response`.
        answered = message.text.startswith(("Failed to load resource", "Response Status Error Code"))
        if message.type == "error" and not answered:
            self.troubles.append(f"console: {message.text}")

    def _response(self, response):
        if response.status >= 400 and response.status not in self.tolerated:
            self.troubles.append(f"{response.status}: {response.request.method} {response.url}")

    def _failed(self, request):
        # A page that is left takes its requests with it.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.failure}: {request.url}")

    @contextmanager
    def tolerating(self, *statuses):
        """Answers with these statuses belong to the story."""
        self.tolerated = statuses
        yield
        self.tolerated = ()

    def open(self, path):
        response = self.page.goto(ADDRESS + path)
        self.page.wait_for_load_state("load")
        return response

    def sign_in(self, role="admin", path="/"):
        self.open(f"/sign-in?next={path}")
        self.page.get_by_label("Courriel").fill(f"{role}@gazelle.example")
        self.page.get_by_label("Mot de passe").fill(f"local-{role}-password")
        self.page.get_by_role("button", name="Se connecter").click()
        expect(self.page.get_by_role("button", name="Se déconnecter")).to_be_visible()

    def overflow(self):
        """By how much the page is wider than the window, and what sticks out."""
        return self.page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              const over = document.scrollingElement.scrollWidth - width;
              if (over <= 0) return null;
              // What is hidden from the eye cannot stick out.
              const wide = [...document.querySelectorAll("body *:not(thead *, .visually-hidden)")].filter((e) => e.getBoundingClientRect().right > width + 1);
              return `${over} px: ` + wide.slice(-4).map((e) => e.outerHTML.slice(0, 120)).join(" | ");
            }"""
        )

    def axe(self):
        """What axe finds serious or worse. The script comes by the debugger: the page's policy stays in force."""
        before = len(self.troubles)
        with open(os.environ["AXE"], encoding="utf-8") as file:
            self.page.evaluate(file.read() + "; undefined")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        # What axe itself does to the page is not the page's doing.
        del self.troubles[before:]
        return [
            f"{rule['id']}: " + " | ".join(f"{node['html'][:160]} ({node['failureSummary'][:200]})" for node in rule["nodes"][:3])
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]

    def screenshot(self, name):
        folder = os.environ["SCREENSHOTS"]
        os.makedirs(folder, exist_ok=True)
        size = self.page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        # The browser draws no picture of a very long page.
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 6000)}
        self.page.screenshot(path=os.path.join(folder, f"{name}.png"), full_page=True, clip=clip)


@contextmanager
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=FLAGS)
        yield started
        started.close()


@contextmanager
def visitor(started, width=1280, language=None, theme=None, state=None, zone="America/Toronto"):
    """Somebody with a window of their own; whatever went wrong in it fails the story."""
    context = started.new_context(
        viewport={"width": width, "height": 800},
        locale="fr-CA",
        timezone_id=zone,
        reduced_motion="reduce",
        storage_state=state,
    )
    chosen = {"language": language, "theme": theme}
    context.add_cookies([{"name": name, "value": value, "url": ADDRESS} for name, value in chosen.items() if value])
    watched = Watched(context.new_page())
    try:
        yield watched
    except BaseException:
        # They may say why the story ended.
        print(*watched.troubles, sep="\n", file=sys.stderr)
        raise
    finally:
        context.close()
    assert not watched.troubles, "\n".join(watched.troubles)


def ask(wish):
    """Has the test do what a browser cannot."""
    print(wish, flush=True)
    answer = sys.stdin.readline().strip()
    assert answer == "ok", f"{wish}: {answer}"
