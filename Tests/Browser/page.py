"""Opens the page in a browser and reads its state for the checks."""

from coded import Screenshot

PLAYER = "document.querySelector('.tile:not([hidden]) oriel-player')"


class Page:
    def __init__(self, browser, address):
        self.browser = browser
        self.address = address.rstrip("/")

    def open(self, path="/"):
        self.browser.open(self.address + path)

    def run(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def player(self, expression, camera=None):
        """Evaluates an expression that contains `player`, and returns its value, or None if there is no such player.

        `player` is the player of `camera`. If `camera` is None, it is the visible player.
        """
        found = f"document.querySelector('oriel-player[camera=\"{camera}\"]')" if camera else PLAYER
        return self.run(f"const player = {found}; return player === null ? null : ({expression});")

    def state(self, camera=None):
        return self.player("player.condition.state", camera)

    def frame_number(self, camera=None):
        return self.player("player.frame?.id ?? 0", camera)

    def shown_number(self, element=f"{PLAYER}.shadowRoot.querySelector('.picture')"):
        """Returns the number of the coded picture that `element` shows on the screen.

        Returns None if the element does not show a coded picture.
        """
        box = self.run(f"const box = ({element})?.getBoundingClientRect(); return box ? [box.x, box.y, box.width, box.height] : null;")
        if not box or box[2] < 16:
            return None
        return Screenshot(self.browser.screenshot(box)).number()

    def text(self, selector):
        return self.run("return document.querySelector(given[0])?.innerText ?? null", selector)

    def note(self, camera=None):
        return self.player("player.shadowRoot.querySelector('.note').innerText", camera)
