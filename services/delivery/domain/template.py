"""Template documents, and Liquid with hard limits: a template can neither reach code nor run away."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.shared.errors import Invalid
from services.shared.permission import MessageClass, needs_permission

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_STOP = re.compile(r"\bSTOP\b")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmailPart(_Part):
    """An e-mail's sources; at least one of `html` and `text` says something."""

    subject: str = Field(min_length=1, max_length=300)
    html: str = Field(default="", max_length=100_000)
    text: str = Field(min_length=1, max_length=50_000)


class SmsPart(_Part):
    """A text message's source."""

    text: str = Field(min_length=1, max_length=1_000)


class Channels(_Part):
    """What the template says on each channel it supports."""

    email: EmailPart | None = None
    sms: SmsPart | None = None

    def names(self) -> list[str]:
        """The channels there are."""
        return [c for c, part in (("email", self.email), ("sms", self.sms)) if part]

    def sources(self, path: str) -> dict[str, str]:
        """Each Liquid source by its path; empty ones are left out."""
        found = {
            f"{path}.email.subject": self.email.subject if self.email else "",
            f"{path}.email.text": self.email.text if self.email else "",
            f"{path}.email.html": self.email.html if self.email else "",
            f"{path}.sms.text": self.sms.text if self.sms else "",
        }
        return {name: source for name, source in found.items() if source}


class TemplateDocument(BaseModel):
    """A template as marketers write it. `class` decides whether permission is needed, so it is never a request's. Of a
    service message, `kind` may say which one it is. `translations` say the same in other languages, by language
    (`nl`), on every channel that `channels` has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    message_class: MessageClass = Field(alias="class")
    purpose: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]{0,63})?$")
    kind: str = ""
    channels: Channels
    translations: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Channels] = Field(
        default={}, max_length=30
    )
    required: list[str] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if needs_permission(self.message_class) and not self.purpose:
            raise ValueError(f"purpose is required: a {self.message_class} message needs permission")
        if self.message_class == "service" and self.purpose:
            raise ValueError("purpose is not allowed for a service message: it needs no permission")
        if self.kind and (needs_permission(self.message_class) or self.kind not in SERVICE_KINDS):
            raise ValueError("kind is one of the service kinds, and only of a service message")
        if not self.sources():
            raise ValueError("channels needs email or sms")
        if needs_permission(self.message_class):
            for name, source in self.sources().items():
                if name.endswith((".email.text", ".email.html")) and "unsubscribe_url" not in source:
                    raise ValueError(f"{name} of a {self.message_class} message must show unsubscribe_url")
        for language, channels in self.translations.items():
            if channels.names() != self.channels.names():
                raise ValueError(f"translations.{language} must have the channels that channels has")
        return self

    def sources(self) -> dict[str, str]:
        """Each Liquid source by its path in the document; empty ones are left out."""
        found = self.channels.sources("channels")
        for language, channels in self.translations.items():
            found |= channels.sources(f"translations.{language}")
        return found

    def supported(self) -> list[str]:
        """The channels the template can take."""
        return self.channels.names()

    def spoken(self, locale: str) -> TemplateDocument:
        """The document with what it says in the language of `locale` (`nl`, `nl-NL`), where it is translated."""
        translated = self.translations.get(locale.replace("_", "-").partition("-")[0].lower())
        return self.model_copy(update={"channels": translated, "translations": {}}) if translated else self

    def ways_out(self) -> list[str]:
        """The channels on which the message itself says how to object: by its link, or a text message by STOP."""
        sms = self.sources().get("channels.sms.text", "")
        return ["email", *(["sms"] if "unsubscribe_url" in sms or _STOP.search(sms) else [])]

    def digest(self) -> str:
        """SHA-256 of the canonical document: the same document is the same version."""
        # Older versions were made without these.
        unsaid = {name for name in ("kind", "translations") if not getattr(self, name)}
        document = self.model_dump(by_alias=True, exclude=unsaid)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Template:
    """A stored version of a document; `version` counts from 1."""

    name: str
    version: int
    document: TemplateDocument


@dataclass(frozen=True)
class Rendered:
    """What one person gets; `subject` and `html` are empty on SMS."""

    text: str
    subject: str = ""
    html: str = ""


class NotRenderable(Exception):
    """A message has no text for this person: `reason` is `missing_attribute` or `render_error`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class _Limited(Environment):
    loop_iteration_limit = 1_000
    output_stream_limit = 200_000
    local_namespace_limit = 20_000
    context_depth_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.filters.pop("safe", None)  # it would switch escaping off
        for tag in ("include", "render"):  # there are no files to load
            self.tags.pop(tag, None)


_PLAIN = _Limited()
_HTML = _Limited(autoescape=True)

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_SCHEME = re.compile(r"[\s\x00-\x20]*(javascript|data|vbscript)\s*:", re.IGNORECASE)


def compile_source(path: str, source: str) -> BoundTemplate:
    """The compiled Liquid of one part.

    Raises:
        Invalid: `template_syntax`, naming `path` and the mistake.
    """
    if any(".." in _LITERAL.sub("", tag) for tag in _TAG.findall(source)):
        # A filter walks a range before any limit of the engine can stop it.
        raise Invalid("template_syntax", f"{path}: ranges (a..b) are not supported")
    environment = _HTML if path.endswith(".html") else _PLAIN
    try:
        template = environment.from_string(source)
        unknown = sorted(template.analyze().filters.keys() - environment.filters.keys())
    except LiquidError as error:
        raise Invalid("template_syntax", f"{path}: {_first_line(error)}") from error
    if unknown:  # the engine itself only notices when a person's data leads there
        raise Invalid("template_syntax", f"{path}: unknown filter {', '.join(unknown)}")
    return template


def check(document: TemplateDocument) -> None:
    """Compile every part and try it without a single variable.

    Raises:
        Invalid: `template_syntax` or `template_error`, naming the part.
    """
    for path, source in document.sources().items():
        template = compile_source(path, source)
        try:
            template.render()
        except (
            Exception
        ) as error:  # the engine may raise anything a filter does; it is always the template's fault
            raise Invalid("template_error", f"{path}: {_first_line(error)}") from error


def render(document: TemplateDocument, channel: str, variables: Mapping[str, Any]) -> Rendered:
    """What the template says on `channel` to the person behind `variables`.

    Raises:
        NotRenderable: a required variable is empty, or the template fails or grows over its limits.
    """
    missing = [name for name in document.required if variables.get(name) in (None, "")]
    if missing:
        raise NotRenderable("missing_attribute", ", ".join(missing))
    prefix = f"channels.{channel}."
    parts: dict[str, str] = {}
    for path, source in document.sources().items():
        if path.startswith(prefix):
            values = _without_scripts(variables) if path.endswith(".html") else dict(variables)
            parts[path.removeprefix(prefix)] = _rendered(path, source, values)
    if "subject" in parts:
        parts["subject"] = " ".join(parts["subject"].split())
    if not parts.get("text", "").strip():
        raise NotRenderable("render_error", f"{prefix}text is empty")
    return Rendered(**parts)


def _rendered(path: str, source: str, values: Mapping[str, Any]) -> str:
    try:
        return str(_compiled(path, source).render(**values))
    except Exception as error:  # as in `check`
        raise NotRenderable("render_error", f"{path}: {_first_line(error)}") from error


def _memo(make: Callable[[str, str], BoundTemplate]) -> Callable[[str, str], BoundTemplate]:
    kept: dict[tuple[str, str], BoundTemplate] = {}

    def compiled(path: str, source: str) -> BoundTemplate:
        if len(kept) > 200:
            kept.clear()
        if (path, source) not in kept:
            kept[path, source] = make(path, source)
        return kept[path, source]

    return compiled


_compiled = _memo(compile_source)


def _without_scripts(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {k: "" if isinstance(v, str) and _SCHEME.match(v) else v for k, v in variables.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
