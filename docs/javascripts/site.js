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

new ResizeObserver(reachable).observe(document.body)
