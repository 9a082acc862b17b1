"""When two customers are one: names, credit codes, phones, mail domains made comparable. Pure: no ORM, no request."""

import re
from typing import Any
from unicodedata import normalize

from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc

LONGEST = 200
CODE_LENGTH = 18
OLD_NUMBER = re.compile(r"\d{15}")
LEGAL_ENDS = (
    "股份有限公司", "有限责任公司", "集团公司", "有限公司", "股份公司", "总公司", "股份", "集团", "公司",
)  # fmt: skip
LEGAL_WORDS = {
    "co", "company", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "gmbh", "ag", "kg", "llc", "llp",
    "lp", "plc", "pte", "pty", "pvt", "bv", "nv", "srl", "sarl", "group",
}  # fmt: skip
WORD = re.compile(r"[^\W_]+")
PUBLIC_MAIL = {
    "qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "yeah.net", "188.com", "sina.com",
    "sina.cn", "sohu.com", "139.com", "189.cn", "wo.cn", "aliyun.com", "tom.com", "21cn.com", "gmail.com",
    "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "yahoo.com",
    "yahoo.cn", "yahoo.com.cn", "protonmail.com", "proton.me", "gmx.com", "gmx.de", "mail.com", "aol.com",
}  # fmt: skip
SHORTEST_PHONE = 7
LONGEST_PHONE, LONGEST_DOMAIN = 60, 254  # what their columns hold: some signs are several once they are normalised
MOBILE = re.compile(r"1[3-9]\d{9}")
WHOLE = re.compile(rf"{MOBILE.pattern}|0?(?:10|[2-9]\d)\d{{8,9}}")  # or a landline with its area


def normalised_name(name: str) -> str:
    """The name without width, case, spaces, punctuation and legal ending: `ＡＢＣ （上海）有限公司` is `abc上海`.

    Never empty while there is a letter or digit in it; at most 200 characters.
    """
    words = WORD.findall(normalize("NFKC", name).casefold())
    while len(words) > 1 and words[-1] in LEGAL_WORDS:
        words.pop()
    return _without_legal_end("".join(words))[:LONGEST]


def _without_legal_end(text: str) -> str:
    end = next((end for end in LEGAL_ENDS if text.endswith(end)), None)
    return text if end is None or text == end else _without_legal_end(text.removesuffix(end))


def normalised_code(code: str) -> str:
    """A unified social credit code in half-width capitals, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", normalize("NFKC", code)).upper()


def is_credit_code(code: str) -> bool:
    """Whether a normalised code is one of GB 32100-2015: 18 characters, their alphabet, the check character."""
    return len(code) == CODE_LENGTH and uscc.is_valid(code)


def wrong_in_credit_code(code: str) -> Any:
    """What is wrong with a normalised code, in words; None when it is one."""
    if is_credit_code(code):
        return None
    if OLD_NUMBER.fullmatch(code):
        return _(
            "This is the old registration number of 15 digits. The unified social credit code that replaced it has 18 "
            "characters."
        )
    if len(code) != CODE_LENGTH:
        return _("A unified social credit code has 18 characters.")
    return _("This is no unified social credit code: its check character is wrong.")


def normalised_phone(phone: str) -> str:
    """Digits alone, as one dials within China; a number abroad keeps its country code behind `+`."""
    text = normalize("NFKC", phone).strip()
    digits = re.sub(r"\D", "", text)
    abroad = text.startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00") if abroad else digits
    if abroad and not digits.startswith("86"):
        return f"+{digits}" if digits else ""
    rest = digits.removeprefix("86")
    from_abroad = abroad or (rest != digits and WHOLE.fullmatch(rest))
    return _with_trunk(rest) if from_abroad else digits


def _with_trunk(digits: str) -> str:
    """A number dialled from abroad, as it is dialled within the country: an area code has its 0."""
    if not digits or digits.startswith(("0", "400", "800")) or MOBILE.fullmatch(digits):
        return digits
    return f"0{digits}"


def normalised_domain(text: str) -> str:
    """The host of a mail address or web address, in small letters, without `www.`."""
    host = normalize("NFKC", text).strip().casefold().rpartition("@")[2]
    host = host.partition("://")[2] or host
    return re.split(r"[/:?#]", host)[0].removeprefix("www.").strip(".")


def signs_of_contact(phone: str, email: str) -> dict[str, str]:
    """What tells of a contact which company it belongs to, as `normalised_phone` and `mail_domain`; empty: nothing."""
    found = {"phone": normalised_phone(phone), "domain": normalised_domain(email)}
    phone, domain = (value if is_sign(kind, value) else "" for kind, value in found.items())
    return {"normalised_phone": phone[:LONGEST_PHONE], "mail_domain": domain[:LONGEST_DOMAIN]}


def is_sign(kind: str, value: str) -> bool:
    """Whether an equal value says anything: a short number or a public mail host is everybody's."""
    if kind == "phone":
        return len(value) >= SHORTEST_PHONE
    return bool(value) and not (kind == "domain" and value in PUBLIC_MAIL)
