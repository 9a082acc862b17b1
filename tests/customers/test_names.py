"""When two names, codes, phones, domains are one."""

import pytest

from customers.rules.names import (
    is_credit_code,
    is_sign,
    normalised_code,
    normalised_domain,
    normalised_name,
    normalised_phone,
    signs_of_contact,
    wrong_in_credit_code,
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ＡＢＣ （上海）", "abc上海"),
        ("远航汽车有限公司", "远航汽车"),
        ("远航汽车 股份 有限公司", "远航汽车"),
        ("远航汽车集团股份有限公司", "远航汽车"),
        ("远航汽车（集团）有限责任公司", "远航汽车"),
        ("有限公司远航", "有限公司远航"),
        ("有限公司", "有限公司"),
        ("集团", "集团"),
        ("上海Acme Co., Ltd.", "上海acme"),
        ("Acme, Inc", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("Zinc", "zinc"),
        ("Inc.", "inc"),
        ("Company Ltd", "company"),
        ("Co-op Corp", "coop"),
        ("！！", ""),
        ("甲" * 300, "甲" * 200),
    ],
)  # fmt: skip
def test_names(name, wanted):
    assert normalised_name(name) == wanted


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("91110000600037341L", True),
        ("91110000600037341l", True),
        ("９１１１００００６０００３７３４１Ｌ", True),
        ("9111 0000-600037341L", True),
        ("91110000600037341M", False),
        ("91110000600037342L", False),
        ("91110000600037341", False),
        ("91110000600037341LL", False),
        ("9111000060003734IL", False),
        ("", False),
        ("x" * 18, False),
    ],
)
def test_credit_codes(code, good):
    assert is_credit_code(normalised_code(code)) is good
    assert (wrong_in_credit_code(normalised_code(code)) is None) is good


@pytest.mark.parametrize(
    ("phone", "wanted"),
    [
        ("+86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８ ００１３ ８０００", "13800138000"),
        ("+86 21 6888 1234", "02168881234"),
        ("(021) 6888-1234", "02168881234"),
        ("+86 400 800 1234", "4008001234"),
        ("86 21 6888 1234", "02168881234"),
        ("86-021-6888 1234", "02168881234"),
        ("86 571 8888 1234", "057188881234"),
        ("86 755 888 1234", "07558881234"),
        ("86 400 800 1234", "4008001234"),
        ("8621 6888", "86216888"),
        ("86 6888 1234", "8668881234"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("", ""),
        ("none", ""),
    ],
)
def test_phones(phone, wanted):
    assert normalised_phone(phone) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sales@Example.COM", "example.com"),
        ("https://www.example.com/about", "example.com"),
        ("ＥＸＡＭＰＬＥ．com", "example.com"),
        ("", ""),
    ],
)
def test_domains(text, wanted):
    assert normalised_domain(text) == wanted


def test_what_is_everybodys_is_no_sign():
    assert not is_sign("domain", "qq.com")
    assert is_sign("domain", "example.com")
    assert not is_sign("phone", "110")
    assert not is_sign("normalised_name", "")


def test_what_a_contact_tells_of_its_company():
    assert signs_of_contact("+86 21 6888 1234", "li@Sail.com") == {
        "normalised_phone": "02168881234", "mail_domain": "sail.com",
    }  # fmt: skip
    for phone, email in (("110", "li@vip.163.com"), ("", "li@gmail.com"), ("", "")):
        assert signs_of_contact(phone, email) == {"normalised_phone": "", "mail_domain": ""}
