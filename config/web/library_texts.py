"""Texts of libraries whose own Simplified Chinese lacks them: named here, so that our catalogue has them."""

from django.utils.translation import gettext_noop, ngettext_lazy

TEXTS = (
    # Django
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    gettext_noop("%(model)s instance with %(field)s %(value)r is not a valid choice."),
    # Django REST framework
    gettext_noop("A valid biginteger is required."),
    gettext_noop("Integer value too large to convert to float"),
    # django-filter
    gettext_noop("Range query expects two values."),
)
