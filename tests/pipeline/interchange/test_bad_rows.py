"""Whatever is wrong with a workspace is listed with its line, and nothing is written."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Organisation, User
from customers.models import Customer
from opportunities.actions import edit_person
from opportunities.models import Opportunity, Stage
from pipeline.interchange import SourceError, cells, import_workspace
from pipeline.interchange.report import Bad
from tests.pipeline.interchange.workspaces import BASE, load, write

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]

CUSTOMERS = "key,name,owner,parent,annual_spend,tier,created_on\n"
OPPORTUNITY = "key,customer,title,created_at\n"
EVENTS = BASE["opportunity_events.csv"]
STAGES = BASE["stages.csv"]
PRICING = '{"pricing": {"fact": "%s"}}'
USERS = BASE["users.csv"]
LONG = "x" * 10_000

# file, its content, then the places (line, column) of the bad rows
CELLS = [
    ("customers.csv", CUSTOMERS + ",Acme,,,,,\n", [(2, "key")]),
    ("customers.csv", CUSTOMERS + "acme,,,,,,\n", [(2, "name")]),
    ("customers.csv", CUSTOMERS + "acme, \t,,,,,\n", [(2, "name")]),
    ("customers.csv", CUSTOMERS + f"acme,{LONG},,,,,\n", [(2, "name")]),
    ("customers.csv", CUSTOMERS + f"acme,Acme,,,,,\n{'k' * 65},Long,,,,,\n", [(3, "key")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,nobody,,,,\n", [(2, "owner")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,-1,,\n", [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,100000000000000000000,,\n", [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,1.005,,\n", [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + 'acme,Acme,,,"1,000",,\n', [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,1e3,,\n", [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,NaN,,\n", [(2, "annual_spend")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,,6A,\n", [(2, "tier")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,,,2026-02-30\n", [(2, "created_on")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,,,02/03/2026\n", [(2, "created_on")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,acme,,,\n", [(2, "parent")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,b,,,\nb,B,,acme,,,\n", [(2, "parent"), (3, "parent")]),
    ("customers.csv", CUSTOMERS + "acme,Acme,,,,,\nb,B,,,,,\nb,C,,,,,\n", [(4, "key")]),
    ("customers.csv", CUSTOMERS + "acme,A\x00cme,,,,,\n", [(2, "name")]),
    ("contacts.csv", "key,customer,name,influence\nc,acme,Cy,6\n", [(2, "influence")]),
    ("contacts.csv", "key,customer,name,email\nc,acme,Cy,nonsense\n", [(2, "email")]),
    ("contacts.csv", "key,customer,name\nc,nobody,Cy\n", [(2, "customer")]),
    ("products.csv", "key,name,active\npump,Pump,yes\n", [(2, "active")]),
    ("orders.csv", "key,customer,amount,booked_on\nr,acme,,2026-01-01\n", [(2, "amount")]),
    ("teams.csv", "key,name,parent\neast,East,west\nwest,West,east\n", [(2, "parent"), (3, "parent")]),
    ("organisation.csv", "name,industry,currency,timezone\nW,services,XXQ,Asia/Shanghai\n", [(2, "currency")]),
    ("organisation.csv", "name,industry,currency,timezone\nW,services,CNY,Mars/Olympus\n", [(2, "timezone")]),
    ("organisation.csv", "name,industry,currency,timezone\nW,farming,CNY,UTC\n", [(2, "industry")]),
    ("organisation.csv", "name,industry,currency,timezone\nW,services,CNY,UTC\nV,services,CNY,UTC\n", [(3, "")]),
    ("organisation.csv", "name,industry,currency,timezone\n", [(1, "")]),
    ("organisation.csv", None, [(0, "")]),
    ("stages.csv", None, [(0, "")]),
    ("users.csv", None, [(0, "")]),
    ("users.csv", USERS + "b c,Name,,rep,,,\n", [(5, "key")]),
    ("users.csv", USERS + "cat,Cat,ANN@example.com,rep,,,\n", [(5, "email")]),
    ("users.csv", USERS + "cat,Cat,,king,,,\n", [(5, "role")]),
    ("users.csv", USERS + "cat,Cat,,rep,,2026-02-01,2026-01-01\n", [(5, "active_until")]),
    ("users.csv", USERS + "cat,Cat,,rep,south,,\n", [(5, "team")]),
    ("stages.csv", STAGES.replace(",0.1,", ",1.1,"), [(2, "win_rate")]),
    ("stages.csv", STAGES.replace(",0.1,", ",0.00001,"), [(2, "win_rate")]),
    ("stages.csv", STAGES.replace("3,1,won", "3,0.9,won"), [(4, "win_rate")]),
    ("stages.csv", STAGES.replace("Offer,2", "Offer,1"), [(3, "position")]),
    ("stages.csv", STAGES.replace("open,3,30", "open,7,30"), [(3, "floor")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,\u3000,2026-01-05T09:00:00\n", [(2, "title")]),
    ("opportunities.csv", OPPORTUNITY + f"o1,acme,{LONG},2026-01-05T09:00:00\n", [(2, "title")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,One,9999-12-31T00:00:00Z\n", [(2, "created_at")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,One,0001-01-01T00:00:00+14:00\n", [(2, "created_at")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,One,2026-01-05\n", [(2, "created_at")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,One,2026-01-05T25:00:00\n", [(2, "created_at")]),
    ("opportunities.csv", OPPORTUNITY + "o1,acme,One,2026-01-04T09:00:00\n", [(2, "key"), (2, "key")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,colour,red,\n", [(6, "field")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,stage,,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,stage,validate,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,owner,,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,owner,nobody,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,product,none,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,amount,-5,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,,expected_close,soon,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + f"o1,2026-01-06T09:00:00,,next_step,{LONG},\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-05T01:00:00Z,,amount,1001,\n", [(6, "value")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-04T09:00:00,,amount,1001,\n", [(6, "at")]),
    ("opportunity_events.csv", EVENTS + "o9,2026-01-06T09:00:00,,amount,1,\n", [(6, "opportunity")]),
    ("opportunity_events.csv", EVENTS + "o1,2026-01-06T09:00:00,nobody,amount,1,\n", [(6, "actor")]),
    ("opportunity_events.csv", EVENTS + "o1,9999-12-31T00:00:00Z,,amount,1,\n", [(6, "at")]),
    ("user_teams.csv", "user,at,team\nann,2026-02-01T00:00:00,south\n", [(2, "team")]),
    ("user_teams.csv", "user,at,team\nann,2026-02-01T00:00:00,west\nann,2026-02-01T00:00:00,head\n", [(3, "user")]),
    ("stage_settings.csv", "stage,at,win_rate\nwon,2026-02-01T00:00:00,0.5\n", [(2, "win_rate")]),
    ("stage_settings.csv", "stage,at,win_rate\nvalidate,2026-02-01T00:00:00,0.5\n", [(2, "stage")]),
]

RECORDS = "opportunity,factor,level,recorded_at,evidence,grade,contact,manager_confirmed_at,link\n"
RECORD = "o1,demand,1,2026-01-06T09:00:00,Said so,E1,,,\n"
DONE = "key,kind,customer,opportunity,owner,done_at,kind_key\n"
PEOPLE = "key,opportunity,contact,influence,veto_state\n"
LOWERED = "opportunity,factor,level,recorded_at,at,grade,reason\n"
WAIVED = "opportunity,asked_at,asked_by,source,stage,reason,state\n"
ASKED = "o1,2026-01-06T09:00:00,ann,lead,offer,x,asked\n"
DECIDED = "key,opportunity,decision,reason,decided_at\n"

CELLS_OF_EVIDENCE = [
    ("checkpoints.csv", RECORDS + RECORD.replace("demand", "charm"), [(2, "factor")]),
    ("checkpoints.csv", RECORDS + RECORD.replace(",1,", ",7,"), [(2, "level")]),
    ("checkpoints.csv", RECORDS + RECORD.replace(",1,", ",0,"), [(2, "level")]),
    ("checkpoints.csv", RECORDS + RECORD.replace("E1", "E4"), [(2, "grade")]),
    ("checkpoints.csv", RECORDS + RECORD.replace("Said so", ""), [(2, "evidence")]),
    ("checkpoints.csv", RECORDS + RECORD.replace("Said so", LONG), [(2, "evidence")]),
    ("checkpoints.csv", RECORDS + RECORD.replace("o1", "o9"), [(2, "opportunity")]),
    ("checkpoints.csv", RECORDS + RECORD.replace("2026-01-06T09:00:00", ""), [(2, "recorded_at")]),
    ("checkpoints.csv", RECORDS + RECORD.replace(",,,", ",nobody,,"), [(2, "contact")]),
    ("checkpoints.csv", RECORDS + RECORD.replace(",,,", ",,soon,"), [(2, "manager_confirmed_at")]),
    ("checkpoints.csv", RECORDS + RECORD.replace(",,,", ",,,javascript:alert(1)"), [(2, "link")]),
    ("checkpoints.csv", RECORDS + RECORD + RECORD.replace("E1", "E2"), [(3, "opportunity")]),
    ("grade_changes.csv", LOWERED + "o1,demand,1,2026-01-06T09:00:00,2026-01-07T09:00:00,E0,x\n", [(2, "opportunity")]),
    ("activities.csv", DONE + "a,party,acme,,ann,,\n", [(2, "kind")]),
    ("activities.csv", DONE + "a,visit,acme,o9,ann,,\n", [(2, "opportunity")]),
    ("activities.csv", DONE + "a,visit,acme,,,,\n", [(2, "owner")]),
    ("activities.csv", DONE + "a,visit,acme,,ann,,call\n", [(2, "kind_key")]),
    ("activities.csv", DONE + "a,visit,acme,,ann,,picnic\n", [(2, "kind_key")]),
    ("activity_contacts.csv", "activity,contact\na,c1\n", [(2, "activity")]),
    ("stakeholders.csv", PEOPLE + "s,o1,c1,9,\n", [(2, "influence")]),
    ("stakeholders.csv", PEOPLE + "s,o1,c1,,angry\n", [(2, "veto_state")]),
    ("stakeholders.csv", PEOPLE + "s,o1,c1,,\nt,o1,c1,,\n", [(3, "contact")]),
    ("decisions.csv", DECIDED + "d,o1,maybe,x,2026-01-06T09:00:00\n", [(2, "decision")]),
    ("strategy.csv", 'opportunity,success_factors\no1,"{""luck"": {}}"\n', [(2, "success_factors")]),
    ("strategy.csv", "opportunity,success_factors\no1,[1]\n", [(2, "success_factors")]),
    ("strategy.csv", "opportunity,sales_theme\no1,a\no1,b\n", [(3, "opportunity")]),
    ("joint_plan.csv", "key,opportunity,side,title\nj,o1,nobody,x\n", [(2, "side")]),
    ("waivers.csv", WAIVED + ASKED + ASKED.replace("-06T", "-07T"), [(3, "state")]),
    ("rungs.csv", "factor,level,checkpoint_zh,checkpoint_en\ndemand,7,x,y\n", [(2, "level")]),
    ("factors.csv", "key,position,name_zh,name_en\nluck,6,x,y\n", [(2, "key")]),
    ("method_settings.csv", "at,gate_mode,grade_needs\n,advise,E1:luck\n", [(2, "grade_needs")]),
    ("playbook.csv", "key,kind,title_en,body_en,rungs\np,checklist,T,B,power:7\n", [(2, "rungs")]),
]  # fmt: skip

MALFORMED = [
    ("customers.csv", b"", [(1, "")]),
    ("customers.csv", b"\xff\xfe\x00k", [(0, "")]),
    ("customers.csv", b"key,name\nacme\n", [(2, "")]),
    ("customers.csv", b"key,name\nacme,Acme,more\n", [(2, "")]),
    ("customers.csv", b'key,name\nacme,"Acme\nb,B\n', [(2, "")]),
    ("customers.csv", b'key,name\nacme,"Ac"me\nb,B\n', [(2, "")]),
    ("customers.csv", b"key,name\nacme," + b"x" * 200_000 + b"\n", [(2, "")]),
    ("customers.csv", b"key,name,name\nacme,A,B\n", [(1, "name")]),
    ("customers.csv", b"key\nacme\n", [(1, "name")]),
    ("customers.csv", b"name\nAcme\n", [(1, "key")]),
    ("customers.csv", b"key,name\nac\x00me,Acme\n", [(2, "key")]),
    ("customers.csv", b'key,name\nacme,"two\nlines"\nb\n', [(4, "")]),
    ("customers.csv", "键,名\nacme,Acme\n".encode(), [(1, "key"), (1, "name")]),
]

SOON = timezone.localdate() + timedelta(days=2)
FUTURE = [
    (
        "opportunities.csv",
        OPPORTUNITY.strip() + f",signed_on\no1,acme,One,2026-01-05T09:00:00,{SOON}\n",
        [(2, "signed_on")],
    ),
    ("opportunity_events.csv", EVENTS + f"o1,{SOON}T09:00:00,,stage,won,\n", [(6, "at")]),
    ("user_teams.csv", f"user,at,team\nann,{SOON}T00:00:00,west\n", [(2, "at")]),
    ("stage_settings.csv", f"stage,at,floor\noffer,{SOON}T00:00:00,4\n", [(2, "at")]),
    ("customer_tiers.csv", f"customer,at,tier\nacme,{SOON}T00:00:00,5A\n", [(2, "at")]),
    ("activities.csv", DONE + f"a,visit,acme,,ann,{SOON}T09:00:00,\n", [(2, "done_at")]),
    ("activities.csv", DONE.replace("done_at", "planned_at") + f"a,visit,acme,,ann,{SOON}T09:00:00,\n", []),
    ("checkpoints.csv", RECORDS + RECORD.replace("2026-01-06", str(SOON)), [(2, "recorded_at")]),
    ("checkpoints.csv", RECORDS.strip() + f",said_on\n{RECORD.strip()},{SOON}\n", [(2, "said_on")]),
    ("joint_plan.csv", f"key,opportunity,side,title,done_on\nj,o1,ours,x,{SOON}\n", [(2, "done_on")]),
    ("orders.csv", f"key,customer,amount,booked_on\nr,acme,5,{SOON}\n", [(2, "booked_on")]),
    ("checkpoints.csv", RECORDS.strip() + f",withdrawn_at\n{RECORD.strip()},{SOON}T09:00:00\n", [(2, "withdrawn_at")]),
]


@pytest.mark.parametrize(("name", "content", "places"), FUTURE)
def test_what_has_happened_does_not_lie_in_the_future(tmp_path, name, content, places):
    report = import_workspace(write(tmp_path, {name: content}))
    assert [(bad.file, bad.line, bad.column) for bad in report.bad_rows] == [(name, *place) for place in places]
    assert all(str(SOON) in bad.value for bad in report.bad_rows)
    assert report.written is (not places)


@pytest.mark.parametrize(("name", "content", "places"), CELLS + CELLS_OF_EVIDENCE + MALFORMED)
def test_a_bad_row_is_listed_with_its_line_and_nothing_is_written(tmp_path, name, content, places):
    report = import_workspace(write(tmp_path, {name: content}))
    assert [(bad.file, bad.line, bad.column) for bad in report.bad_rows] == [(name, *place) for place in places]
    assert all(str(bad.wrong) for bad in report.bad_rows)
    assert not report.written
    assert not Organisation.objects.exists()
    assert not User.objects.exists()
    assert not Opportunity.objects.exists()
    assert Stage.objects.count() == 9


def test_every_bad_row_is_listed(tmp_path):
    report = import_workspace(write(tmp_path, {
        "customers.csv": CUSTOMERS + "acme,Acme,,,-1,9A,\nb,,,,,,\n",
        "orders.csv": "key,customer,amount,booked_on\nr,none,x,y\n",
        "opportunity_events.csv": EVENTS + "o1,2026-01-06T09:00:00,,stage,nowhere,\no1,never,,amount,1,\n",
    }))  # fmt: skip
    assert [(bad.file, bad.line, bad.column) for bad in report.bad_rows] == [
        ("customers.csv", 2, "annual_spend"), ("customers.csv", 2, "tier"), ("customers.csv", 3, "name"),
        ("opportunity_events.csv", 6, "value"), ("opportunity_events.csv", 7, "at"),
        ("orders.csv", 2, "amount"), ("orders.csv", 2, "booked_on"), ("orders.csv", 2, "customer"),
    ]  # fmt: skip


def test_the_report_says_what_is_accepted(tmp_path):
    [bad] = import_workspace(write(tmp_path, {"products.csv": "key,name,active\npump,Pump,yes\n"})).bad_rows
    assert (bad.value, str(bad.accepted)) == ("yes", "true, false")


def test_an_amount_with_separators_is_not_answered_with_an_example_that_has_them(tmp_path):
    orders = 'key,customer,amount,booked_on\nr,acme,"1,234.50",2026-01-01\ns,acme,1.234,2026-01-01\n'
    bad = import_workspace(write(tmp_path, {"orders.csv": orders})).bad_rows
    assert [str(row.wrong) for row in bad] == ["This is not an amount.", "An amount has at most 2 decimal places."]
    assert "1,234" not in str(bad[0].accepted)


def test_what_is_not_read_and_what_is_unknown_is_named(tmp_path):
    report = load(write(tmp_path, {
        "targets.csv": "key\n", "notes.csv": "x\n", "customers.csv": "key,name,shoe_size\nacme,Acme,44\n",
    }))  # fmt: skip
    assert report.not_read == ["notes.csv", "targets.csv"]
    assert report.unknown_columns == [("customers.csv", "shoe_size")]


def test_the_last_administrator_stays_one(tmp_path):
    load(write(tmp_path / "a"))
    for users in (USERS.replace(",admin,", ",rep,"), USERS.replace("admin,,,", "admin,,,2020-01-01")):
        [bad] = import_workspace(write(tmp_path / "b", {"users.csv": users})).bad_rows
        assert (bad.file, bad.line, bad.column) == ("users.csv", 2, "role")
    assert User.objects.get(username="boss").is_admin


def test_an_administrator_who_was_deactivated_is_none(tmp_path):
    load(write(tmp_path / "a"))
    other = User.objects.create_superuser("other")
    User.objects.filter(pk=other.pk).update(deactivated_at=timezone.now())
    users = write(tmp_path / "b", {"users.csv": USERS.replace(",admin,", ",rep,")})
    [bad] = import_workspace(users).bad_rows
    assert (bad.file, bad.column) == ("users.csv", "role")
    User.objects.filter(pk=other.pk).update(deactivated_at=None)
    assert load(users).written


def test_an_import_brings_nobody_back_who_was_deactivated(tmp_path):
    load(write(tmp_path))
    User.objects.exclude(username="boss").update(deactivated_at=timezone.now())
    load(write(tmp_path))
    assert [user.username for user in User.objects.all() if user.is_active] == ["boss"]


def test_a_dry_run_counts_and_writes_nothing(tmp_path):
    report = load(write(tmp_path), dry_run=True)
    assert (report.files["opportunity_events.csv"].created, report.files["opportunities.csv"].created) == (4, 1)
    assert not report.written
    assert not Customer.objects.exists()


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_with_its_files_in_a_folder(tmp_path):
    load(zipped(tmp_path / "w.zip", {f"works/{name}": text for name, text in BASE.items()}))
    assert Customer.objects.get().name == "Acme"


def link():
    info = zipfile.ZipInfo("customers.csv")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    "members",
    [
        {"../customers.csv": "key,name\n"},
        {"/etc/customers.csv": "key,name\n"},
        {"..\\customers.csv": "key,name\n"},
        {"a/customers.csv": "key,name\n", "b/customers.csv": "key,name\n"},
        {"a/customers.csv": "key,name\n", "b/users.csv": "key,name\n"},
        {link(): "/etc/passwd"},
        {f"{number}.csv": "x" for number in range(51)},
        {"customers.csv": b"0" * 3_000_000},
    ],
    ids=["outside", "absolute", "backslash", "twice", "two folders", "link", "many files", "bomb"],
)
def test_a_zip_that_is_not_to_be_trusted_is_refused(tmp_path, members):
    with pytest.raises(SourceError):
        import_workspace(zipped(tmp_path / "w.zip", members))


@pytest.mark.parametrize("method", [9, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 97])
def test_a_zip_that_is_packed_in_another_way_says_how_to_pack_it(tmp_path, method):
    """9 is what Windows takes for files above 2 GB; with LZMA the file says how much memory it takes to unpack it."""
    packed = bytearray(zipped(tmp_path / "w.zip", BASE).read_bytes())
    at = packed.index(b"PK\x01\x02") + 10
    packed[at : at + 2] = method.to_bytes(2, "little")
    (tmp_path / "w.zip").write_bytes(packed)
    with pytest.raises(SourceError, match="Deflate"):
        import_workspace(tmp_path / "w.zip")


def test_the_limits_of_a_zip_are_settings(tmp_path, settings):
    path = zipped(tmp_path / "w.zip", BASE)
    settings.IMPORT_ZIP_FILES = 3
    with pytest.raises(SourceError, match="3"):
        import_workspace(path)
    settings.IMPORT_ZIP_FILES, settings.IMPORT_ZIP_MEGABYTES = 50, 0
    with pytest.raises(SourceError, match="0 MB"):
        import_workspace(path)
    settings.IMPORT_ZIP_MEGABYTES, settings.IMPORT_UNPACKED_MEGABYTES = 500, 0
    with pytest.raises(SourceError, match="0 MB"):
        import_workspace(path)


def test_a_damaged_zip_is_refused(tmp_path):
    whole = zipped(tmp_path / "w.zip", {**BASE, "customers.csv": "key,name\n" + "acme,Acme\n" * 5000}).read_bytes()
    start = whole.index(b"customers.csv") + 60
    (tmp_path / "x.zip").write_bytes(whole[:start] + b"\xff" * 20 + whole[start + 20 :])
    with pytest.raises(SourceError):
        import_workspace(tmp_path / "x.zip")
    (tmp_path / "y.zip").write_bytes(b"PK not a zip")
    for path in (tmp_path / "y.zip", tmp_path / "nothing"):
        with pytest.raises(SourceError):
            import_workspace(path)


def test_a_link_in_the_folder_is_refused(tmp_path):
    source = write(tmp_path)
    (source / "nps.csv").symlink_to("/etc/passwd")
    with pytest.raises(SourceError, match="nps.csv"):
        import_workspace(source)


def test_the_command_prints_the_bad_rows_and_fails(tmp_path):
    out = io.StringIO()
    source = write(tmp_path, {"orders.csv": "key,customer,amount,booked_on\nr,acme,lots,2026-01-01\n"})
    with pytest.raises(CommandError):
        call_command("import_workspace", str(source), stdout=out, stderr=io.StringIO())
    assert "orders.csv:2 amount 'lots'" in out.getvalue()
    assert "orders.csv: rows 1, mistakes 1" in out.getvalue()


def test_the_command_prints_what_it_did(tmp_path):
    out = io.StringIO()
    call_command("import_workspace", str(write(tmp_path / "in")), stdout=out, stderr=io.StringIO(), verbosity=1)
    assert "opportunity_events.csv" in out.getvalue()
    call_command("export_workspace", str(tmp_path / "out"), stdout=out, stderr=io.StringIO())
    assert (tmp_path / "out" / "orders.csv").read_text().splitlines()[1].startswith("r1,acme,pump,ann,12.50,2026-03-01")


def test_an_import_that_keeps_edits_keeps_an_administrator(tmp_path):
    """The file makes one of two administrators a rep; the other was demoted in Ascent, and that edit is kept."""
    load(write(tmp_path / "a", {"users.csv": USERS + "second,Second,,admin,,,\n"}))
    boss, second = (User.objects.get(username=name) for name in ("boss", "second"))
    edit_person(person=second, changes={"role": "rep"}, seen=None, actor=boss)
    users = USERS.replace(",admin,", ",rep,") + "second,Second,,admin,,,\n"
    with pytest.raises(SourceError, match="last active administrator"):
        import_workspace(write(tmp_path / "b", {"users.csv": users}), keep_edits=True)
    assert User.objects.get(username="boss").is_admin


def test_login_names_that_differ_in_case_alone_are_refused(tmp_path):
    [bad] = import_workspace(write(tmp_path, {"users.csv": USERS + "BOSS,Boss,,rep,,,\n"})).bad_rows
    assert (bad.file, bad.column, bad.value) == ("users.csv", "key", "BOSS")


@pytest.mark.parametrize("text", [r"\u0000", r"a\ud800b", r"\udfff"])
def test_an_escape_of_json_brings_nothing_that_no_cell_holds(text):
    for parse, cell in ((cells.notes, f'{{"margin": "{text}"}}'), (cells.success_factors, PRICING % text)):
        with pytest.raises(Bad):
            parse(cell, None)
    assert json.loads(cells.notes(r'{"margin": "\ud83d\ude00"}', None)) == {"margin": "😀"}
