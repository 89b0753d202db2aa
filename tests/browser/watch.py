"""What the stories watch for, planted: each is seen."""

from console import browser, visitor

PLANTED = {
    "console: planted": "() => console.error('planted')",
    "script: planted": "() => new Promise((done) => setTimeout(() => { setTimeout(done); throw new Error('planted'); }))",
    "Content Security Policy directive 'style-src": "() => document.body.setAttribute('style', 'color: red')",
    "404: GET": "() => fetch('/planted').then(() => null)",
}

with browser() as started:
    with visitor(started, width=360) as page:
        page.sign_in()
        assert page.overflow() is None and page.axe() == []
        for expected, planted in PLANTED.items():
            page.troubles.clear()
            page.page.evaluate(planted)
            assert any(expected in trouble for trouble in page.troubles), (expected, page.troubles)
        page.page.evaluate("() => document.querySelector('main').append(new Image(2000, 9))")
        assert page.overflow(), "a wide picture"
        assert any(found.startswith("image-alt") for found in page.axe()), "a picture without a text"
        page.troubles.clear()
