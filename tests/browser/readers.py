"""Somebody who opens pages, and hears what they ask for and say."""


class Reader:
    """Somebody who opens pages in windows of their own, without a network."""

    def __init__(self, browser):
        self.browser = browser
        self.windows = []

    def open(self, path, *, width=1280, scheme="light", media="screen", unfold=False, **options):
        """Open a page; ``page.seen`` lists what it asks for and what the console and the page say."""
        window = self.browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True, **options
        )
        self.windows.append(window)
        page = window.new_page()
        page.seen = []
        page.on("request", lambda asked: page.seen.append(asked.url))
        page.on("console", lambda message: page.seen.append(message.text))
        page.on("pageerror", lambda error: page.seen.append(str(error)))
        page.on("dialog", lambda dialog: (page.seen.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        page.emulate_media(media=media, color_scheme=scheme)
        if unfold:
            page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        return page

    def close(self):
        """Close what was opened."""
        for window in self.windows:
            window.close()
        self.windows.clear()
