"""Files behind the demo company's evidence, made here: what the customer wrote, minutes, a chart of the benefit."""

import io
from collections.abc import Callable
from contextlib import ExitStack

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from opportunities.actions.files import checked, save_attachment, stored
from opportunities.models import Attachment, Checkpoint
from opportunities.rules.evidence import FACTORS

BARS = (30, 46, 63, 71, 88)
NAMES = {
    "demand": "需求与现状数据",
    "power": "会议纪要",
    "goal": "目标对照",
    "value": "效益测算",
    "coordination": "联合计划",
}


def attach_files(kept: ExitStack) -> None:
    """Give open opportunities a file in place of a link: the latest of one factor, from deal to deal another one.

    Until `kept` is closed without an error the files are taken out of the storage again.
    """
    records = []
    for record in _with_a_link():
        content, ending = _content(record)
        upload = ContentFile(content, name=f"{NAMES[record.factor]} {record.said_on}{ending}")
        fields = kept.enter_context(stored(checked(upload)))
        record.file = Attachment(
            opportunity=record.opportunity, uploaded_by=record.recorded_by, uploaded_at=record.recorded_at, **fields
        )
        save_attachment(record.file)
        record.link = ""
        records.append(record)
    Checkpoint.objects.bulk_update(records, ["file", "link"])


def _with_a_link() -> list[Checkpoint]:
    shown = Checkpoint.objects.standing().exclude(link="").filter(opportunity__outcome="open")
    named = shown.select_related("opportunity__customer", "contact", "recorded_by").order_by("recorded_at", "pk")
    found = (record for record in named if record.factor == FACTORS[record.opportunity_id % len(FACTORS)])
    return list({record.opportunity_id: record for record in found}.values())


def _content(record: Checkpoint) -> tuple[bytes, str]:
    if record.factor == "value":
        return _chart(record.level), ".png"
    lines = [
        f"{record.opportunity.customer} · {NAMES[record.factor]}", record.opportunity.title, "", record.evidence, "",
        f"{record.contact}，{record.said_on}",
    ]  # fmt: skip
    write: Callable[[list[str]], bytes] = _page if record.grade == "E3" else _minutes
    return write(lines), ".pdf" if write is _page else ".txt"


def _minutes(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


def _chart(level: int) -> bytes:
    """What it costs and saves year by year, as bars."""
    picture = Image.new("RGB", (640, 400), "white")
    pen = ImageDraw.Draw(picture)
    pen.line([(50, 20), (50, 350), (620, 350)], fill="#475467", width=3)
    for place, height in enumerate(BARS):
        left, top = 85 + 105 * place, 350 - 3 * (height + 2 * level)
        pen.rectangle([left, top, left + 60, 350], fill="#1f5fa8" if place else "#b42318")
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def _page(lines: list[str]) -> bytes:
    """A page of PDF in the Chinese font that every reader of PDF brings along."""
    shown = " T* ".join(f"<{line.encode('utf-16-be').hex()}> Tj" for line in lines)
    text = f"BT /F 14 Tf 26 TL 60 760 Td {shown} ET"
    bodies = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(text)}>>stream\n{text}\nendstream",
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H/DescendantFonts[6 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo"
        "<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/FontDescriptor 7 0 R/W[1 95 500]>>",
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
        "/Descent -120/CapHeight 880/StemV 93>>",
    ]
    written, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(written))
        written += f"{number} 0 obj{body}endobj\n"
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    table = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{rows}"
    tail = f"trailer<</Size {len(bodies) + 1}/Root 1 0 R>>\nstartxref\n{len(written)}\n%%EOF\n"
    return f"{written}{table}{tail}".encode("ascii")
