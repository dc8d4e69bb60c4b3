"""Forms, pop-ups and games: what they may ask, and what a submission of one says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.shared.addresses import normalise_email, normalise_phone
from services.shared.clock import to_iso
from services.shared.contracts.ingest import FormConsent, FormSubmission
from services.shared.errors import Invalid

FORM_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SUBMITTED = "Form Submitted"
MAX_PAGE = 500
MAX_QUESTIONS = 50
RESERVED = frozenset({"anonymousId", "consent", "page", "submissionId"})
"""Names of fields that are no answers."""

_FIELD = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
_ORIGIN = r"^https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_YES, _NO = frozenset({"on", "true", "1", "yes"}), frozenset({"off", "false", "0", "no"})

_Channel = Literal["email", "sms"]
_CONTACTS: Mapping[str, tuple[_Channel, str]] = {"email": ("email", "email"), "phone": ("sms", "phone")}
"""Question types that are an address: its channel, and the trait it must be."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Part):
    """One field. Its answer becomes the trait or the property of that name."""

    name: Annotated[str, Field(pattern=_FIELD)]
    type: Literal["text", "number", "boolean", "choice", "email", "phone"] = "text"
    trait: Annotated[str, Field(pattern=_FIELD)] | None = None
    property: Annotated[str, Field(pattern=_FIELD)] | None = None
    required: bool = False
    multiple: bool = False
    choices: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=100)] = []
    max_length: Annotated[int, Field(ge=1, le=4_000)] = 1_000

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.trait is None) == (self.property is None):
            raise ValueError("a question names a trait or a property, one of them")
        if self.type in _CONTACTS and self.trait not in (None, _CONTACTS[self.type][1]):
            raise ValueError(f"the trait of a question of type {self.type} is {_CONTACTS[self.type][1]}")
        if self.type not in _CONTACTS and self.trait in ("email", "phone"):
            raise ValueError(f"the trait {self.trait} takes a question of type {self.trait}")
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to a question of type choice")
        if self.multiple and self.type != "choice":
            raise ValueError("only a choice can be multiple")
        return self


class AskedPurpose(_Part):
    """A permission the form may ask for, with the text it shows; consent knows purpose and text."""

    purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    channel: _Channel = "email"
    text_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class Rate(_Part):
    """Submissions that count: per IP address and per address given, a UTC day each."""

    per_ip: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    per_address: Annotated[int, Field(ge=1, le=1_000)] = 5


class Thanks(_Part):
    """What a browser without JavaScript shows afterwards."""

    title: Annotated[str, Field(min_length=1, max_length=200)] = "Thank you"
    text: Annotated[str, Field(max_length=1_000)] = "We have received your answers."
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"


class Form(_Part):
    """A form as a marketer describes it. `honeypot` is a field that people don't see and programs fill in.

    Without `allowed_origins` any page may hold it.
    """

    kind: Literal["form", "popup", "game"] = "form"
    name: Annotated[str, Field(max_length=200)] = ""
    questions: Annotated[list[Question], Field(max_length=MAX_QUESTIONS)] = []
    purposes: Annotated[list[AskedPurpose], Field(max_length=20)] = []
    allowed_origins: Annotated[list[Annotated[str, Field(pattern=_ORIGIN)]], Field(max_length=50)] = []
    honeypot: Annotated[str, Field(pattern=_FIELD)] = "website"
    rate: Rate = Rate()
    thanks: Thanks = Thanks()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        names = [question.name for question in self.questions]
        if len(set(names)) < len(names) or RESERVED & {*names, self.honeypot} or self.honeypot in names:
            raise ValueError(f"names are distinct, and none is the honeypot or one of {sorted(RESERVED)}")
        if len({asked.purpose for asked in self.purposes}) < len(self.purposes):
            raise ValueError("a purpose is asked once")
        channels = {_CONTACTS[question.type][0] for question in self.questions if question.type in _CONTACTS}
        if {asked.channel for asked in self.purposes} - channels:
            raise ValueError("a purpose needs a question for the address of its channel")
        return self


class Said(_Part):
    """What a visitor sent, whatever the encoding: answers by question, purposes ticked."""

    answers: dict[str, Any] = {}
    consents: list[str] = []
    anonymous_id: str = ""
    page: str = ""
    submission_id: str = ""


class Heard(_Part):
    """The answers in their types: traits, properties, and addresses by channel."""

    traits: dict[str, Any]
    properties: dict[str, Any]
    addresses: dict[str, str]


def hear(form: Form, said: Said) -> Heard:
    """The answers to the form's own questions; others are not kept.

    Raises:
        Invalid: `missing_answer` or `bad_answer`, naming the question.
    """
    traits: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    addresses: dict[str, str] = {}
    for question in form.questions:
        value = _answer(question, said.answers.get(question.name))
        if value is None:
            if question.required:
                raise Invalid("missing_answer", f"{question.name} needs an answer")
            continue
        if question.type in _CONTACTS:
            addresses.setdefault(_CONTACTS[question.type][0], value)
        if question.trait is not None:
            traits[question.trait] = value
        else:
            properties[question.property or question.name] = value
    return Heard(traits=traits, properties=properties, addresses=addresses)


def consents(form: Form, ticked: Sequence[str], addresses: Mapping[str, str]) -> list[FormConsent]:
    """The permissions asked for, with the texts that were shown.

    Raises:
        Invalid: `unknown_purpose`, or `missing_answer` where there is no address to ask at.
    """
    offered = {asked.purpose: asked for asked in form.purposes}
    found = []
    for purpose in dict.fromkeys(ticked):
        asked = offered.get(purpose)
        if asked is None:
            raise Invalid("unknown_purpose", "the form does not ask for this purpose")
        if asked.channel not in addresses:
            raise Invalid("missing_answer", f"purpose {purpose} needs an address for {asked.channel}")
        found.append(FormConsent(**asked.model_dump(), address=addresses[asked.channel]))
    return found


def page_of(url: str) -> str:
    """Where a form stood: no query and no fragment, which may hold what is nobody's business."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or not url.isprintable():
        return ""
    return f"{parts.scheme}://{host}{parts.path}"[:MAX_PAGE]


def events_of(submission: FormSubmission) -> list[dict[str, Any]]:
    """A submission as customer events: who it is, where anything is said of that, and that it was sent."""
    head = {"anonymousId": submission.anonymous_id, "timestamp": to_iso(submission.at)}
    context = {"page": {"url": submission.page}} if submission.page else {}
    submitted = {
        "type": "track",
        "event": SUBMITTED,
        "messageId": f"{submission.submission_id}-form",
        **head,
        "context": context,
        "properties": {
            "form_id": submission.form,
            "form_version": submission.form_version,
            "form_kind": submission.kind,
            "page": submission.page,
            "answers": submission.answers,
            "purposes": [consent.purpose for consent in submission.consents],
        },
    }
    if not submission.traits:
        return [submitted]
    identified = {
        "type": "identify",
        "messageId": f"{submission.submission_id}-who",
        **head,
        "context": context,
        "traits": submission.traits,
    }
    return [identified, submitted]


def _answer(question: Question, value: Any) -> Any:
    """The answer in its type; `None` when there is none."""
    if question.multiple:
        return _choices(question, value)
    if isinstance(value, list):
        value = value[-1] if value else None
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return _READ[question.type](question, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid("bad_answer", f"{question.name} is not an answer of type {question.type}") from error


def _choices(question: Question, value: Any) -> list[str] | None:
    given = [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
    if not all(isinstance(one, str) and one in question.choices for one in given):
        raise Invalid("bad_answer", f"{question.name} is not an answer of type {question.type}")
    return list(dict.fromkeys(given)) or None


def _text(question: Question, value: Any) -> str:
    if not isinstance(value, str) or len(value) > question.max_length or _UNPRINTABLE.search(value):
        raise ValueError("no text, or too much")
    value.encode()  # half a surrogate pair is no text
    return value.strip()


def _number(_: Question, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 30:
        raise ValueError("no number")
    number = float(value)
    if not math.isfinite(number) or abs(number) > 1e15:
        raise ValueError("not finite")
    return int(number) if number.is_integer() else number


def _boolean(_: Question, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said not in _YES | _NO:
        raise ValueError("neither yes nor no")
    return said in _YES


def _choice(question: Question, value: Any) -> str:
    if value not in question.choices:
        raise ValueError("not among the choices")
    return str(value)


def _email(question: Question, value: Any) -> str:
    text = _text(question, value)
    normalise_email(text)
    return text


def _phone(question: Question, value: Any) -> str:
    text = _text(question, value)
    normalise_phone(text)
    return text


_READ = {
    "text": _text,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "email": _email,
    "phone": _phone,
}
