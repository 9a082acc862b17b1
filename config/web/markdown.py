"""Markdown of people as HTML that is safe to show.

Raw HTML is shown as it was typed, pictures are not fetched from elsewhere, and a link leads to http, https or mail,
else it stays text. What the renderer made is sanitised besides, by another library.
"""

import re
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

SCHEME = re.compile(r"\s*(https?://|mailto:)", re.IGNORECASE)
BOX = re.compile(r"^(\s*[-*+] )\[( |x|X)\] ", re.MULTILINE)
BOXES = "☐☑"
TABLE = '<div class="asc-md-table" tabindex="0"><table>'
TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
REL = "noopener noreferrer nofollow"  # a link tells the other side nothing


def rendered(text: str) -> SafeString:
    """The text as HTML. Its headings begin at h2, because the page has its h1; `- [ ]` becomes a box."""
    tokens = _renderer().parse(BOX.sub(_box, text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close") and token.tag == "h1":
            token.tag = "h2"
    html = _renderer().renderer.render(tokens, _renderer().options, {})
    clean = nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=REL,
    )  # fmt: skip
    for box in BOXES:  # which stands in the place of the bullet
        clean = clean.replace(f"<li>{box} ", f'<li class="is-box">{box} ')
    return mark_safe(clean.replace("<table>", TABLE).replace("</table>", "</table></div>"))  # noqa: S308


def _box(found: re.Match[str]) -> str:
    return f"{found[1]}{BOXES[found[2] != ' ']} "


@cache
def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    renderer.validateLink = lambda url: bool(SCHEME.match(url))  # type: ignore[method-assign]
    return renderer
