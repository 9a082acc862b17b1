"""The examples of docs/api.md do what they say: executed against a live server, in the order of the document."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

from accounts.tokens import create_token, find_token
from customers.actions import create_profile
from customers.models import Customer
from opportunities.models import Opportunity, Stage
from tests import factories

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
shipped = import_module("opportunities.migrations.0002_shipped_stages")


def blocks():
    return BLOCK.findall(DOCUMENT.read_text())


@pytest.fixture
def run(django_db_serialized_rollback, transactional_db, live_server):
    """`run(kind, code)`: what a block prints; it fails when the block does."""
    if not Stage.objects.exists():
        shipped.ship_stages(apps, None)
    company = factories.company()
    for number in range(1, 4):
        factories.opportunity(company.rep, f"Crane {number}", amount=Decimal(60_000 * number), expected_close_date=None)
    factories.opportunity(company.stranger, "WESTERN Deal")
    ports = {"kind": "industry", "value": "Ports, Building", "weight": 80}
    known = {"kind": "decision_maker", "weight": 20}
    create_profile(actor=company.manager, name="Crane yards", criteria=[ports, known])
    _token, secret = create_token(user=company.rep, name="documented", scope="write")
    env = {
        "PATH": os.environ["PATH"],
        "ASCENT_URL": f"{live_server.url}/api/v1",
        "ASCENT_TOKEN": secret,
        "ASCENT_USER": "rep",
        "ASCENT_PASSWORD": factories.PASSWORD,
    }

    def execute(kind, code):
        command = ["bash", "-euo", "pipefail", "-c", code] if kind == "sh" else [sys.executable, "-c", code]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        assert "WESTERN" not in done.stdout
        return done.stdout

    return execute


def test_curl_is_there():
    assert shutil.which("curl"), "The examples of docs/api.md need curl: apt-get install curl."


@pytest.mark.anywhere
@pytest.mark.slow
def test_the_examples_do_what_they_say(run):
    found = blocks()
    assert [kind for kind, _code in found] == ["sh", "python"] * 9
    said = [run(kind, code) for kind, code in found]
    sign_in, sign_in_py, listed, listed_py, made, made_py, moved, moved_py, funnel, funnel_py, matched, bulk = said[:12]
    facts, facts_py, plan, plan_py, target, target_py = said[12:]
    assert find_token(sign_in_py.strip()).scope == "read"
    assert '"token":"asc_' in sign_in
    assert '"count":3' in listed and "page=2" in listed
    assert [line.split()[0] for line in listed_py.splitlines()] == ["180000.00", "120000.00", "60000.00"]
    assert len(set(made.splitlines())) == 1
    assert Customer.objects.filter(name__in=("Northern Cranes", "Southern Cranes")).count() == 2
    assert Opportunity.objects.filter(title__endswith="tower cranes").count() == 2
    assert made_py.split()[1] == "discover"
    assert [line.split()[-1] for line in moved.splitlines()] == ["200", "409"]
    assert "400: {'reason':" in moved_py and "409: somebody changed" in moved_py
    assert moved_py.splitlines()[-1] == "lost lost"
    assert '"stages"' in funnel and funnel_py.splitlines()[-1].startswith("open ")
    assert [line.split()[-1] for line in matched.splitlines()] == ["200", "409"]
    assert {line.split()[1] for line in bulk.splitlines()} == {"200"}
    mine = Opportunity.objects.open().filter(owner__username="rep")
    assert set(mine.values_list("expected_close_date", flat=True)) == {date(2027, 3, 31)}
    assert '"amount":"250000.00"' in facts and '"score":9' in facts
    assert facts_py.splitlines() == ["due: ['Service']", "renewed: True", "due: []"]
    assert '"strategy":"Zero stock"' in plan and '"their_state":"open"' in plan
    assert plan_py.splitlines() == ["Visit the plant · done · done", "Read the drawings · open · open"]
    assert '"next_step":"Ask for a visit"' in target and '"state":"open"' in target
    assert target_py.splitlines() == ["Ask for a visit · won_over"]
