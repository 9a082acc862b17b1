"""Saved views: what each person sees of them, who may do what, and what they cost."""

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import RequestFactory

from accounts import saved_views as actions
from accounts.models import AuditEntry, SavedView, SavedViewPlace
from opportunities.filters import checked
from opportunities.selectors.saved_views import counts_of
from tests import factories
from tests.opportunities.browser_door import HTMX, many, queries_of, text_of

BOARD, TABLE = "/opportunities/", "/opportunities/table/"


def view_of(owner, name="Mine", query="", *, scope="mine", page="board"):
    return actions.save_view(actor=owner, name=name, page=page, query=query, scope=scope)


def tabs(response):
    return {tab.view.name: tab.count for tab in response.context["views"].tabs}


def as_asked_by(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.fixture
def deals(company):
    """One deal of 100K each, of rep, mate and stranger; the rep has a large one too."""
    owners = ("rep", "mate", "stranger")
    rows = {name: factories.opportunity(getattr(company, name), f"of {name}") for name in owners}
    rows["large"] = factories.opportunity(company.rep, "large one", amount=Decimal(900_000))
    return rows


# --- What it holds for whom


def test_a_count_is_that_of_the_table_for_each_person_and_each_filter(company, deals, signed_in):
    factories.opportunity(company.rep, "lost one", stage="lost", reason="price")
    product = factories.product(company.admin)
    tier = factories.customer(company.rep, tier="5A")
    factories.opportunity(company.mate, "with product", product=product)
    factories.opportunity(company.rep, "of a good customer", customer=tier, next_step="Call them")
    factories.opportunity(company.stranger, "南京立库")
    queries = [
        "", "q=njlk", "q=LA", "owner=rep", "owner=rep&owner=mate", "team=east", "team=head", "team=west",
        "outcome=lost", "stage=lost",
        "stage=discover&stage=lost", "amount_min=500K", "amount_max=100000", "q=large", "q=Call", "tier=5A",
        f"product={product.key}", f"customer={tier.key}", f"customer={tier.key}&owner=mate", "owner=nobody",
        "owner=rep&owner=nobody", "close_from=2027-01-01&close_to=2027-12-31", "close_from=nonsense", "amount_min=x",
        "customer=%00", "forecast_category=commit", "key=nothing", "sort=-amount",
        "trouble=unassessed", "trouble=inflated&trouble=unproven", "trouble=stuck&owner=rep", "trouble=x",
    ]  # fmt: skip
    views = [SavedView(pk=place, owner=company.rep, query=query) for place, query in enumerate(queries)]
    for part in ("rep", "stranger", "manager", "executive"):
        person = getattr(company, part)
        total, counted = counts_of(views, as_asked_by(person))
        pages = [signed_in(person).get(f"{TABLE}?{query or 'view=all'}", follow=True) for query in queries]
        assert counted == [page.context["totals"].rows for page in pages], part
        assert total == pages[0].context["totals"].rows
    assert counted[queries.index("owner=rep&owner=mate")] == 5


def test_a_hidden_customer_in_a_view_is_one_that_names_nothing(company, deals, signed_in):
    hidden = factories.customer(company.mate, "Hidden Works")
    factories.opportunity(company.mate, "secret", customer=hidden)
    view_of(company.mate, "Theirs", f"customer={hidden.key}", scope="team")
    assert tabs(signed_in(company.mate).get(BOARD)) == {"Theirs": 1}
    client = signed_in(company.rep)
    assert tabs(client.get(BOARD)) == {"Theirs": 0}
    url = client.get(BOARD).context["views"].tabs[0].url
    page = client.get(url, follow=True)
    assert page.context["board"].is_empty
    assert "Hidden Works" not in text_of(page)
    assert "secret" not in text_of(page)


def test_a_shared_view_shows_each_what_is_theirs_to_see(company, deals, signed_in):
    view = view_of(company.rep, "Small", "amount_max=500K", scope="team")
    for part, titles in (("rep", {"of rep"}), ("mate", {"of mate"}), ("manager", {"of rep", "of mate"})):
        page = signed_in(getattr(company, part)).get(f"{BOARD}?view={view.key}", follow=True)
        assert page.context["views"].active.view == view
        shown = {card.title for column in page.context["columns"] for card in column.cards}
        assert shown == titles
        assert tabs(page) == {"Small": len(titles)}


@pytest.mark.parametrize("part", ["director", "other_manager", "stranger", "executive", "admin"])
def test_who_is_not_in_the_team_has_no_such_view(company, deals, signed_in, part):
    view = view_of(company.rep, "Quarter end", "owner=rep", scope="team")
    client = signed_in(getattr(company, part))
    page = client.get(f"{BOARD}?view={view.key}", follow=True)
    unknown = client.get(f"{BOARD}?view=nowhere", follow=True)
    for answer in (page, unknown):
        assert "There is no such view, or it is not shared with you." in text_of(answer)
        assert "Quarter end" not in text_of(answer)
        assert answer.redirect_chain == [(f"{BOARD}?view=all", 302)]


def test_the_link_carries_its_filters_to_whomever_it_is_given(company, deals, signed_in):
    view_of(company.rep, "Large", "amount_min=500K&sort=-amount")
    client = signed_in(company.rep)
    bar = client.get(client.get(BOARD).context["views"].tabs[0].url).context["views"]
    assert bar.here == f"{BOARD}?amount_min=500K&sort=-amount"
    theirs = signed_in(company.executive).get(bar.here)
    assert [card.title for column in theirs.context["columns"] for card in column.cards] == ["large one"]


# --- Opening


def test_the_open_view_is_in_the_bar_even_beyond_its_end(company, deals, signed_in, monkeypatch):
    monkeypatch.setattr("opportunities.views.saved_views.IN_BAR", 1)
    view_of(company.rep, "First")
    last = view_of(company.rep, "Last", "amount_min=500K")
    page = signed_in(company.rep).get(f"{BOARD}?view={last.key}", follow=True)
    assert (tabs(page), page.context["views"].active.view) == ({"First": 2, "Last": 1}, last)


def test_a_view_opens_on_either_page_and_the_switch_keeps_it(company, deals, signed_in):
    view = view_of(company.rep, "Large", "amount_min=500K&sort=-amount", page="table")
    client = signed_in(company.rep)
    for path in (BOARD, TABLE):
        answer = client.get(f"{path}?view={view.key}")
        assert answer.url == f"{path}?saved={view.key}&amount_min=500K&sort=-amount"
        page = client.get(answer.url)
        other = TABLE if path == BOARD else BOARD
        assert f'href="{other}?saved={view.key}&amp;amount_min=500K&amp;sort=-amount"' in text_of(page)
        assert (page.context["views"].active.view, page.context["views"].changed) == (view, False)


def test_the_page_opens_with_the_default_and_all_stays_within_reach(company, deals, signed_in):
    view = view_of(company.rep, "Large", "amount_min=500K")
    other = view_of(company.rep, "On the table", "owner=rep", page="table")
    client = signed_in(company.rep)
    assert client.post(f"/opportunities/views/{view.pk}/default/", {"chosen": "1"}).status_code == 302
    client.post(f"/opportunities/views/{other.pk}/default/", {"chosen": "1"})
    assert client.get(BOARD).url == f"{BOARD}?saved={view.key}&amount_min=500K"
    assert client.get(TABLE).url == f"{TABLE}?saved={other.key}&owner=rep"
    every = client.get(f"{BOARD}?view=all")
    assert every.status_code == 200
    assert every.context["views"].is_all
    opened = client.get(BOARD, follow=True)
    bar = opened.context["bar"]
    assert bar.cleared == "view=all"
    assert client.get(f"{BOARD}?{bar.cleared}").status_code == 200
    assert client.get(BOARD + "?owner=rep").context["bar"].chips[1].without == "view=all"
    client.post(f"/opportunities/views/{view.pk}/default/", {"chosen": ""})
    assert client.get(BOARD).status_code == 200


def test_one_default_a_page_and_each_persons_own(company, signed_in):
    first, second = view_of(company.rep, "A", scope="team"), view_of(company.rep, "B", "q=x")
    actions.choose_default_view(view=first, chosen=True, actor=company.rep)
    actions.choose_default_view(view=second, chosen=True, actor=company.rep)
    actions.choose_default_view(view=first, chosen=True, actor=company.mate)
    chosen = SavedViewPlace.objects.filter(is_default=True).values_list("user__username", "view__name")
    assert set(chosen) == {("rep", "B"), ("mate", "A")}
    assert signed_in(company.mate).get(BOARD).url.endswith(f"saved={first.key}")


def test_filters_changed_by_hand_are_said_to_be_and_can_be_kept(company, deals, signed_in):
    view = view_of(company.rep, "Large", "amount_min=500K")
    client = signed_in(company.rep)
    page = client.get(f"{BOARD}?saved={view.key}&amount_min=50K")
    assert page.context["views"].changed
    assert "Update view" in text_of(page)
    answer = client.post(f"/opportunities/views/{view.pk}/update/", {"query": "amount_min=50K", "version": "1"})
    assert answer.url == f"{BOARD}?saved={view.key}&amount_min=50K"
    assert not client.get(answer.url).context["views"].changed
    assert not client.get(f"{BOARD}?amount_min=50K&saved={view.key}&column=lock&page=2").context["views"].changed


# --- Keeping


def test_a_view_is_saved_from_the_page_with_or_without_script(company, signed_in):
    client = signed_in(company.rep)
    form = client.get("/opportunities/views/new/", {"page": "table", "query": "owner=rep&sort=title"})
    assert 'value="owner=rep&amp;sort=title"' in text_of(form)
    body = {"name": "Mine", "scope": "team", "page": "table", "query": "owner=rep&sort=title"}
    answer = client.post("/opportunities/views/new/", body)
    view = SavedView.objects.get()
    assert answer.url == f"{TABLE}?saved={view.key}&owner=rep&sort=title"
    assert (view.owner, view.team, view.scope, view.page) == (company.rep, company.east, "team", "table")
    again = client.post("/opportunities/views/new/", body, headers=HTMX)
    assert (again.status_code, again["HX-Redirect"].startswith(TABLE)) == (204, True)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("owner=rep&colour=red&page=3&column=x&view=all&saved=k", "owner=rep"),
        ("sort=nonsense&q=a b&q=", "q=a+b"),
        ("sort=-amount&team=east&owner=rep", "owner=rep&team=east&sort=-amount"),
        ("", ""),
        ("&&=;%", ""),
    ],
)
def test_what_is_not_a_filter_is_dropped(company, query, kept):
    assert checked(query, as_asked_by(company.rep)) == kept


@pytest.mark.parametrize(
    "query", ["owner=nobody", "close_from=someday", "amount_min=many", "tier=9Z", "customer=%00", "q=" + "x" * 3000]
)
def test_a_filter_that_is_not_understood_is_refused(company, signed_in, query):
    with pytest.raises(ValidationError):
        checked(query, as_asked_by(company.rep))
    body = {"name": "x", "scope": "mine", "page": "board", "query": query}
    assert signed_in(company.rep).post("/opportunities/views/new/", body).status_code == 422
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\x00b"},
        {"page": "dashboard"},
        {"page": ""},
        {"scope": "everybody"},
        {"scope": ""},
    ],
)
def test_bad_input_is_answered_with_422(company, signed_in, body):
    given = {"name": "x", "scope": "mine", "page": "board", "query": "", **body}
    assert signed_in(company.rep).post("/opportunities/views/new/", given).status_code == 422
    assert not SavedView.objects.exists()


def test_who_is_in_no_team_shares_with_nobody(company, signed_in):
    with pytest.raises(ValidationError):
        view_of(company.executive, scope="team")
    body = {"name": "x", "scope": "team", "page": "board", "query": ""}
    assert signed_in(company.executive).post("/opportunities/views/new/", body).status_code == 422


def test_there_is_an_end_to_how_many(company, monkeypatch):
    monkeypatch.setattr(actions, "MOST", 2)
    view_of(company.rep), view_of(company.rep)
    with pytest.raises(ValidationError, match="Delete one first"):
        view_of(company.rep)
    assert view_of(company.mate).pk


def test_who_may_change_and_who_may_delete(company):
    shared, own = view_of(company.rep, "Shared", scope="team"), view_of(company.rep, "Own")
    for part in ("mate", "manager", "admin"):
        with pytest.raises(PermissionDenied):
            actions.edit_view(view=shared, changes={"name": "x"}, seen=None, actor=getattr(company, part))
    deleters = {part for part, person in company.people().items() if actions.may_delete(shared, person)}
    assert deleters == {"rep", "manager", "director", "admin"}
    assert {part for part, person in company.people().items() if actions.may_delete(own, person)} == {"rep"}
    for part in ("mate", "stranger", "other_manager", "executive"):
        with pytest.raises(PermissionDenied):
            actions.delete_view(view=shared, actor=getattr(company, part))
    actions.choose_default_view(view=shared, chosen=True, actor=company.mate)
    actions.delete_view(view=shared, actor=company.director)
    assert list(SavedView.objects.all()) == [own]
    assert not SavedViewPlace.objects.exists()


def test_a_manager_above_finds_what_teams_below_share(company, signed_in):
    shared = view_of(company.rep, "Shared east", scope="team")
    view_of(company.rep, "Private east")
    for part, finds in (("director", True), ("admin", True), ("other_manager", False), ("executive", False)):
        page = text_of(signed_in(getattr(company, part)).get("/opportunities/views/"))
        assert ("Shared east" in page) is finds
        assert "Private east" not in page
    answer = signed_in(company.director).post(f"/opportunities/views/{shared.pk}/delete/", {"version": "1"})
    assert answer.url == "/opportunities/views/"


def test_everybody_has_an_order_of_their_own(company, signed_in):
    a, b, c = (view_of(company.rep, name, scope="team") for name in "abc")
    client = signed_in(company.rep)
    names = lambda who: [view.name for view, *_rest in signed_in(who).get("/opportunities/views/").context["views"]]  # noqa: E731
    client.post("/opportunities/views/order/", {"order": f"{c.pk},{a.pk}"})
    assert names(company.rep) == ["c", "a", "b"]
    client.post("/opportunities/views/order/", {"move": f"up:{b.pk}"})
    assert names(company.rep) == ["c", "b", "a"]
    client.post("/opportunities/views/order/", {"move": f"up:{c.pk}"})
    client.post("/opportunities/views/order/", {"move": "down:nonsense"})
    assert names(company.rep) == ["c", "b", "a"]
    assert names(company.mate) == ["a", "b", "c"]
    view_of(company.rep, "d")
    assert names(company.rep) == ["c", "b", "a", "d"]
    assert [tab.view.name for tab in client.get(BOARD).context["views"].tabs] == ["c", "b", "a", "d"]


def test_a_view_holds_in_the_team_it_was_shared_with(company, signed_in):
    view = view_of(company.rep, "Shared", scope="team")
    private = actions.edit_view(view=view, changes={"scope": "mine"}, seen=1, actor=company.rep)
    assert (private.scope, private.team) == ("mine", None)
    assert tabs(signed_in(company.mate).get(BOARD)) == {}


def test_each_write_is_in_the_trail(company):
    view = view_of(company.rep, "Shared", "owner=rep", scope="team")
    actions.edit_view(view=view, changes={"name": "Renamed"}, seen=1, actor=company.rep)
    actions.choose_default_view(view=view, chosen=True, actor=company.mate)
    actions.reorder_views(order=[view], actor=company.mate)
    actions.delete_view(view=view, actor=company.manager)
    written = list(AuditEntry.objects.order_by("-id").values_list("action", "actor__username", "label")[:5])
    assert written == [
        ("delete", "manager", "Shared"),
        ("reorder_views", "mate", "Mate"),
        ("choose_default_view", "mate", "Shared"),
        ("edit", "rep", "Renamed"),
        ("create", "rep", "Shared"),
    ]


# --- Price


@pytest.mark.parametrize("part", ["rep", "manager", "admin"])
def test_the_pages_cost_the_same_with_many_views_and_rows(company, signed_in, part):
    person = getattr(company, part)
    client = signed_in(person)
    many(company.rep, 2)
    view_of(person, "one", "owner=rep&team=east")
    costs = lambda: [queries_of(lambda url=url: client.get(url)) for url in (BOARD, TABLE, "/opportunities/views/")]  # noqa: E731
    costs()  # the first one also reads the historical rates, which are kept
    few = costs()
    many(company.rep, 60)
    for number in range(15):
        view_of(person, f"view {number}", "stage=lost&customer=none&owner=rep&owner=mate&team=head&tier=5A")
    assert costs() == few
    assert max(few) <= 8
    bar = client.get(TABLE).context["views"]
    assert (len(bar.tabs), bar.count) == (16, 62)


def test_the_bar_is_drawn_anew_with_fresh_counts(company, deals, signed_in):
    view = view_of(company.rep, "Large", "amount_min=500K")
    client = signed_in(company.rep)
    again = client.get(f"{TABLE}?saved={view.key}&amount_min=500K").context["views"].again
    factories.opportunity(company.rep, "another", amount=Decimal(800_000))
    answer = client.get(f"/opportunities/views/bar/?{again}")
    assert tabs(answer) == {"Large": 2}
    assert parse_qs(urlsplit(f"?{again}").query) == {"on": ["table"], "saved": [view.key], "amount_min": ["500K"]}
    assert answer.context["views"].active.view == view
    assert client.get("/opportunities/views/bar/?on=nonsense").status_code == 200
