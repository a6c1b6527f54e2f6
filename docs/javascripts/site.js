/* Tables and pictures that are wider than the page scroll; the keyboard reaches them too. */

const reachable = () => {
  for (const part of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset p:has(> img)")) {
    if (part.scrollWidth > part.clientWidth) {
      part.tabIndex = 0
    } else {
      part.removeAttribute("tabindex")
    }
  }
}

/* The theme wraps tables after the page is loaded. */
new MutationObserver(reachable).observe(document.body, { childList: true, subtree: true })
new ResizeObserver(reachable).observe(document.body)
