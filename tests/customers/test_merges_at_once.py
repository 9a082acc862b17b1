"""Two merges of the same customers at the same time: one is made, the other is told, nothing is half done."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import AuditEntry
from config.web.revisions import StaleWrite
from customers.actions import edit_customer, merge_customers, undo_merge
from customers.actions.merge import relations
from customers.models import Customer, Merge
from tests import factories

AT_ONCE = [  # (survivor, other) of the two, and how many of them are made
    (("a", "b"), ("a", "b"), 1),
    (("a", "b"), ("b", "a"), 1),
    (("a", "b"), ("c", "b"), 1),
    (("a", "b"), ("c", "d"), 2),
    (("c", "b"), ("a", "d"), 2),
]


def merge_at_once(barrier, survivor, other, actor):
    """Whether it was made; anything but a stale write is raised."""
    try:
        barrier.wait(timeout=30)
        return bool(merge_customers(survivor=survivor, other=other, actor=actor))
    except StaleWrite:
        return False
    finally:
        connection.close()


def left_behind():
    """Rows that hang on a customer that was merged away."""
    gone = Customer.objects.filter(merged_into__isnull=False).values("pk")
    found = {each.name: each.model._base_manager.filter(**{f"{each.field}__in": gone}).count() for each in relations()}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(("first", "second", "made"), AT_ONCE)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_at_once(first, second, made):
    company = factories.company()
    rows = {name: factories.customer(company.rep, f"Customer {name}") for name in "abcd"}
    for child, parent in (("c", "b"), ("a", "d")):  # each merge moves a row that the other holds
        Customer.objects.filter(pk=rows[child].pk).update(parent=rows[parent])
    for row in rows.values():
        factories.contact(company.rep, row)
    for _round in range(4):
        barrier = Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            fresh = {name: Customer.objects.get(pk=row.pk) for name, row in rows.items()}
            acts = [
                pool.submit(merge_at_once, barrier, fresh[survivor], fresh[other], company.admin)
                for survivor, other in (first, second)
            ]
            assert sum(act.result() for act in acts) == made
        merges = list(Merge.objects.filter(undone_at=None))
        assert (len(merges), left_behind()) == (made, {})
        assert Customer.objects.in_use().count() == 4 - made
        for merge in merges:
            undo_merge(merge=merge, actor=company.admin)
    assert AuditEntry.objects.filter(action="merge", changes__has_key="merged").count() == 4 * made


@pytest.mark.django_db
def test_the_second_is_a_conflict_on_the_page(company, signed_in, monkeypatch):
    one, two = factories.outrun_merge(company, monkeypatch)
    client = signed_in(company.manager)
    answer = client.post(f"/customers/{one.pk}/merge/", {"other": two.key, "sure": "true"})
    assert (answer.status_code, "Somebody has just merged" in answer.content.decode()) == (409, True)
    assert 'name="sure" value="true"' not in answer.content.decode()
    assert not Merge.objects.filter(survivor=one).exists()
    typed = {"other": two.key, "sure": "true", "version": one.version, "other_version": two.version}
    late = client.post(f"/customers/{one.pk}/merge/", typed)
    assert (late.status_code, "Somebody has just merged" in late.content.decode()) == (409, True)


@pytest.mark.django_db
def test_what_was_changed_since_it_was_compared_is_compared_anew(company, signed_in):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Two", industry="Steel")
    client, url = signed_in(company.manager), f"/customers/{one.pk}/merge/"
    typed = {"other": two.key, "sure": "true", "version": one.version, "other_version": two.version}
    edit_customer(customer=two, changes={"industry": "Glass"}, seen=None, actor=company.rep)
    answer = client.post(url, typed)
    html = answer.content.decode()
    assert (answer.status_code, "look again" in html, "Glass" in html) == (409, True, True)
    assert not Merge.objects.exists()
    two.refresh_from_db()
    assert f'name="other_version" value="{two.version}"' in html
    assert client.post(url, {**typed, "other_version": two.version}).status_code == 302


@pytest.mark.django_db
def test_merged_long_ago_is_no_conflict_but_a_mistake(company):
    one, two = factories.customer(company.rep), factories.customer(company.rep)
    merge_customers(survivor=one, other=two, actor=company.manager)
    two.refresh_from_db()
    with pytest.raises(ValidationError, match="archived"):
        merge_customers(survivor=one, other=two, actor=company.manager)
