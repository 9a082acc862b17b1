"""Suppliers, units, and from whom each unit has which product: the writes, and in the browser."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.models import AuditEntry
from config.web.revisions import StaleWrite
from customers.actions import (
    archive_supplier,
    archive_unit,
    create_supplier,
    create_unit,
    edit_supplier,
    edit_unit,
    restore_unit,
    set_coverage,
)
from customers.models import Coverage, Supplier, Unit
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", annual_spend=Decimal(1000))


@pytest.fixture
def unit(company, customer):
    return create_unit(actor=company.rep, customer=customer, name="North")


@pytest.fixture
def lift(company):
    return factories.product(company.admin, "Lift")


def test_a_supplier_stands_once_at_a_customer(company, customer):
    def add(name="Rival", of=customer):
        return create_supplier(actor=company.rep, customer=of, name=name, annual_amount=Decimal(5))

    first, other = add(), add("Other")
    add(of=factories.customer(company.rep))
    for write in (add, lambda: edit_supplier(supplier=other, changes={"name": "Rival"}, seen=1, actor=company.rep)):
        with pytest.raises(ValidationError) as caught:
            write()
        assert set(caught.value.message_dict) == {"name"}
    archive_supplier(supplier=first, seen=1, actor=company.rep)
    add()
    with pytest.raises(ValidationError):
        add()


def test_a_unit_comes_back_unless_its_name_is_taken(company, customer, unit):
    archive_unit(unit=unit, seen=1, actor=company.rep)
    second = create_unit(actor=company.rep, customer=customer, name="North")
    with pytest.raises(ValidationError) as caught:
        restore_unit(unit=unit, seen=None, actor=company.rep)
    assert set(caught.value.message_dict) == {"name"}
    edit_unit(unit=second, changes={"name": "South"}, seen=1, actor=company.rep)
    assert restore_unit(unit=unit, seen=None, actor=company.rep).archived_at is None


def test_who_only_reads_the_customer_sets_nothing(company, customer, unit, lift):
    for who, error in ((company.executive, PermissionDenied), (company.stranger, Http404)):
        with pytest.raises(error):
            create_unit(actor=who, customer=customer, name="x")
        with pytest.raises(error):
            create_supplier(actor=who, customer=customer, name="x", annual_amount=1)
        with pytest.raises(error):
            set_coverage(unit=unit, product=lift, state="ours", actor=who)
    create_unit(actor=company.admin, customer=customer, name="Brought in")
    with pytest.raises(PermissionDenied):
        set_coverage(unit=unit, product=lift, state="ours", actor=company.admin)


def test_a_field_is_set_changed_and_cleared(company, unit, lift):
    def put(state, **more):
        return set_coverage(unit=unit, product=lift, state=state, actor=company.rep, **more)

    row = put("others", supplier=" Rival ")
    assert (row.state, row.supplier) == ("others", "Rival")
    row = put("ours", supplier="Rival", seen=row.version)
    assert (row.state, row.supplier, row.version) == ("ours", "", 2)
    with pytest.raises(StaleWrite):
        put("pursued", seen=1)
    with pytest.raises(StaleWrite):
        put(None, seen=1)
    with pytest.raises(ValidationError):
        put("pursued", seen=0)  # it was blank for its editor
    assert put(None, seen=2) is None
    assert not Coverage.objects.exists()
    assert put(None) is None
    with pytest.raises(ValidationError):
        put("ours", seen=2)  # it was not blank for its editor
    with pytest.raises(ValidationError):
        put("nobody")
    assert list(AuditEntry.objects.filter(model="coverage").order_by("id").values_list("action", flat=True)) == [
        "create", "edit", "delete",
    ]  # fmt: skip
    archive_unit(unit=unit, seen=1, actor=company.rep)
    unit.refresh_from_db()
    with pytest.raises(ValidationError):
        put("ours")


def test_in_the_browser(company, customer, lift, signed_in):
    client, home = signed_in(company.rep), f"/customers/{customer.pk}/"
    said = {"name": "Rival", "annual_amount": "500"}
    assert client.post(f"{home}suppliers/new/", said, headers={"HX-Request": "true"})["HX-Redirect"] == home
    refused = client.post(f"{home}suppliers/new/", said)
    assert refused.status_code == 422
    assert "The customer has this already." in refused.content.decode()
    client.post(f"{home}units/new/", {"name": "North"})
    unit, supplier = Unit.objects.get(), Supplier.objects.get()
    field = f"/units/{unit.pk}/products/{lift.pk}/"
    assert client.post(field, {"state": "others", "supplier": "Rival", "version": 0}).status_code == 302
    assert client.post(field, {"state": "ours", "supplier": "", "version": 0}).status_code == 422
    assert client.post(field, {"state": "x", "version": 1}).status_code == 422
    client.post(field, {"state": "ours", "supplier": "Rival", "version": 1})
    late = client.post(field, {"state": "pursued", "supplier": "", "version": 1})
    assert late.status_code == 409
    client.post(field, {"state": "pursued", "supplier": "", "version": 1, "current_version": 2, "keep": "theirs"})
    assert Coverage.objects.get().state == "ours"
    client.post(field, {"state": "pursued", "supplier": "", "version": 1, "current_version": 2, "keep": "mine"})
    row = Coverage.objects.get()
    assert row.state == "pursued"
    client.post(field, {"state": "", "supplier": "", "version": row.version})
    assert not Coverage.objects.exists()
    assert f"/suppliers/{supplier.pk}/edit/" in client.get(f"{home}share/").content.decode()
    assert field in client.get(f"{home}white-space/").content.decode()
    client.post(f"/suppliers/{supplier.pk}/archive/", {"version": 1})
    assert client.get(f"/suppliers/{supplier.pk}/edit/").status_code == 404
    reader = signed_in(company.executive).get(f"{home}white-space/").content.decode()
    assert field not in reader


def test_what_was_removed_is_put_back_on_the_page(company, customer, unit, lift, signed_in):
    set_coverage(unit=unit, product=lift, state="ours", actor=company.rep)
    rival = create_supplier(actor=company.rep, customer=customer, name="Rival", annual_amount=Decimal(500))
    home = f"/customers/{customer.pk}/"
    for row, word, panel in ((rival, "suppliers", f"{home}share/"), (unit, "units", f"{home}white-space/")):
        client, archive, restore = signed_in(company.rep), f"/{word}/{row.pk}/archive/", f"/{word}/{row.pk}/restore/"
        assert "Removed" not in client.get(panel).content.decode()
        assert "it can be put back" in client.get(archive).content.decode()
        client.post(archive, {"version": 1})
        shown = client.get(panel).content.decode()
        assert restore in shown and f"Removed {word}" in shown and f"/{word}/{row.pk}/edit/" not in shown
        assert restore not in signed_in(company.executive).get(panel).content.decode()
        assert signed_in(company.executive).get(restore).status_code == 403
        assert signed_in(company.stranger).get(restore).status_code == 404
        client = signed_in(company.rep)
        assert f"Put “{row}” back?" in client.get(restore).content.decode()
        assert client.post(restore, {"version": 1}).status_code == 409
        assert client.post(restore, {"version": 2}).headers["Location"] == home
        assert f"/{word}/{row.pk}/edit/" in client.get(panel).content.decode()
    assert [cell.state for row in client.get(panel).context["space"].rows for cell in row.cells] == ["ours"]


def test_a_removed_one_whose_name_is_taken_stays_out(company, customer, unit, signed_in):
    archive_unit(unit=unit, seen=1, actor=company.rep)
    create_unit(actor=company.rep, customer=customer, name="North")
    refused = signed_in(company.rep).post(f"/units/{unit.pk}/restore/", {"version": 2})
    assert refused.status_code == 422
    assert "The customer has this already." in refused.content.decode()
