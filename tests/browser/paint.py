"""How fast the home page is in a browser that has nothing of it yet, as JSON.

usage: paint.py ADDRESS COOKIE
"""

import json
import os
import statistics
import sys

address, cookie = sys.argv[1:]
os.environ["CONSOLE"] = address
from console import ADDRESS, browser  # noqa: E402

VISITS = 9
FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  const paint = list.getEntries().find((entry) => entry.name === "first-paint");
  if (paint) done(paint.startTime);
}).observe({type: "paint", buffered: true}))"""
SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((entry) => [new URL(entry.name).pathname, entry.transferSize])"""

paints = []
name, value = cookie.split("=", 1)
with browser() as started:
    for _ in range(VISITS):
        context = started.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": ADDRESS}])
        page = context.new_page()
        response = page.goto(ADDRESS + "/", wait_until="networkidle")
        assert response.status == 200, response.status
        assert page.locator(".who").count() == 1, "not signed in"
        paints.append(page.evaluate(FIRST_PAINT))
        sizes = page.evaluate(SIZES)
        context.close()
sizes = [(path, size) for path, size in sizes if not path.endswith((".woff2", ".woff"))]
assert all(size > 0 for _, size in sizes), sizes
print(
    json.dumps(
        {
            "visits": VISITS,
            "first_paint_ms": statistics.median(paints),
            "bytes": sum(size for _, size in sizes),
            "parts": ", ".join(f"{path} {size / 1000:.1f}" for path, size in sizes),
        }
    )
)
