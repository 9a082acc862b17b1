"""Who bears the signs by which two customers are taken for one: for the check of a new one, the page of pairs, imports.

A customer bears a sign itself, by one that was merged into it (name and credit code), and by its contacts in use (phone
and mail domain).
"""

from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Length

from customers.models import Contact, Customer
from customers.rules.names import PUBLIC_MAIL, SHORTEST_PHONE

SIGNS = ("normalised_name", "credit_code", "phone", "domain")
EXACT = ("credit_code", "normalised_name")
OF_CONTACTS = {"phone": "normalised_phone", "domain": "mail_domain"}  # where contacts have these signs
MANY = 20  # customers with one phone or mail domain: by more it is a switchboard's or a provider's, and tells nothing


def bearers(kind: str) -> list[QuerySet[Any]]:
    """The rows that bear signs of a kind, of all customers: {"sign", "bearer": the id of the customer}."""
    own = Customer.objects.order_by().values(sign=F(kind), bearer=F("pk"))
    if kind in OF_CONTACTS:
        met = Contact.objects.in_use().order_by()
        return [own, met.values(sign=F(OF_CONTACTS[kind]), bearer=F("customer_id"))]
    return [
        own,
        Customer.objects.filter(merged_into__isnull=False).order_by().values(sign=F(kind), bearer=F("merged_into")),
    ]


def borne_sql() -> tuple[str, list[Any]]:
    """SQL of rows (kind, sign, bearer) of all `bearers` whose sign says something (rules.names.is_sign)."""
    return _all_of([_sql(kind, rows) for kind in SIGNS for rows in bearers(kind)])


def shared_sql() -> tuple[str, list[Any]]:
    """Likewise only of signs with two bearers, whoever sees them; once or more. Either way to bear one is read in the
    order of its own index, as a union of them would be sorted as a whole, and a sign is met once, however many bear it.
    """
    return _all_of([_shared(kind) for kind in SIGNS])


def _shared(kind: str) -> tuple[str, list[Any]]:
    (own, own_values), (met, met_values) = (_sql(kind, rows) for rows in bearers(kind))
    signs = f"""
SELECT sign FROM ({own}) o GROUP BY sign HAVING COUNT(*) > 1 UNION
SELECT sign FROM ({met}) m GROUP BY sign HAVING MIN(bearer) <> MAX(bearer) UNION
SELECT o.sign FROM ({own}) o WHERE EXISTS (SELECT 1 FROM ({met}) m WHERE m.sign = o.sign AND m.bearer <> o.bearer)"""
    values = [*own_values, *met_values]
    sql = f"SELECT kind, sign, bearer FROM ({own} UNION ALL {met}) b WHERE sign IN ({signs})"
    return sql, [*values, *values, *values]


def _all_of(parts: list[tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
    return " UNION ALL ".join(sql for sql, _values in parts), [value for _sql, values in parts for value in values]


def _sql(kind: str, rows: QuerySet[Any]) -> tuple[str, list[Any]]:
    sql, values = _telling(kind, rows).query.sql_with_params()
    return sql, list(values)


def _telling(kind: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    rows = rows.exclude(sign="").annotate(kind=Value(kind, output_field=CharField()))
    if kind == "phone":
        rows = rows.alias(size=Length("sign")).filter(size__gte=SHORTEST_PHONE)
    if kind == "domain":
        rows = rows.exclude(sign__in=sorted(PUBLIC_MAIL))
    return rows.values_list("kind", "sign", "bearer")


def not_too_many(kind: str) -> str:
    """SQL: whether the group of those who bear a sign of this kind says something; `kind`: a column."""
    return f"({kind} NOT IN {tuple(OF_CONTACTS)} OR COUNT(*) <= {MANY})"
