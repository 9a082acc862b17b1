"""Evidence through the browser's doors: adding it, the records of a factor, confirming, lowering, withdrawing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.selectors import today
from customers.models import Contact
from opportunities.actions import Evidence, add_checkpoints, add_collaborator, withdraw_checkpoint
from opportunities.models import Attachment, Checkpoint, MethodSetting, Opportunity
from opportunities.selectors.evidence import ascent_of, with_ascent
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, queries_of, text_of

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line", customer=factories.customer(company.rep, "Acme"))


@pytest.fixture
def contact(company, deal):
    return factories.contact(company.rep, deal.customer, "Li Wei")


def url(deal, what="add/"):
    return f"/opportunities/{deal.pk}/evidence/{what}"


def typed(contact=None, *levels, **fields):
    """What the form posts for these levels of a factor."""
    given = {"levels": levels or (1,), "grade": "E1", "day": "today", "contact": contact.key if contact else ""}
    texts = {f"evidence_{level}": f"They said so, {level}" for level in given["levels"]}
    return {**given, **texts, **fields}


def add(client, deal, factor="power", **data):
    return post(client, f"{url(deal)}?factor={factor}", data)


def record(deal, actor, level=1, grade="E1", factor="power", **fields):
    told = {"contact": deal.customer.contacts.first() or factories.contact(actor, deal.customer), "said_on": today()}
    told |= {"link": "https://example.com/minutes", "evidence": "Minutes", **fields}
    return add_checkpoints(
        opportunity=deal, records=[Evidence(factor=factor, level=level, grade=grade, **told)], actor=actor
    )[0]


def heights(deal):
    return deal.heights.current().get().heights


def test_a_younger_record_does_not_say_since_when_the_height_stands(company, deal):
    for level, days, said in ((1, 20, 100), (2, 30, 30), (1, 5, 6)):
        made = record(deal, company.rep, level, said_on=today() - timedelta(days=said))
        Checkpoint.objects.filter(pk=made.pk).update(verified_at=timezone.now() - timedelta(days=days))
    row = with_ascent(Opportunity.objects.filter(pk=deal.pk), today()).get()
    footing = next(each for each in ascent_of(row, today()).footings if each.ladder.factor == "power")
    assert (footing.verified, footing.verified_on) == (2, today() - timedelta(days=20))
    assert footing.proofs[2].verified_on == today() - timedelta(days=30)
    assert not footing.ageing  # the younger record keeps it fresh


@pytest.mark.parametrize(("below", "top", "ageing"), [(200, 0, False), (0, 91, True), (200, 90, False)])
def test_a_factor_ages_with_the_evidence_of_its_height(company, deal, signed_in, below, top, ageing):
    for level, days in ((1, below), (2, top)):
        record(deal, company.rep, level, said_on=today() - timedelta(days=days))
    record(deal, company.rep, 4, "E2", said_on=today() - timedelta(days=200))  # which proves no height
    page = text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))
    assert ("ageing" in page) == ageing


# --- Adding -----------------------------------------------------------------------------------


def test_one_record_lifts_the_height_and_says_what_comes_next(company, deal, contact, signed_in):
    answer = add(signed_in(company.rep), deal, **typed(contact))
    assert answer.status_code == 200
    assert "asc:changed" in events_of(answer)
    assert "0 → 1" in text_of(answer)
    assert "recommends us" in text_of(answer)  # the next rung
    assert "When is the meeting" in text_of(answer)  # its question
    made = Checkpoint.objects.get()
    assert (made.factor, made.level, made.grade, made.evidence) == ("power", 1, "E1", "They said so, 1")
    assert (made.contact, made.said_on, made.recorded_by) == (contact, today(), company.rep)
    assert heights(deal).of("power") == 1


def test_several_levels_at_once_each_with_its_evidence(company, deal, contact, signed_in):
    data = typed(contact, 1, 2, 3, grade="E2", link="https://example.com/mail", day="yesterday")
    assert add(signed_in(company.rep), deal, factor="demand", **data).status_code == 200
    made = Checkpoint.objects.order_by("level")
    assert [row.evidence for row in made] == ["They said so, 1", "They said so, 2", "They said so, 3"]
    assert {row.said_on for row in made} == {today() - timedelta(days=1)}
    assert heights(deal).of("demand") == 3


def test_the_form_begins_with_the_next_rung_of_the_weakest_factor(company, deal, contact, signed_in):
    record(deal, company.rep, factor="demand")
    page = text_of(signed_in(company.rep).get(url(deal), headers=HTMX))
    assert "Evidence: Power" in page
    assert 'name="levels" value="1" class="form-check-input" id="id_levels_0" checked' in page
    assert "Evidence: Demand" in text_of(signed_in(company.rep).get(f"{url(deal)}?factor=demand&level=9", headers=HTMX))


def test_the_form_says_what_a_grade_needs(company, deal, contact, signed_in):
    page = text_of(signed_in(company.rep).get(url(deal), headers=HTMX))
    assert page.count('data-needed="E1 E2 E3"') == 2  # who said so, when
    assert page.count('data-needed="E2 E3"') == 1  # a file or a link
    MethodSetting.objects.update(grade_needs={"E3": ["contact"]})
    page = text_of(signed_in(company.rep).get(url(deal), headers=HTMX))
    assert page.count('data-needed="E3"') == 1
    assert page.count('data-needed="E1 E2 E3"') == 2  # what no grade asks for may be added to each


WANTS = {
    "contact": ({"contact": ""}, "Say who on the customer&#x27;s side said so."),
    "day": ({"day": "earlier"}, "Say on which day they said so."),
    "future": ({"day": "earlier", "said_on": "2199-01-01"}, "This day must not lie in the future."),
    "trace of E2": ({"grade": "E2"}, "E2 needs the customer&#x27;s own trace"),
    "document of E3": ({"grade": "E3"}, "E3 needs the customer&#x27;s document"),
    "proof": ({"evidence_1": ""}, "Say what proves it, or add a file or a link."),
    "level": ({"levels": ()}, "Choose the checkpoint that is reached."),
    "grade": ({"grade": "E9"}, "Select a valid choice."),
    "link": ({"grade": "E2", "link": "javascript:alert(1)"}, "Enter a valid URL."),
    "customer's contact": ({"contact": "nobody"}, "Select a valid choice."),
}


@pytest.mark.parametrize("name", WANTS)
def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(company, deal, contact, signed_in, name):
    fields, words = WANTS[name]
    answer = add(signed_in(company.rep), deal, **{**typed(contact, skill="x"), "somebody": "", **fields})
    page = text_of(answer)
    assert answer.status_code == 422
    assert words in page
    assert "They said so, 1" in page or fields.get("evidence_1") == "" or not fields.get("levels", True)
    assert not Checkpoint.objects.exists()


def test_each_of_several_levels_is_told_what_it_lacks(company, deal, contact, signed_in):
    page = text_of(add(signed_in(company.rep), deal, **typed(contact, 1, 2, evidence_2="")))
    before, after = page.split('name="evidence_2"')
    assert "Say what proves it" in after
    assert "Say what proves it" not in before
    assert not Checkpoint.objects.exists()


def test_a_new_contact_by_name_is_made_with_the_record_or_not_at_all(company, deal, signed_in):
    client = signed_in(company.rep)
    assert add(client, deal, **typed(None, somebody="Zhao Min", grade="E2")).status_code == 422
    assert not Contact.objects.exists()
    assert add(client, deal, **typed(None, somebody=" Zhao Min ")).status_code == 200
    assert add(client, deal, **typed(None, 2, somebody="zhao min")).status_code == 200  # the same, by name
    assert [row.contact.name for row in Checkpoint.objects.all()] == ["Zhao Min", "Zhao Min"]
    assert Contact.objects.count() == 1


def test_our_own_word_needs_nobody_and_stays_hollow(company, deal, contact, signed_in):
    answer = add(signed_in(company.rep), deal, **typed(contact, grade="E0"))
    assert "Claimed up to 1, verified up to 0" in text_of(answer)
    made = Checkpoint.objects.get()
    assert (made.contact, made.said_on) == (None, None)


def test_a_file_is_kept_even_when_the_form_is_refused(company, deal, contact, signed_in):
    client = signed_in(company.rep)
    data = typed(None, grade="E3", file=SimpleUploadedFile("minutes.pdf", PDF))
    answer = add(client, deal, **data)
    assert answer.status_code == 422
    kept = Attachment.objects.get()
    assert f'value="{kept.key}"' in text_of(answer)
    assert "minutes.pdf" in text_of(answer)
    assert add(client, deal, **typed(contact, grade="E3", kept=kept.key)).status_code == 200
    assert Checkpoint.objects.get().file == kept


def test_a_refused_file_is_said_at_its_field(company, deal, contact, signed_in):
    data = typed(contact, grade="E2", file=SimpleUploadedFile("a.png", b"<html><script>alert(1)</script></html>"))
    answer = add(signed_in(company.rep), deal, **data)
    assert answer.status_code == 422
    assert "This kind of file is not accepted." in text_of(answer)
    assert not Attachment.objects.exists()


def test_a_refused_file_hides_nothing_else_that_is_missing(company, deal, contact, signed_in):
    def refused(**data):
        file = SimpleUploadedFile("a.png", b"<html><script>alert(1)</script></html>")
        return set(add(signed_in(company.rep), deal, file=file, **data).context["form"].errors)

    assert refused(**typed(None, 1, 2, grade="E3", day="earlier", evidence_2="")) == {"file", "contact", "said_on"}
    assert refused(**typed(None, grade="E3", somebody="Zhao Min")) == {"file"}
    assert list(Contact.objects.all()) == [contact]


def test_a_file_of_another_deal_is_not_taken(company, deal, contact, signed_in):
    other = factories.opportunity(company.rep, "Other")
    client = signed_in(company.rep)
    add(client, other, **typed(None, grade="E3", file=SimpleUploadedFile("minutes.pdf", PDF)))
    kept = Attachment.objects.get()
    answer = add(client, deal, **typed(contact, grade="E3", kept=kept.key))
    assert answer.status_code == 422
    assert "minutes.pdf" not in text_of(answer)


def test_without_script_it_leads_back_to_the_page(company, deal, contact, signed_in):
    client = signed_in(company.rep)
    assert "<html" in text_of(client.get(url(deal)))
    answer = post(client, f"{url(deal)}?factor=power", typed(contact), htmx=False)
    assert answer.url == f"/opportunities/{deal.pk}/"


def test_an_archived_one_takes_no_evidence(company, deal, contact, signed_in):
    type(deal).objects.filter(pk=deal.pk).update(archived_at=deal.created_at)
    assert "Restore it first" in text_of(add(signed_in(company.rep), deal, **typed(contact)))


# --- The records ------------------------------------------------------------------------------


def test_the_list_shows_all_of_a_factor_and_what_became_of_each(company, deal, signed_in):
    gone = record(deal, company.rep, evidence="Hearsay of Monday")
    withdraw_checkpoint(checkpoint=gone, reason="Wrong person", actor=company.rep)
    record(deal, company.rep, 5, "E2", evidence="Board minutes", said_on=today() - timedelta(days=91))
    record(deal, company.rep, factor="goal", evidence="Of another factor")
    page = text_of(signed_in(company.rep).get(f"{url(deal, '')}?factor=power", headers=HTMX))
    assert "<s>Hearsay of Monday</s>" in page
    assert "Wrong person" in page
    assert "waits for confirmation" in page
    assert "ageing" in page
    assert "Of another factor" not in page
    assert "Of another factor" in text_of(signed_in(company.rep).get(url(deal, ""), headers=HTMX))


ACTS = {"rep": {"withdraw"}, "manager": {"withdraw", "confirm", "lower"}, "executive": set(), "admin": set()}


@pytest.mark.parametrize("part", ACTS)
def test_it_offers_what_the_person_may_do(company, deal, signed_in, part):
    made = record(deal, company.rep, 5, "E2")
    client = signed_in(getattr(company, part))
    page = text_of(client.get(url(deal, ""), headers=HTMX))
    for act in ("withdraw", "confirm", "lower"):
        offered = f'"/evidence/{made.pk}/{act}/"' in page
        assert offered == (act in ACTS[part]), act
        assert (client.get(f"/evidence/{made.pk}/{act}/").status_code == 200) == offered, act


def test_confirming_verifies_from_then_on(company, deal, signed_in):
    for level in range(1, 5):
        record(deal, company.rep, level, "E2")
    made = record(deal, company.rep, 5, "E2")
    assert heights(deal).of("power") == 4
    answer = post(signed_in(company.manager), f"/evidence/{made.pk}/confirm/", {})
    assert events_of(answer).keys() >= {"asc:changed", "asc:close-dialog", "asc:toast"}
    assert heights(deal).of("power") == 5
    made.refresh_from_db()
    assert made.confirmed_by == company.manager


def test_lowering_needs_a_lower_grade_and_a_reason(company, deal, signed_in):
    made = record(deal, company.rep, 1, "E2")
    client, door = signed_in(company.manager), f"/evidence/{made.pk}/lower/"
    for wrong in ({"grade": "E2", "reason": "x"}, {"grade": "E0", "reason": " "}, {}):
        assert post(client, door, wrong).status_code == 422
    assert post(client, door, {"grade": "E0", "reason": "Nobody signed it"}).status_code == 200
    assert heights(deal).of("power") == 0
    page = text_of(client.get(url(deal, ""), headers=HTMX))
    assert "E2 lowered to E0 by Manager" in page
    assert "Nobody signed it" in page


def test_withdrawing_lowers_the_height(company, deal, signed_in):
    made = record(deal, company.rep)
    client, door = signed_in(company.rep), f"/evidence/{made.pk}/withdraw/"
    assert post(client, door, {"reason": ""}).status_code == 422
    assert post(client, door, {"reason": "Misheard"}).status_code == 200
    assert heights(deal).of("power") == 0
    assert post(client, door, {"reason": "Again"}).status_code == 200  # twice changes nothing
    made.refresh_from_db()
    assert made.withdrawn_reason == "Misheard"


def test_a_withdrawn_record_is_neither_confirmed_nor_lowered(company, deal, signed_in):
    made = record(deal, company.rep, 5, "E2")
    withdraw_checkpoint(checkpoint=made, reason="Misheard", actor=company.rep)
    client = signed_in(company.manager)
    assert "has been withdrawn" in text_of(post(client, f"/evidence/{made.pk}/confirm/", {}))
    answer = post(client, f"/evidence/{made.pk}/lower/", {"grade": "E0", "reason": "x"})
    assert "has been withdrawn" in text_of(answer)


def test_nobody_confirms_their_own_and_an_administrator_only_where_there_is_no_manager(company, signed_in):
    own = factories.opportunity(company.manager, "Manager's own")
    made = record(own, company.manager, 5, "E2")
    assert post(signed_in(company.manager), f"/evidence/{made.pk}/confirm/", {}).status_code == 403
    assert post(signed_in(company.admin), f"/evidence/{made.pk}/confirm/", {}).status_code == 403
    alone = factories.opportunity(company.director, "Director's own")
    made = record(alone, company.director, 5, "E2")
    assert post(signed_in(company.admin), f"/evidence/{made.pk}/confirm/", {}).status_code == 200


def test_a_collaborator_records_and_a_stranger_finds_nothing(company, deal, contact, signed_in):
    made = record(deal, company.rep)
    client = signed_in(company.stranger)
    doors = [url(deal), url(deal, ""), *(f"/evidence/{made.pk}/{act}/" for act in ("withdraw", "confirm", "lower"))]
    assert [client.get(door).status_code for door in doors] == [404] * 5
    assert [client.post(door, {"reason": "x"}).status_code for door in doors] == [404, 405, 404, 404, 404]
    add_collaborator(opportunity=deal, user=company.stranger, actor=company.rep)
    assert add(client, deal, **typed(contact, 2)).status_code == 200


# --- Queries ----------------------------------------------------------------------------------


def test_the_dialogs_ask_the_database_equally_often_however_much_there_is(company, deal, signed_in):
    client = signed_in(company.manager)
    record(deal, company.rep)
    doors = [url(deal), url(deal, ""), f"/evidence/{Checkpoint.objects.first().pk}/lower/"]
    few = [queries_of(lambda door=door: client.get(door, headers=HTMX)) for door in doors]
    for _number in range(20):
        record(deal, company.rep, 2, "E2", contact=factories.contact(company.rep, deal.customer))
    many = [queries_of(lambda door=door: client.get(door, headers=HTMX)) for door in doors]
    assert few == many
    assert max(many) <= 8


def test_adding_asks_the_database_a_bounded_number_of_times(company, deal, contact, signed_in):
    client = signed_in(company.rep)
    counts = [queries_of(lambda level=level: add(client, deal, **typed(contact, level))) for level in (1, 2)]
    assert max(counts) <= 15, counts


def test_a_file_removed_meanwhile_proves_nothing(company, deal, contact):
    file = factories.attachment(deal)
    Attachment.objects.filter(pk=file.pk).update(removed_at=timezone.now())
    with pytest.raises(ValidationError) as refused:
        record(deal, company.rep, file=file)
    assert list(refused.value.message_dict) == ["file"]


def test_somebody_archived_said_nothing(company, deal, contact):
    contact.archived_at = timezone.now()
    contact.save()
    with pytest.raises(ValidationError) as refused:
        record(deal, company.rep, contact=contact)
    assert list(refused.value.message_dict) == ["contact"]
