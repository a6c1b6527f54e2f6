/* Tables that are wider than the page scroll; the keyboard reaches them too. */

const reachable = () => {
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (table.scrollWidth > table.clientWidth) {
      table.tabIndex = 0
    } else {
      table.removeAttribute("tabindex")
    }
  }
}

/* The theme wraps tables after the page is loaded. */
new MutationObserver(reachable).observe(document.body, { childList: true, subtree: true })
new ResizeObserver(reachable).observe(document.body)
