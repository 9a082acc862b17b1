"""Who may see and who may edit what (METHOD.md §10): the only place that knows.

Owned querysets call in here from `visible_to(user)` and `editable_by(user)`; models above accounts are reached by
name, as foreign keys do, so that one file can hold the whole table.
"""

from collections.abc import Hashable
from typing import Any

from django.apps import apps
from django.db.models import CharField, ExpressionWrapper, F, OuterRef, Q, QuerySet

from accounts.models import Team, User
from config.web.lookups import Among


def has_charge(user: User) -> bool:
    """Whether other people's rows are in this person's charge."""
    return user.is_manager and user.team is not None


def portfolio(user: User) -> QuerySet[Any]:
    """The people whose rows this person works with: their own, and those in their charge."""
    if not user.is_manager or user.team is None:
        return User.objects.filter(pk=user.pk)
    return User.objects.filter(Q(pk=user.pk) | Q(team__path__startswith=user.team.path))


def sight(user: User) -> Hashable:
    """How the rows that a person may see are asked for: the shape of statements that are composed once."""
    return user.role, has_charge(user)


def beholder(user: User) -> dict[str, Any]:
    """The values of such a statement: {"user": the person's id, "path": of the team in their charge}."""
    return {"user": user.pk, "path": user.team.path if user.is_manager and user.team is not None else ""}


def somebody(sight: Any, user: int, path: str) -> User:
    """Somebody who sees so; id and path may be stand-ins."""
    role, has_team = sight
    return User(pk=user, role=role, team=Team(path=path) if has_team else None)


def sees_everything(sight: Any) -> bool:
    """Whether no row is out of sight for who sees so."""
    return somebody(sight, 0, "").sees_everything


def _union(*ids: QuerySet[Any]) -> QuerySet[Any]:
    """Ids that are in one of these: a union of indexed sets, many times faster than OR across tables."""
    first, *rest = (each.order_by() for each in ids)
    return first.union(*rest) if rest else first


def is_above(user: User, person: User) -> bool:
    """Whether `user` is a manager above `person`; nobody is above themselves."""
    if not user.is_manager or user.pk == person.pk or user.team is None or person.team is None:
        return False
    return person.team.path.startswith(user.team.path)


def managers_above(person: User) -> Any:
    """The managers in charge of a person, whose team must be loaded; nobody of somebody without a team."""
    if person.team is None:
        return User.objects.none()
    ids = [int(part) for part in person.team.path.split("/") if part]
    return User.objects.filter(role=User.Role.MANAGER, team_id__in=ids).exclude(pk=person.pk)


def _in_charge(user: User) -> Q:
    """Of opportunities: those that a rep or manager owns, is in charge of, or was added to."""
    added = apps.get_model("opportunities", "Collaborator").objects.filter(user=user).order_by()
    return _owned(user) | Q(Among(F("pk"), added.values("opportunity_id").query))


def _owned(user: User) -> Q:
    if not user.is_manager or user.team is None:
        return Q(owner=user.pk)
    return Q(Among(F("owner_id"), portfolio(user).order_by().values("pk").query))


def managers_above_each(owner: str) -> Any:
    """Likewise in SQL: the managers in charge of the person to whom `owner` leads from a row of the outer query."""
    path = ExpressionWrapper(OuterRef(f"{owner}__team__path"), output_field=CharField())
    managers = User.objects.filter(role=User.Role.MANAGER).alias(its_path=path)
    return managers.filter(its_path__startswith=F("team__path")).exclude(pk=OuterRef(owner))


def opportunity_ids(user: User, among: Any = None) -> QuerySet[Any]:
    """Ids of the opportunities that a rep or manager owns, is in charge of, or was added to.

    `among`, ids or a query of them, narrows them: to ask for a few rows costs little then.
    """
    rows = apps.get_model("opportunities", "Opportunity").objects.filter(_in_charge(user)).order_by()
    return rows.values("pk") if among is None else rows.filter(pk__in=among).values("pk")


def visible_opportunities(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset if user.sees_everything else queryset.filter(_in_charge(user))


def editable_opportunities(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset.filter(_in_charge(user)) if user.sells else queryset.none()


def _own_customers(user: User) -> list[QuerySet[Any]]:
    customers = apps.get_model("customers", "Customer").objects
    owned = [customers.filter(owner__in=portfolio(user).values("pk")).values("pk")]
    if user.is_manager and user.team is not None:
        owned.append(customers.filter(owner=None, team__path__startswith=user.team.path).values("pk"))
    return owned


def _customers_of_opportunities(user: User, among: Any = None) -> QuerySet[Any]:
    opportunities = apps.get_model("opportunities", "Opportunity").objects
    if among is None:
        return opportunities.filter(pk__in=opportunity_ids(user)).values("customer_id")
    of_these = opportunities.filter(customer_id__in=among)
    return of_these.filter(pk__in=opportunity_ids(user, of_these.order_by().values("pk"))).values("customer_id")


def customer_ids(user: User, among: Any = None) -> QuerySet[Any]:
    """Ids of the customers a rep or manager may read: their own, and those of opportunities they may see.

    `among` narrows as in `opportunity_ids`.
    """
    own = _own_customers(user)
    if among is not None:
        own = [part.filter(pk__in=among) for part in own]
    return _union(*own, _customers_of_opportunities(user, among))


def visible_customers(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset if user.sees_everything else queryset.filter(pk__in=customer_ids(user))


def editable_customers(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset.filter(pk__in=_union(*_own_customers(user))) if user.sells else queryset.none()


def visible_with_customer(queryset: QuerySet[Any], user: User, field: str = "customer_id") -> QuerySet[Any]:
    """Rows that hang on a customer: contracts, NPS answers, assessments, account plans. `field` leads to its id."""
    return queryset if user.sees_everything else queryset.filter(**{f"{field}__in": customer_ids(user)})


def editable_with_customer(queryset: QuerySet[Any], user: User, field: str = "customer_id") -> QuerySet[Any]:
    return queryset.filter(**{f"{field}__in": _union(*_own_customers(user))}) if user.sells else queryset.none()


def visible_contacts(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    if user.sees_everything:
        return queryset
    customers = customer_ids(user)
    if has_charge(user):
        return queryset.filter(customer_id__in=customers)
    return queryset.filter(Among(F("customer_id"), customers.query))  # few: each is looked up in an index


def editable_contacts(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Contacts of customers one may edit, or of the customer of an opportunity one may edit."""
    return queryset.filter(customer_id__in=customer_ids(user)) if user.sells else queryset.none()


def visible_orders(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Orders of visible customers, and those sold by oneself or by people in one's charge."""
    if user.sees_everything:
        return queryset
    orders = apps.get_model("customers", "Order").objects
    sold = orders.filter(owner__in=portfolio(user).values("pk")).values("pk")
    bought = orders.filter(customer_id__in=customer_ids(user)).values("pk")
    return queryset.filter(pk__in=_union(bought, sold))


def visible_with_opportunity(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Rows that hang on an opportunity: evidence, stakeholders, plans, decisions."""
    return queryset if user.sees_everything else queryset.filter(opportunity_id__in=opportunity_ids(user))


def editable_with_opportunity(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset.filter(opportunity_id__in=opportunity_ids(user)) if user.sells else queryset.none()


def visible_attachments(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Files of visible opportunities, and those of the playbook, which is everybody's."""
    if user.sees_everything:
        return queryset
    return queryset.filter(Q(opportunity_id__in=opportunity_ids(user)) | Q(playbook_entry__isnull=False))


def _activities(user: User, customers: QuerySet[Any]) -> QuerySet[Any]:
    """Ids of activities: with the opportunity; without one with the customer; with neither with their owner."""
    activities = apps.get_model("opportunities", "Activity").objects
    alone = activities.filter(opportunity=None)
    return _union(
        activities.filter(opportunity_id__in=opportunity_ids(user)).values("pk"),
        alone.filter(customer_id__in=customers).values("pk"),
        alone.filter(customer=None, owner__in=portfolio(user).values("pk")).values("pk"),
    )


def visible_activities(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    return queryset if user.sees_everything else queryset.filter(pk__in=_activities(user, customer_ids(user)))


def visible_among_few_activities(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Likewise where few rows are left, somebody's own for instance: each is looked at, no ids are gathered."""
    if user.sees_everything:
        return queryset
    with_customer, alone = (
        Q(customer_id__in=customer_ids(user)),
        Q(customer=None, owner__in=portfolio(user).values("pk")),
    )
    return queryset.filter(
        Q(opportunity_id__in=opportunity_ids(user)) | Q(with_customer | alone, opportunity__isnull=True)
    )


def editable_activities(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Those of editable opportunities, else of editable customers, else one's own and those in one's charge."""
    if not user.sells:
        return queryset.none()
    return queryset.filter(pk__in=_activities(user, _union(*_own_customers(user))))


def reads_sensitive(user: User, owner: User, author_id: int | None) -> bool:
    """Whether somebody who sees a row reads its sensitive fields: the owner, managers above, the author."""
    return user.pk in (owner.pk, author_id) or is_above(user, owner)


# What a person is told about, by the name of its model: shown only while they may see that row.
TOLD_ABOUT = {"opportunity": opportunity_ids, "customer": customer_ids}
TOLD_ADMINS = ("importrun", "exportrun", "nightlyrun")
TOLD_EVERYBODY = ("", "user")  # about no row, and about people, whose names are everybody's


def _told_about(user: User) -> tuple[str, ...]:
    """The models of which this person may see every row."""
    everything = (*TOLD_EVERYBODY, *TOLD_ABOUT) if user.sees_everything else TOLD_EVERYBODY
    return (*everything, *TOLD_ADMINS) if user.is_admin else everything


def visible_notifications(queryset: QuerySet[Any], user: User) -> QuerySet[Any]:
    """A person's own among these, those about a row only while they may see it."""
    shown, own = Q(model__in=_told_about(user)), queryset.filter(recipient=user)
    if not user.sees_everything:
        for name, ids in TOLD_ABOUT.items():
            about = own.filter(model=name).order_by().values("object_id")
            shown |= Q(model=name, object_id__in=ids(user, among=about))
    return own.filter(shown)


def may_see(user: User, model: str, ids: set[int]) -> set[int]:
    """Those of these rows, named as notifications name them, that this person may see. At most one query."""
    if model in _told_about(user):
        return ids
    if model not in TOLD_ABOUT:
        return set()
    return {row["pk"] for row in TOLD_ABOUT[model](user, among=ids)}


def assignable_people(user: User) -> QuerySet[Any]:
    """To whom this person may give a row: managers among those in their charge and themselves, admins anybody."""
    if user.is_admin:
        return User.objects.all()
    return portfolio(user)


def may_give_to(user: User, person: User) -> bool:
    """Whether `person` is one of the assignable people, without a query when their team is loaded."""
    return user.is_admin or user.pk == person.pk or is_above(user, person)


def may_assign(user: User, owner: User | None) -> bool:
    """Whether this person may take a row from `owner` to give it to somebody else."""
    if user.is_admin:
        return True
    if not user.is_manager or owner is None:
        return False
    return owner.pk == user.pk or is_above(user, owner)


def teams_in_scope(user: User) -> QuerySet[Any]:
    """The teams whose computed answers this person may ask for."""
    if user.sees_everything:
        return Team.objects.all()
    if user.is_manager and user.team is not None:
        return Team.objects.below(user.team)
    return Team.objects.none()


def people_in_scope(user: User) -> QuerySet[Any]:
    """The people whose computed answers this person may ask for."""
    return User.objects.all() if user.sees_everything else portfolio(user)
