"""Invitations: one link, one use, and nobody gets in beside it."""

import re
from datetime import timedelta

import pytest
from django.core import mail, signing
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEntry, Invitation, OutboxMessage, User
from accounts.people import end_access
from tests import factories

pytestmark = pytest.mark.django_db
BASE = "https://ascent.example"
GOOD = {"password1": "up-the-north-face-7", "password2": "up-the-north-face-7"}


@pytest.fixture
def made(company) -> Invitation:
    return factories.invitation(company.admin, "li.na@example.com", team=company.east)


def path(invitation):
    return invitations.link_to(invitation, "")


def signed(client):
    return "_auth_user_id" in client.session


def test_the_link_sets_the_first_password_signs_in_and_is_used(made):
    client = Client()
    page = client.get(path(made))
    assert page.status_code == 200
    assert "Admin invites you to the Ascent of Test Works." in page.content.decode()
    answer = client.post(path(made), GOOD)
    assert (answer.status_code, answer.url) == (302, "/")
    assert signed(client)
    person = User.objects.get(username="li.na")
    assert person.check_password(GOOD["password1"])
    assert AuditEntry.objects.get(action="accept_invitation").actor == person
    again = Client()
    assert (
        again.post(path(made), {"password1": "another-password-9", "password2": "another-password-9"}).status_code
        == 404
    )
    assert not signed(again)
    assert User.objects.get(username="li.na").check_password(GOOD["password1"])


@pytest.mark.parametrize(
    "given",
    [
        {"password1": "short", "password2": "short"},
        {"password1": "1234567890123", "password2": "1234567890123"},
        {"password1": "li.na@example.com", "password2": "li.na@example.com"},
        {"password1": "up-the-north-face-7", "password2": "up-the-south-face-7"},
        {"password1": "", "password2": ""},
    ],
)
def test_a_weak_password_leaves_the_link_as_it_was(made, given):
    client = Client()
    assert client.post(path(made), given).status_code == 422
    assert not signed(client)
    assert not User.objects.get(username="li.na").has_usable_password()
    assert client.post(path(made), GOOD).status_code == 302


def test_the_page_is_in_the_persons_language(company):
    made = factories.invitation(company.admin, language="zh-hans")
    page = Client().get(path(made), headers={"accept-language": "en"})
    assert 'lang="zh-hans"' in page.content.decode()
    assert page["Content-Language"] == "zh-hans"


def break_used(made):
    Invitation.objects.update(used_at=timezone.now())


def break_expired(made):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def break_revoked(made):
    invitations.revoke(invitation=made, actor=made.created_by)


def break_replaced(made):
    invitations.invite(person=made.user, actor=made.created_by, base=BASE)


def break_deactivated(made):
    end_access(person=made.user, seen=None, actor=made.created_by)


def break_demo(made):
    User.objects.filter(pk=made.user_id).update(is_demo=True)


def break_dates(made):
    User.objects.filter(pk=made.user_id).update(active_until="2020-01-01")


@pytest.mark.parametrize(
    "spoil",
    [break_used, break_expired, break_revoked, break_replaced, break_deactivated, break_demo, break_dates],
)
def test_one_page_for_every_link_that_does_not_work(made, spoil):
    forged = Client().get("/invitation/forged/")
    assert forged.status_code == 404
    where = path(made)
    spoil(made)
    client = Client()
    for answer in (client.get(where), client.post(where, GOOD)):
        assert answer.status_code == 404
        assert without_tokens(answer) == without_tokens(forged)
    assert not signed(client)
    assert not User.objects.get(pk=made.user_id).has_usable_password()


def without_tokens(answer):
    text = answer.content.decode()
    return re.sub(r'((value|content)="[A-Za-z0-9]{64}"|/invitation/[^"/]+/)', "", text)


def test_a_link_that_does_not_work_says_so_also_while_debug_is_on(company, client, settings):
    settings.DEBUG = True
    assert "This link does not work" in client.get("/invitation/forged/").content.decode()
    unknown = client.get("/nothing/like/that/").content.decode()
    assert "There is nothing here" in unknown
    assert "urlpatterns" not in unknown


def test_a_link_is_signed_for_this_purpose_and_names_its_nonce(made):
    for token in (
        signing.Signer().sign_object([made.pk, made.nonce]),
        signing.Signer(salt=invitations.SALT).sign_object([made.pk, "0" * 16]),
        signing.Signer(salt=invitations.SALT).sign_object("text"),
        "a:b:c",
        "%00",
    ):
        assert Client().get(f"/invitation/{token}/").status_code == 404
    assert made.nonce not in path(made)


def test_a_mail_waits_in_the_outbox_in_the_receivers_language(company, made):
    message = OutboxMessage.objects.get()
    assert (message.channel, message.kind, message.recipient) == ("mail", "invitation", made.user)
    subject, text = invitations.mail_of(message)
    assert subject == "Admin invites you to Ascent"
    assert f"http://testserver{path(made)}" in text
    assert "li.na" in text
    call_command("send_outbox")
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["li.na@example.com"], f"[Ascent] {subject}")
    assert f"http://testserver{path(made)}" in sent.body
    invitations.revoke(invitation=made, actor=company.admin)
    assert invitations.mail_of(message) is None


def test_a_subject_has_one_line_whatever_a_name_holds(company):
    User.objects.filter(pk=company.admin.pk).update(name="A\r\nBcc: x@example.com")
    made = factories.invitation(User.objects.get(pk=company.admin.pk))
    subject, _text = invitations.mail_of(OutboxMessage.objects.get(recipient=made.user))
    assert "\n" not in subject and "\r" not in subject


def test_without_an_address_there_is_no_mail(company):
    person = factories.person("imported")
    User.objects.filter(pk=person.pk).update(password="!", email="")
    invitations.invite(person=person, actor=company.admin, base=BASE)
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("fields", [{"password": "x"}, {"active_until": "2020-01-01"}, {"is_demo": True}])
def test_who_is_not_invited(company, fields):
    person = factories.person("imported")
    User.objects.filter(pk=person.pk).update(**{"password": "!", **fields})
    with pytest.raises(ValidationError):
        invitations.invite(person=person, actor=company.admin, base=BASE)
    assert not Invitation.objects.exists()


def test_a_new_password_by_mail_is_for_those_who_have_one(company, made):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    User.objects.filter(pk=company.mate.pk).update(email="mate@example.com", deactivated_at=timezone.now())
    for email, links in (("li.na@example.com", 0), ("mate@example.com", 0), ("rep@example.com", 1)):
        mail.outbox.clear()
        Client().post("/accounts/password/reset/", {"email": email})
        assert sum("/accounts/password/reset/key/" in message.body for message in mail.outbox) == links


# --- The administrators' pages


def test_inviting_ends_on_the_page_with_the_link(company, signed_in):
    client = signed_in(company.admin)
    given = {"name": "Li Na", "email": "li.na@example.com", "role": "rep", "team": "east", "language": "en"}
    answer = client.post("/settings/people/new/", given)
    made = Invitation.objects.get()
    assert answer.url == f"/settings/people/invitations/#invitation-{made.pk}"
    assert (made.user.username, made.user.team, made.created_by) == ("li.na", company.east, company.admin)
    assert f"http://testserver{path(made)}" in client.get(answer.url).content.decode()
    client.post(f"/settings/people/invitations/{made.pk}/revoke/")
    assert Client().get(path(made)).status_code == 404
    assert path(made) not in client.get("/settings/people/invitations/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "REP@example.com"}, "email"),
        ({"username": "rep"}, "username"),
        ({"email": ""}, "username"),
        ({"team": "nowhere"}, "team"),
        ({"role": "emperor"}, "role"),
        ({"name": "\x00"}, "name"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(company, signed_in, wrong, field):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com")
    given = {"name": "Li Na", "email": "li.na@example.com", "role": "rep", "team": "east", "language": "en", **wrong}
    answer = signed_in(company.admin).post("/settings/people/new/", given)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert User.objects.count() == 8


def test_imported_people_are_invited_many_at_once_each_on_their_own(company, signed_in):
    people = [factories.person(f"imported{number}") for number in range(3)]
    User.objects.filter(username__startswith="imported").update(password="!")
    User.objects.filter(pk=people[2].pk).update(active_until="2020-01-01")
    client = signed_in(company.admin)
    ids = [person.pk for person in people] + [company.rep.pk, 10**12]
    answer = client.post("/settings/people/invite/", {"people": [*ids, "x", "-1"]}, follow=True)
    assert sorted(Invitation.objects.values_list("user__username", flat=True)) == ["imported0", "imported1"]
    texts = [str(message) for message in answer.context["messages"]]
    assert any("2 invitations are made" in text for text in texts)
    assert any("Imported2" in text for text in texts) and any("Rep" in text for text in texts)
    client.post("/settings/people/invite/", {"people": [people[0].pk]})
    assert Invitation.objects.usable().filter(user=people[0]).count() == 1
    assert client.post("/settings/people/invite/", {"people": []}).url == "/settings/people/"
