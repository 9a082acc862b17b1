"""What people of the demo company have made and been told of: saved views, and what the bell says."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import Kind, Notification, User
from accounts.saved_views import choose_default_view, save_view
from accounts.selectors import today
from opportunities.models import Activity, Opportunity, OpportunityVersion

VIEWS = [  # login, page, name, filters, for whom, whether the page opens with it
    ("lin", "board", "4A、5A 客户", "tier=5A&tier=4A", "mine", False),
    ("lin", "table", "按下一步到期", "sort=next_step_due", "mine", True),
    ("lin", "table", "停滞或虚高", "trouble=stuck&trouble=inflated", "mine", False),
    ("shen", "board", "证据不足", "trouble=inflated&trouble=unproven", "team", False),
    ("shen", "table", "金额从大到小", "sort=-amount", "mine", True),
    ("shen", "table", "未评估", "trouble=unassessed&sort=-amount", "team", False),
]
TOLD = timedelta(days=21)  # how far back the bell goes
READ = timedelta(days=4)  # what is older has been read


def save_views(people: dict[str, User]) -> None:
    """`people`: {login in the story: person}."""
    for login, page, name, query, scope, is_default in VIEWS:
        view = save_view(actor=people[login], name=name, page=page, query=query, scope=scope)
        if is_default:
            choose_default_view(view=view, chosen=True, actor=people[login])


def tell(people: Iterable[User]) -> None:
    """What has happened to these people of late, older things as read."""
    ids, now = [person.pk for person in people], timezone.now()
    notes = [*_handed_over(ids, now), *_coached(ids, now), *_overdue(ids, now)]
    for note in notes:
        note.read_at = note.created_at + timedelta(hours=2) if note.created_at < now - READ else None
    Notification.objects.bulk_create(sorted(notes, key=lambda note: note.created_at))


def _handed_over(people: list[int], now: datetime) -> Iterator[Notification]:
    before = OpportunityVersion.objects.filter(opportunity=OuterRef("opportunity"), valid_to=OuterRef("valid_from"))
    begun = OpportunityVersion.objects.filter(owner__in=people, valid_from__gte=now - TOLD, outcome="open")
    given = begun.annotate(giver=Subquery(before.values("owner"))).filter(~Q(giver=F("owner")), giver__isnull=False)
    for each in given.exclude(actor=F("owner")).exclude(actor=None):
        yield Notification(
            recipient_id=each.owner_id, kind=Kind.HANDED_OVER, model="opportunity", object_id=each.opportunity_id,
            params={"by": each.actor_id}, created_at=each.valid_from,
        )  # fmt: skip


def _coached(people: list[int], now: datetime) -> Iterator[Notification]:
    for each in Activity.objects.filter(owner__in=people, coached_at__gte=now - TOLD).exclude(coaching=""):
        row = each.about
        yield Notification(
            recipient_id=each.owner_id, kind=Kind.COACHED, model=row._meta.model_name if row else "",
            object_id=row.pk if row else None, created_at=each.coached_at,
            params={"by": each.coached_by_id, "activity": each.pk},
        )  # fmt: skip


def _overdue(people: list[int], now: datetime) -> Iterator[Notification]:
    late = list(Opportunity.objects.overdue(today()).filter(owner__in=people).values_list("owner", flat=True))
    for person in sorted(set(late)):
        params = {"count": late.count(person), "day": today().isoformat()}
        yield Notification(recipient_id=person, kind=Kind.OVERDUE, params=params, created_at=now)
