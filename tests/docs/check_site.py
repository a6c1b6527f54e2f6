"""Looks at the built site in a browser: `make check-site`.

Pages are opened from the folder and from a server, wide and narrow, light and dark. A page must load nothing from
outside, write no error to the console, and pass axe-core. The search must find a code. A page with a fault of each kind
is opened first: if the check misses one, its silence about the others says nothing.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page, Route, TimeoutError, sync_playwright  # noqa: A004

ROOT: Final = Path(__file__).parents[2]
SITE: Final = ROOT / "build/site"
PICTURES: Final = ROOT / "build/screenshots"
AXE: Final = ROOT / "build/npm/axe.min.js"

SHOWN: Final = {
    "home": "index.html",
    "tutorial": "tutorial/1-first-plan.html",
    "error": "reference/errors/E201.html",
    "api": "reference/python/programs.html",
}
"""The pages of which pictures are made."""

OTHERS: Final = (
    "start/comparisons.html",
    "how-to/fastapi.html",
    "concepts/passes/hoist.html",
    "reference/language.html",
    "reference/grammar.html",
    "reference/functions.html",
    "reference/cli.html",
    "reference/schemas.html",
    "reference/errors/index.html",
    "reference/python/index.html",
    "cookbook/index.html",
    "inside/contributing.html",
    "inside/benchmarks.html",
)
"""A page of each other kind."""

SIZES: Final = {1280: 900, 390: 844}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
SERIOUS: Final = frozenset({"serious", "critical"})
CODE: Final = "E201"

FAULTY: Final = """\
<!doctype html><html lang="en"><title>Faults</title><main><h1>Faults</h1>
<img src="https://outside.invalid/picture.png"><p style="width: 5000px">wide</p>
<script>console.error("planted")</script></main></html>
"""
PLANTED: Final = ("image-alt (critical", "a request to https://outside.invalid/", "console: planted", "wider than")
"""A part of the report of each fault on the page above."""

_PATIENCE: Final = 10_000  # milliseconds


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and reports no request."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of a folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Check:
    """Opens pages, and collects everything that is wrong with them."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base
        self.faults: list[str] = []

    def page(self, place: str, width: int, scheme: Literal["light", "dark"], picture: Path | None = None) -> None:
        """Open a page, let axe-core read it, and make a picture of it."""
        with self._open(place, width, scheme) as page:
            self._read(page, f"{place} at {width}, {scheme}")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self.faults.append(f"{place} at {width}: wider than the window")
            if picture:
                page.screenshot(path=picture, animations="disabled")

    def search(self, text: str) -> None:
        """Search for a text, and require that a page with it in its title is found."""
        with self._open("index.html", 1280, "light") as page:
            box = page.locator("[data-md-component=search-query]")
            try:
                box.click(timeout=_PATIENCE)
                box.press_sequentially(text)
                page.locator(".md-search-result__item h1", has_text=text).first.wait_for(timeout=_PATIENCE)
            except TimeoutError as why:
                self.faults.append(f"search for {text} at {self._base}: {why.message.splitlines()[0]}")

    @contextmanager
    def _open(self, place: str, width: int, scheme: Literal["light", "dark"]) -> Iterator[Page]:
        context = self._browser.new_context(
            viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme, device_scale_factor=1
        )
        self._guard(context)
        page = context.new_page()
        page.on("console", lambda said: self._hear(place, said.type, said.text))
        page.on("pageerror", lambda why: self.faults.append(f"{place}: {why}"))
        try:
            page.goto(f"{self._base}/{place}", wait_until="load")
            page.wait_for_timeout(300)
            yield page
        finally:
            context.close()

    def _hear(self, place: str, kind: str, text: str) -> None:
        if kind == "error":
            self.faults.append(f"{place}: console: {text}")

    def _guard(self, context: BrowserContext) -> None:
        """Refuse requests to other places."""

        def guard(route: Route) -> None:
            address = route.request.url
            if address.startswith((self._base, "data:", "blob:")):
                route.continue_()
            else:
                self.faults.append(f"a request to {address}")
                route.abort()

        context.route("**/*", guard)

    def _read(self, page: Page, name: str) -> None:
        """Let axe-core read a page."""
        page.add_script_tag(path=AXE)
        found: dict[str, Any] = page.evaluate("axe.run(document, {preload: false, resultTypes: ['violations']})")
        for rule in found["violations"]:
            if rule["impact"] in SERIOUS:
                targets = "; ".join(" ".join(map(str, node["target"])) for node in rule["nodes"][:3])
                self.faults.append(f"{name}: {rule['id']} ({rule['impact']}, {len(rule['nodes'])}): {targets}")


def main() -> int:
    """Check the built site; return 1 if there is a fault."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("check-site needs Chromium; on Debian: apt-get install chromium", file=sys.stderr)  # noqa: T201
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, served(SITE) as address:
        browser = playwright.chromium.launch(executable_path=chromium)
        faults = [f"check-site does not notice: {part}" for part in unnoticed(browser)]
        faults += [fault for base in (SITE.as_uri(), address) for fault in checked(browser, base)]
        browser.close()
    print("\n".join(dict.fromkeys(faults)) or f"check-site: no fault; look at {PICTURES.relative_to(ROOT)}")  # noqa: T201
    return int(bool(faults))


def unnoticed(browser: Browser) -> list[str]:
    """The planted faults that the check does not report; to search on a page without a search is one too."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "index.html").write_text(FAULTY, "utf-8")
        check = Check(browser, Path(name).as_uri())
        check.page("index.html", 390, "light")
        check.search(CODE)
    return [part for part in (*PLANTED, f"search for {CODE}") if not any(part in fault for fault in check.faults)]


def checked(browser: Browser, base: str) -> list[str]:
    """The faults of the site at an address; pictures show it as it is when opened from a folder."""
    check = Check(browser, base)
    is_folder = base.startswith("file:")
    for (name, place), width, scheme in product(SHOWN.items(), SIZES, SCHEMES):
        check.page(place, width, scheme, PICTURES / f"{name}-{width}-{scheme}.png" if is_folder else None)
    if is_folder:
        for place, width, scheme in product(OTHERS, SIZES, SCHEMES):
            check.page(place, width, scheme)
    check.search(CODE)
    return check.faults


if __name__ == "__main__":
    raise SystemExit(main())
