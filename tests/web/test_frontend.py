"""The bundle holds what pages ask for, templates keep to the content policy, and the small parts say what they mean."""

import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.context_processors import frame
from accounts.models import User
from config.web.templatetags import ui
from config.web.templatetags.formats import money

pytestmark = pytest.mark.anywhere

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "config", "customers", "opportunities", "pipeline")
SRC = ROOT / "static" / "src"
DIST = ROOT / "static" / "dist"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICON = re.compile(r"""{%\s*icon\s+"([a-z0-9-]+)\"""")
NAMED_ICON = re.compile(r"""(?:icon|icon_name)="([a-z0-9-]+)\"""")
INLINE = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style", re.I),
    "a handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "an htmx handler": re.compile(r"\bhx-on\b", re.I),
    "a value that htmx evaluates": re.compile(r"[\"']js:|hx-trigger=\"[^\"]*\[", re.I),
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.I),
    "an address of another host": re.compile(r"(?:src|href)=\"(?:https?:)?//", re.I),
}


@pytest.fixture(scope="session", autouse=True)
def bundle():
    """`make setup` builds it; a checkout that has only the packages builds it here."""
    if not (DIST / "build.json").exists():
        subprocess.run(["npm", "run", "build"], cwd=ROOT, check=True, capture_output=True)


def icons() -> set[str]:
    lines = (SRC / "icons.txt").read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def draw(source: str, path: str = "/customers/", user=None, **context) -> str:
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    return engines["django"].from_string(source).render(context, request)


def test_everything_listed_was_built_and_is_not_empty():
    listing = json.loads((DIST / "build.json").read_text())
    assert {"app.css", "app.js", "charts.js", "theme-init.js"} <= set(listing)
    for name, size in listing.items():
        assert (DIST / name).stat().st_size == size > 0


def test_what_every_page_loads_stays_small():
    """Raw bytes; over the wire about a quarter of it."""
    listing = json.loads((DIST / "build.json").read_text())
    assert listing["app.css"] < 330_000
    assert listing["theme-init.js"] < 2_000
    assert not any("tom-select" in (DIST / name).read_text() for name in ("app.js", "theme-init.js"))


def test_files_that_templates_name_exist():
    named = re.compile(r"""{%\s*static\s+"([^"]+)\"""")
    for template in TEMPLATES:
        for name in named.findall(template.read_text(encoding="utf-8")):
            assert (DIST / name).exists(), f"{template}: {name}"


def test_the_bundle_asks_no_other_host():
    for file in [*DIST.glob("*.css"), *DIST.glob("*.svg")]:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org", "")
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import|href=[\"']https?:", text), file


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_needs_a_looser_policy(template):
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", template.read_text(encoding="utf-8"), flags=re.S)
    found = [name for name, pattern in INLINE.items() if pattern.search(text)]
    assert not found


def test_every_icon_that_is_named_is_in_the_sprite():
    sprite = (DIST / "icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    assert drawn == icons()
    code = (file for app in APPS for file in (ROOT / app).rglob("*.py"))
    for file in [*TEMPLATES, *code, *(SRC / "js").glob("*.js")]:
        text = file.read_text(encoding="utf-8")
        named = set(ICON.findall(text)) | set(NAMED_ICON.findall(text)) | set(re.findall(r'\bicon\("([a-z-]+)"', text))
        assert named <= drawn, f"{file}: {named - drawn}"


def test_every_icon_in_the_sprite_is_named():
    """Also by what chooses one as it runs: any word of a template, a script or our code counts."""
    code = (file for app in APPS for file in (ROOT / app).rglob("*.py"))
    files = [*TEMPLATES, *code, *(SRC / "js").glob("*.js")]
    words = {word for file in files for word in re.findall(r"[a-z0-9-]+", file.read_text(encoding="utf-8"))}
    assert icons() - words == set()


def test_the_lock_file_pins_and_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())
    package = json.loads((ROOT / "package.json").read_text())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["dependencies"].values())


@pytest.mark.parametrize(
    ("name", "mark"),
    [("林晓", "晓"), ("Jane van Doe", "JD"), ("Madonna", "M"), ("沈 岚", "岚"), ("", "?"), ("李A", "A"), ("  ", "?")],
)
def test_initials(name, mark):
    assert ui.initials(name) == mark


@pytest.mark.parametrize(
    ("rate", "step"),
    [(0, 10), (0.1, 10), (0.2499, 25), (0.3, 25), (0.5, 50), (0.89, 75), (0.9, 90), (1, 100), (None, 10)],
)
def test_ramp(rate, step):
    assert ui.ramp(rate) == step


@pytest.mark.parametrize(("language", "between"), [("en", " "), ("zh-hans", "")])
def test_a_blank_stands_between_sentences_but_in_chinese(language, between):
    with translation.override(language):
        assert ui.gap() == between
        assert ui.sentences(["One.", "Two."]) == f"One.{between}Two."
        both = ui.sentences(["<i>One.", format_html("<a>{}</a>", "Two & more.")])
        assert both == f"&lt;i&gt;One.{between}<a>Two &amp; more.</a>" and isinstance(both, SafeString)
        assert not isinstance(ui.sentences(["<i>One."]), SafeString)


def test_names_are_escaped():
    assert "<b>" not in ui.avatar("<b>x</b>")
    assert "<b>" not in draw('{% flag text "warn" "clock" %}{% tier text %}', text="<b>x</b>")
    assert "<script>" not in draw("{% card title %}{{ title }}{% endcard %}", title="<script>")


def test_a_meter_never_leaves_its_track():
    assert 'width="100.0"' in ui.meter(3, 2)
    assert 'width="0.0"' in ui.meter(-1, 2)
    assert 'width="0.0"' in ui.meter(1, 0)


def test_a_sparkline_of_one_value_and_of_none():
    assert 'd="M0.0 22.0"' in ui.spark([5])
    assert 'd=""' in ui.spark([])


def test_a_chart_keeps_its_json_and_has_its_table():
    html = draw('{% chart "x y" option "Up" %}<table></table>{% endchart %}', option={"t": "</script>"})
    assert 'data-chart="chart-x-y" role="img" aria-label="Up"' in html
    assert html.count("</script>") == 1
    assert "<table></table>" in html


class Sample(forms.Form):
    title = forms.CharField(label="Title", help_text="In words")
    agreed = forms.BooleanField(label="Agreed")


def test_a_field_ties_its_error_to_its_control():
    html = draw("{% field form.title %}", form=Sample({"title": ""}))
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described and all(f'id="{name}"' in html for name in described[1].split())
    assert 'aria-invalid="true"' in html and "is-invalid" in html
    assert '<label class="form-label" for="id_title">' in html


def test_a_checkbox_stands_in_its_label():
    assert re.search(
        r"<label class=\"form-check\"><input[^>]*form-check-input", draw("{% field form.agreed %}", form=Sample())
    )


def test_pages_of_a_list_keep_the_rest_of_the_url():
    page = Paginator(range(95), 20).get_page(2)
    html = draw("{% pagination page %}", "/customers/?owner=3&page=2", page=page)
    assert "?owner=3&amp;page=1" in html and "?owner=3&amp;page=3" in html
    assert draw("{% pagination page %}", page=Paginator([], 20).get_page(1)).strip() == ""


def test_a_column_sorts_the_other_way_round_the_second_time():
    first = draw('{% sort_th "amount" "Amount" %}', "/x/?q=a&page=3")
    assert "?q=a&amp;sort=amount" in first and "aria-sort" not in first and "page=" not in first
    assert 'aria-sort="ascending"' in draw('{% sort_th "amount" "Amount" %}', "/x/?sort=amount")
    assert "?sort=-amount" in draw('{% sort_th "amount" "Amount" %}', "/x/?sort=amount")


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_an_error_page_needs_no_context(name):
    html = get_template(name).render()
    assert "<h1" in html and 'href="/"' in html


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "429.html"])
def test_an_error_page_has_the_frame_only_for_people_signed_in(name, company):
    request = RequestFactory().get("/x/")
    request.user = AnonymousUser()
    assert "asc-side" not in get_template(name).render({}, request)
    request.user = company.rep
    assert "asc-side" in get_template(name).render({}, request)


def test_the_404_names_nothing(company, signed_in):
    response = signed_in(User.objects.first()).get("/opportunities/secret-name/")
    assert response.status_code == 404
    assert "secret-name" not in re.sub(r'value="[^"]*"', "", response.content.decode())


@pytest.mark.django_db
def test_the_frame_asks_the_database_for_nothing(django_assert_num_queries):
    request = RequestFactory().get("/")
    request.user = User(name="Lin", username="lin", role=User.Role.MANAGER)
    with django_assert_num_queries(0):
        values = frame(request)
    assert values["person"].name == "Lin"


def test_nobody_signed_in_has_no_navigation():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert frame(request)["sections"] == [] and frame(request)["settings"] is None


AMOUNTS = [0, 999, 8600, 9999.6, 52_000, 99_499, 99_999, 100_000, 18_600_000, 99_999_999, 128_500_000, -2_000_000]
NODE = """
globalThis.document = { documentElement: { lang: process.argv[1] }, body: { dataset: {} } };
const { money } = await import("data:text/javascript," + encodeURIComponent(process.argv[2]));
console.log(JSON.stringify(JSON.parse(process.argv[3]).map(money)));
"""


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_charts_write_amounts_as_pages_do(language):
    source = (SRC / "js" / "formats.js").read_text(encoding="utf-8")
    command = ["node", "--input-type=module", "-e", NODE, language, source, json.dumps(AMOUNTS)]
    drawn = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    with translation.override(language):
        assert drawn == [money(Decimal(str(amount))) for amount in AMOUNTS]
