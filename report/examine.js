// SPDX-License-Identifier: Apache-2.0
// What report/browser.py asks of a loaded page, in one go; evaluated in the browser, never part of a page.
// Text is cut when it lies outside of the page, of a box that it belongs to, or of an ancestor that hides what overflows;
// what an ancestor lets scroll sideways is not cut.
(width) => {
  const clips = new Set(["hidden", "clip"]), scrolls = new Set(["auto", "scroll"]), cut = [];

  const isCut = (node, r) => {
    for (let e = node.parentElement; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e), box = e.getBoundingClientRect();
      if (scrolls.has(style.overflowX)) return box.left < -1 || box.right > width + 1;
      if (style.display !== "inline" && (r.left < box.left - 1 || r.right > box.right + 1)) return true;
      if (clips.has(style.overflowY) && (r.top < box.top - 1 || r.bottom > box.bottom + 1)) return true;
    }
    return r.left < -1 || r.right > width + 1;
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.nodeValue.trim() || ["STYLE", "SCRIPT"].includes(node.parentElement.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    if ([...range.getClientRects()].some((r) => r.width >= 1 && r.height >= 1 && isCut(node, r))) {
      cut.push(node.nodeValue.trim().slice(0, 60));
    }
  }

  const links = [...document.querySelectorAll("a[href^='#']")].map((a) => a.getAttribute("href").slice(1));
  return {
    scrollWidth: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    bodyFont: parseFloat(getComputedStyle(document.body).fontSize),
    images: [...document.images].map((i) => ({
      name: i.alt || i.src.slice(0, 60), complete: i.complete, width: i.naturalWidth, described: i.hasAttribute("alt"),
    })),
    nowhere: links.filter((id) => !document.getElementById(id)),
    text: document.body.innerText.trim().length,
    cut,
  };
}
