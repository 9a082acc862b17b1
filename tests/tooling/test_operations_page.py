"""docs/operations.md speaks of commands, metrics, settings and tasks that exist."""

import re

import yaml
from django.conf import settings
from django.core.management import get_commands

from accounts.metrics import collect as of_accounts
from config.web.metrics import DURATION, REQUESTS
from pipeline.metrics import collect as of_pipeline
from tests.tooling.test_deployment import ROOT, documented

PAGE = (ROOT / "docs/operations.md").read_text()


def test_every_command_is_there():
    named = set(re.findall(r"manage\.py ([a-z_]+)", PAGE))
    assert {"backup", "restore", "migrate", "nightly"} <= named <= set(get_commands())


def test_every_setting_is_in_the_table():
    named = set(re.findall(r"`([A-Z][A-Z_]+)(?:=\w+)?`", PAGE)) | set(re.findall(r"([A-Z_]+)=\S+ manage\.py", PAGE))
    assert named <= documented()


def test_every_metric_is_told_and_every_one_told_is_explained(db, monkeypatch):
    """Except the age of a night where there has been none."""
    told = {family.name for collect in (of_accounts, of_pipeline) for family in collect()}
    told |= {family.name for metric in (REQUESTS, DURATION) for family in metric.collect()}
    told |= {"ascent_nightly_age_seconds", "ascent_collector_up"}
    named = {re.sub(r"_(total|bucket)$", "", name) for name in re.findall(r"\bascent_[a-z_]+", PAGE)} - {"ascent_trial"}
    assert named == told


def test_the_alert_rules_are_yaml():
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    [rules] = [group["rules"] for block in blocks for group in block.get("groups", [])]
    assert all(rule["alert"] and rule["expr"] and rule["for"] for rule in rules)


def test_the_days_are_the_defaults():
    kept = {
        "KEEP_RUNS_DAYS": "180 days", "KEEP_NOTIFICATIONS_DAYS": "at most 365", "KEEP_MESSAGES_DAYS": "30 days",
        "KEEP_READ_NOTIFICATIONS_DAYS": "90 days after", "KEEP_INVITATIONS_DAYS": "| 90 days |",
    }  # fmt: skip
    for name, words in kept.items():
        assert re.search(r"\d+", words)[0] == str(getattr(settings, name))
        assert words in PAGE
