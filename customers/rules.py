"""When two names are one customer's. Pure: no ORM, no request, no clock."""

from unicodedata import normalize


def normalised_name(name: str) -> str:
    """The name without width, case, spaces and punctuation: `ＡＢＣ （上海）` and `abc上海` are one."""
    return "".join(char for char in normalize("NFKC", name).casefold() if char.isalnum())
