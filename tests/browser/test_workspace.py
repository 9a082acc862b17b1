"""A company comes in through the browser, its error mended, and goes out again."""

import shutil
import zipfile

import pytest
from playwright.sync_api import expect

from opportunities.models import Opportunity
from pipeline import runs
from pipeline.models import ExportRun, ImportRun
from tests.browser import steps
from tests.browser.steps import say
from tests.pipeline.interchange.workspaces import shared

UPLOAD = "form[action$='/upload/zip/']"


@pytest.fixture
def folder(tmp_path):
    """Case A with one customer's tier spoiled."""
    target = tmp_path / "company"
    shutil.copytree(shared("golden/case-a/workspace"), target)
    for path in target.iterdir():
        path.chmod(0o644)
    customers = target / "customers.csv"
    customers.write_text(customers.read_text().replace(",2A,", ",7A,", 1))
    return target


def packed(folder):
    path = folder.parent / "company.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.csv")):
            archive.write(file, f"company/{file.name}")
    return path


def send(window, path):
    window.page.goto("/settings/workspace/")
    window.page.locator(f"{UPLOAD} [type=file]").set_input_files(str(path))
    window.page.locator(f"{UPLOAD} [type=submit]").click()
    window.page.wait_for_url("**/imports/*/")


@steps.IN_TWO_CORNERS
def test_a_company_is_imported_with_an_error_mended(company, open_page, folder, tmp_path, language, viewport):
    window = open_page(company.admin, "/settings/workspace/", language=language, viewport=viewport)
    page = window.page
    steps.sound(window, "workspace, empty")

    send(window, packed(folder))
    expect(page.locator("#run")).to_contain_text(say(window, "It begins in a moment."))
    steps.sound(window, "import under way")
    runs.run_due()
    bad = page.locator("#run tbody tr").first  # the page asks by itself
    for words in ("customers.csv", "tier", "7A", say(window, "This word is not known here."), "5A, 4A, 3A, 2A, 1A"):
        expect(bad).to_contain_text(words)
    accepted = bad.locator("td").last.bounding_box()
    assert accepted["x"] + accepted["width"] <= viewport["width"], "what is accepted is read without scrolling"
    counts = page.locator("#run tr", has_text="customers.csv").last.locator("td")
    expect(counts).to_have_text([str(len((folder / "customers.csv").read_text().splitlines()) - 1), "1"])
    steps.sound(window, "import refused")
    with page.expect_download() as fetched:
        page.locator("a[href$='/bad-rows/']").click()
    assert "7A" in fetched.value.path().read_text()
    assert not Opportunity.objects.exists()

    customers = folder / "customers.csv"
    customers.write_text(customers.read_text().replace(",7A,", ",2A,"))
    send(window, packed(folder))
    runs.run_due()
    confirm = page.locator("form[action$='/confirm/'] [type=submit]")
    expect(confirm).to_be_visible()
    expect(page.locator("#run")).to_contain_text("opportunities.csv")
    steps.sound(window, "import checked")
    confirm.click()
    expect(page.locator("#run")).to_contain_text(say(window, "It begins in a moment."))
    runs.run_due()
    expect(page.locator("#run")).to_contain_text(say(window, "Everything was written."))
    steps.sound(window, "import finished")

    page.goto("/settings/workspace/")
    expect(page.locator("main tbody").first.locator("tr")).to_have_count(2)
    steps.sound(window, "workspace with imports")
    page.goto("/dashboard/")
    opened = Opportunity.objects.open()
    assert opened.count() > 10
    expect(page.locator(".asc-kpis").first).to_contain_text(steps.money(window, sum(row.amount or 0 for row in opened)))


@steps.IN_TWO_CORNERS
def test_a_zip_that_is_too_large_is_told_before_it_is_sent(company, open_page, tmp_path, settings, language, viewport):
    settings.IMPORT_ZIP_MEGABYTES = 1
    window = open_page(company.admin, "/settings/workspace/", language=language, viewport=viewport)
    (tmp_path / "company.zip").write_bytes(b"x" * (1024 * 1024 + 1))
    window.page.locator("#zip-file").set_input_files(str(tmp_path / "company.zip"))
    told = say(window, "The zip file is larger than %(limit)s MB.", limit=1)
    expect(window.page.locator(f"{UPLOAD} .invalid-feedback")).to_have_text(told)
    steps.sound(window, "workspace, a zip too large")
    assert window.page.locator("#zip-file").input_value() == ""


@steps.IN_TWO_CORNERS
def test_who_is_twice_in_a_file_is_read_without_scrolling(company, open_page, tmp_path, language, viewport):
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / "customers.csv").write_text("key,name\none,海宁重工机械有限公司\ntwo,海宁重工机械股份有限公司\n")
    window = open_page(company.admin, "/settings/workspace/", language=language, viewport=viewport)
    send(window, packed(folder))
    runs.run_due()
    row = window.page.locator("#run tbody tr", has_text="海宁重工机械股份有限公司")
    expect(row.locator("td").nth(1)).to_have_text("two")
    expect(row.locator("td").nth(3)).to_have_text("one")
    expect(row.locator("td").last).to_have_text(say(window, "same name"))
    why = row.locator("td").last.bounding_box()
    assert why["x"] + why["width"] <= viewport["width"]
    assert row.locator("td").nth(2).bounding_box()["height"] < 60, "the name stands in a line"
    steps.sound(window, "import with duplicates")


@steps.IN_TWO_CORNERS
def test_a_workspace_is_exported_and_fetched(company, open_page, language, viewport):
    window = open_page(company.admin, "/settings/workspace/", language=language, viewport=viewport)
    page = window.page
    steps.button(window, "Export", page.locator("#exports")).click()
    expect(page.locator("#exports tbody tr")).to_have_count(1)
    runs.run_due()
    fetch = page.locator("#exports a[download]")
    expect(fetch).to_be_visible()  # the page asks by itself
    steps.sound(window, "workspace with an export")
    with page.expect_download() as fetched:
        fetch.click()
    assert zipfile.ZipFile(fetched.value.path()).testzip() is None
    assert "users.csv" in zipfile.ZipFile(fetched.value.path()).namelist()
    assert ExportRun.objects.get().requested_by == company.admin


def test_while_an_import_writes_what_was_typed_stays(company, open_page, language):
    window = open_page(company.rep, "/opportunities/", language=language, expected=["status of 503"])
    page, form = window.page, steps.dialog(window)
    page.locator("[data-new]").click()
    form.locator("[name=title]").fill("Airport line")
    page.route(
        "**/opportunities/new/", lambda route: route.fulfill(status=503, headers={"Retry-After": "10"}, body="x")
    )
    steps.send(window)
    expect(steps.toast(window)).to_contain_text(
        say(window, "An import is running. Nothing was saved; please try again in a moment.")
    )
    expect(form.locator("[name=title]")).to_have_value("Airport line")


def test_an_import_goes_without_script(company, chromium, open_page, live_server, folder):
    """The folder form, every step by forms and reloading."""
    page = open_page(company.admin).page.context.browser.new_context(
        base_url=live_server.url, java_script_enabled=False,
        storage_state=open_page(company.admin, "/settings/workspace/").page.context.storage_state(),
    ).new_page()  # fmt: skip
    page.goto("/settings/workspace/")
    form = page.locator("form[action$='/upload/folder/']")
    form.locator("#csv-files").set_input_files([str(path) for path in sorted(folder.glob("*.csv"))])
    form.locator("[type=submit]").click()
    runs.run_due()
    page.reload()
    expect(page.locator("#run")).to_contain_text("7A")
    page.context.close()
    assert ImportRun.objects.get().state == "refused"
