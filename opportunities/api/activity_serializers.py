"""Activities and their kinds as the API shows and takes them."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import GivenMomentField, KeyedSerializer, MomentField, person
from accounts.models import User
from accounts.selectors import calendar
from config.web.api import ReferenceField, SeenSerializer
from customers.api.serializers import CustomerField, customers_of
from customers.models import Contact
from opportunities.actions import Evidence, NextStep
from opportunities.actions.activities import DEBRIEF, PLAN
from opportunities.api.serializers import sensible_day
from opportunities.models import Activity, ActivityKind, FactorKey, Grade, Opportunity
from opportunities.rules import LONGEST_REASON
from opportunities.rules.evidence import TOP

MOST_RECORDS = 30
MOST_CONTACTS = 50
FOLLOWING = ("evidence", "next_step", "next_step_due", "opportunity_version")  # what goes to the opportunity


def contacts_of(user: User) -> QuerySet[Any]:
    """The contacts that somebody may name."""
    return Contact.objects.visible_to(user).in_use()


def opportunities_of(user: User) -> QuerySet[Any]:
    """The opportunities that somebody may name."""
    return Opportunity.objects.visible_to(user).in_use().select_related("customer")


def kinds_of(_user: User) -> QuerySet[Any]:
    return ActivityKind.objects.all()


@extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": MOST_CONTACTS, "examples": [["p-88"]]})
class ContactsField(serializers.Field[Any, Any, Any, Any]):
    """Contacts by their keys; one that is unknown or out of sight is refused with the same words. One query.

    Those whom the activity is with so far may stay, also when they were archived since.
    """

    def to_internal_value(self, data: Any) -> list[Contact]:
        if not isinstance(data, list) or not all(isinstance(key, str) and "\x00" not in key for key in data):
            raise serializers.ValidationError(_("Send a list of keys."))
        if len(data) > MOST_CONTACTS:
            raise serializers.ValidationError(_("These are too many."))
        among = Q(pk__in=contacts_of(self.context["request"].user).values("pk"))
        activity = self.context.get("activity") or getattr(self.parent, "instance", None)
        if activity is not None:
            among |= Q(pk__in=activity.contacts.through.objects.filter(activity=activity).values("contact"))
        found = list(Contact.objects.filter(among, key__in=data))
        if len(found) < len(set(data)):
            raise serializers.ValidationError(_("There is no such choice."))
        return found

    def to_representation(self, value: Any) -> list[str]:
        return [contact.key for contact in value.all()]


class TimeField(GivenMomentField):
    """A moment of the years that a sale may have."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[sensible_moment], **kwargs)


def sensible_moment(moment: datetime) -> None:
    """A moment of a day that a sale may have."""
    try:
        day = calendar().local_date(moment)
    except OverflowError as error:
        raise serializers.ValidationError(_("Enter a date between 1970 and 2199.")) from error
    sensible_day(day)


class WitnessField(ReferenceField):
    """Who said so; those of all records are read at once."""

    def read_together(self, records: list[Any]) -> None:
        """Read the contacts that these records name, as they were sent. One query."""
        keys = [record.get(self.field_name) for record in records if isinstance(record, dict)]
        named = [key for key in keys if isinstance(key, str) and "\x00" not in key]
        self.found = {row.key: row for row in self.get_queryset().filter(key__in=named)} if named else {}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.found:
            self.fail("invalid")
        return self.found[data]


class EvidenceList(serializers.ListSerializer[Any]):
    """Records of one act."""

    def to_internal_value(self, data: Any) -> Any:
        records = data[:MOST_RECORDS] if isinstance(data, list) else []
        self.child.fields["contact"].read_together(records)  # type: ignore[union-attr]
        return super().to_internal_value(data)


class EvidenceSerializer(serializers.Serializer[Any]):
    """A record of a rung that the activity proved; a joint visit is a trace for E2."""

    class Meta:
        list_serializer_class = EvidenceList

    factor = serializers.ChoiceField(choices=FactorKey.choices)
    level = serializers.IntegerField(min_value=1, max_value=TOP)
    grade = serializers.ChoiceField(choices=Grade.choices)
    evidence = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    contact = WitnessField(among=contacts_of, required=False, allow_null=True, default=None)
    said_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[sensible_day])
    link = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")


class Following(serializers.Serializer[Any]):
    """What goes to the opportunity in the same act; `opportunity_version`: the one that the caller saw, if any."""

    evidence = EvidenceSerializer(many=True, required=False, write_only=True, max_length=MOST_RECORDS)  # type: ignore[call-arg]
    next_step = serializers.CharField(max_length=500, required=False, allow_blank=True, write_only=True)
    next_step_due = serializers.DateField(
        required=False, allow_null=True, write_only=True, validators=[sensible_day]
    )  # fmt: skip
    opportunity_version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, write_only=True
    )  # fmt: skip

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("next_step_due") and not given.get("next_step", "").strip():
            raise serializers.ValidationError({"next_step": [_("Say what is to be done by then.")]})
        return given


def what_follows(given: dict[str, Any]) -> dict[str, Any]:
    """Takes what goes to the opportunity out of a checked body; an empty next step leaves the present one."""
    found = {name: given.pop(name) for name in FOLLOWING if name in given}
    records = [Evidence(**dict(each)) for each in found.get("evidence", [])]
    if not found.get("next_step", "").strip():
        return {"evidence": records}
    step = NextStep(found["next_step"], found.get("next_step_due"), found.get("opportunity_version"))
    return {"evidence": records, "next_step": step}


class ActivitySerializer(KeyedSerializer, Following):
    """An activity: done when `done_at` is set, cancelled when `cancelled_at` is, else planned.

    With an opportunity its customer is that of the opportunity.
    """

    kind = ReferenceField(among=kinds_of)
    customer = CustomerField(among=customers_of, allow_null=True, required=False)
    opportunity = ReferenceField(among=opportunities_of, allow_null=True, required=False)
    owner = person(required=False)
    contacts = ContactsField(required=False)
    planned_at = TimeField(allow_null=True, required=False)
    done_at = TimeField(allow_null=True, required=False)
    promised_by = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    cancelled_at = MomentField(allow_null=True)
    coached_by = person(read_only=True, allow_null=True)
    coached_at = MomentField(allow_null=True)
    created_at = MomentField()

    class Meta:
        model = Activity
        fields = (
            "id", "key", "kind", "customer", "opportunity", "owner", "contacts", "planned_at", "done_at",
            "cancelled_at", "cancelled_reason", *PLAN, *DEBRIEF, "coaching", "coached_by", "coached_at", "created_at",
            "version", *FOLLOWING,
        )  # fmt: skip
        read_only_fields = ("version", "coaching", "cancelled_reason")
        create_only = ("key", "owner", "done_at", *FOLLOWING)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and given.get("done_at") is None:
            told = [name for name in (*DEBRIEF, *FOLLOWING) if given.get(name)]
            if told:
                text = _("What came of it is said with done_at.")
                raise serializers.ValidationError({name: [text] for name in told})
        return super().validate(given)


class DebriefSerializer(Following):
    """What came of it."""

    done_at = TimeField()
    outcome = serializers.CharField(max_length=500, required=False, allow_blank=True)
    said = serializers.CharField(max_length=500, required=False, allow_blank=True)
    promised = serializers.CharField(max_length=500, required=False, allow_blank=True)
    promised_by = serializers.DateField(required=False, allow_null=True, validators=[sensible_day])
    skill = serializers.CharField(max_length=500, required=False, allow_blank=True)
    contacts = ContactsField(required=False)


class DebriefBody(SeenSerializer, DebriefSerializer):
    """Named for the schema: a debrief with the version of the activity."""


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class CancelBody(SeenSerializer, CancelSerializer):
    """Why it does not take place."""


class CoachSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=1000, allow_blank=True)


class CoachBody(SeenSerializer, CoachSerializer):
    """A manager's note; empty: it is taken back."""


class ActivityKindSerializer(KeyedSerializer):
    """A kind of activity as the company calls it."""

    position = serializers.IntegerField(min_value=1, max_value=32000, required=False)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = ActivityKind
        fields = ("id", "key", "name_zh", "name_en", "base", "position", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key",)
