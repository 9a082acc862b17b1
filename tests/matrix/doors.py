"""A door: an address, how it is asked, and who gets in."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from customers.rules.tiers import CRITERIA

ROLES = ["rep", "mate", "manager", "other_manager", "executive", "admin", "anonymous"]
# Who may do what is the same on both databases: PostgreSQL answers every other role, SQLite all of them.
ASKED = ROLES[1::2] if connection.vendor == "postgresql" else ROLES
HIDDEN = {  # words that a role must not meet anywhere
    "rep": ["WESTERN", "8123456", "8,123,456"],
    "mate": ["WESTERN", "EASTERN", "8123456", "8,123,456", "7654321", "7,654,321"],
    "manager": ["WESTERN", "8123456", "8,123,456"],
    "other_manager": ["EASTERN", "7654321", "7,654,321"],
    "executive": [],
    "admin": [],
    "anonymous": ["WESTERN", "EASTERN", "8123456", "8,123,456", "7654321", "7,654,321"],
}

# One letter a role, in the order of ROLES: i gets in (also when the input is refused), r refused (403), h hidden
# (404), s is sent to the sign-in (or 401), t gets in and what they sent is taken.
ANYBODY = "iiiiiii"
EVERYBODY = "iiiiiis"
OWNED = "ihihiis"  # those who may see the rep's row
EDITED = "ihihrrs"  # of these, those who may change it
ABOVE = "rhihrrs"  # managers above the owner, in their charge
ASKS = "thihrrs"  # who may change it asks for a waiver, unless they waive themselves
ADMINS = "rrrrris"
SELLERS, SELLERS_AND_ADMINS = "iiiirrs", "iiiiris"
AUTHORS = "rriiris"  # of the playbook
NOBODY = "hhhhhhh"
SCORES = dict.fromkeys(CRITERIA, 3)
LIFT = 900_001  # the id of a product


@dataclass(frozen=True)
class Door:
    """One request: expected letters, the row in the address (`of`), method, body, query, whether the gate holds."""

    who: str
    of: str = ""
    method: str = "get"
    body: Any = None
    query: str = ""
    kwargs: tuple[tuple[str, Any], ...] = ()
    enforced: bool = False


def post(who: str, of: str = "", **body: Any) -> Door:
    return Door(who, of, "post", body)


def ask(**body: Any) -> Door:
    """Ask for a waiver while the gate is enforced."""
    return Door(ASKS, "opportunity", "post", {"stage": "decide", "reason": "Chairman", **body}, enforced=True)


def patch(who: str, of: str = "", **body: Any) -> Door:
    return Door(who, of, "patch", {"version": 1, **body})


def delete(who: str, of: str = "") -> Door:
    return Door(who, of, "delete", {"version": 1})
