"""Several things in one line: as English and as Chinese write them."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.conflicts import in_words
from accounts.models import AuditEntry
from customers.actions import archive_customer
from customers.duplicates import Candidate
from customers.forms import NewCustomerForm
from customers.profile_words import wanted_of
from pipeline.runs import reports
from tests import factories

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize(("language", "between"), [("en", ", "), ("zh-hans", "、")])


@BOTH
def test_in_words(language, between):
    signs = ("phone", "domain")
    several = AuditEntry._meta.get_field("changes")
    with translation.override(language):
        assert in_words(several, ["a", "b"]) == f"a{between}b"
        assert in_words(several, {"goal": 3, "power": 5}) == f"goal 3{between}power 5"
        assert wanted_of("industry", "汽车,食品") == f"汽车{between}食品"
        assert Candidate(1, "a", "Acme", signs).why == reports.in_words([*signs])
        assert reports.in_words([*signs]).count(between) == 1


@BOTH
def test_what_stands_in_the_way_of_archiving(company, language, between):
    customer = factories.customer(company.rep)
    for title in ("One", "Two"):
        factories.opportunity(company.rep, title, customer=customer)
    with translation.override(language), pytest.raises(ValidationError) as refused:
        archive_customer(customer=customer, seen=None, actor=company.rep)
    assert refused.value.messages[0].endswith((f"One{between}Two", f"Two{between}One"))


@BOTH
def test_who_may_be_the_same_customer(company, language, between):
    for name in ("One", "Two"):
        factories.customer(company.rep, name, phone="13800138000")
    with translation.override(language):
        form = NewCustomerForm({"name": "Third", "phone": "13800138000"}, user=company.rep)
        [said] = form.errors["another"]
    assert said.count(f"</a>{between}<a ") == 1
