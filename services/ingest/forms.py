"""Forms: marketers define them, anybody may send them; the answer never tells whether we know the sender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from services.ingest.domain.forms import FORM_ID, Form, Heard, Said, consents, hear, page_of
from services.ingest.domain.identifiers import read_text_id
from services.ingest.domain.structure import check_structure
from services.ingest.profiles.tell import Publisher
from services.shared.addresses import normalise_address
from services.shared.clock import Clock
from services.shared.contracts.ingest import FormSubmission, FormSubmitted
from services.shared.errors import Conflict, HalteError, Invalid, NotFound
from services.shared.ids import keyed_hash, stable_id

Outcome = Literal["taken", "honeypot", "limited"]
"""For the log; visitors get the same answer."""

_CLIP = 300
_MIN_SUBMISSION_ID = 16


class Forbidden(HalteError):
    """The form stands on a page it is not meant for (403)."""

    status = 403


class Forms(Protocol):
    """Forms by id, each with its version (0: there is none)."""

    def get(self, form_id: str) -> tuple[Form | None, int]: ...

    def put(self, form_id: str, form: Form, version: int) -> bool:
        """Write the version after `version`; false when somebody else did."""
        ...

    def remove(self, form_id: str) -> bool: ...

    def all(self) -> dict[str, tuple[Form, int]]: ...


class Counters(Protocol):
    """How often something happened."""

    def admit(self, counter: str, limit: int, expires_at: datetime) -> bool:
        """Count one more; false when `limit` is reached."""
        ...


class FormRegistry:
    """The marketers' side."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms

    def put(self, form_id: str, form: Form) -> tuple[bool, dict[str, Any]]:
        """Create or change a form: whether it is new, and what to answer. Every change is a new version.

        Raises:
            Invalid: `bad_form_id`.
            Conflict: `changed_meanwhile`.
        """
        if not FORM_ID.fullmatch(form_id):
            raise Invalid("bad_form_id", "id is not 1 to 63 lower-case letters, digits, - and _")
        stored, version = self._forms.get(form_id)
        if stored == form:
            return False, _shown(form_id, form, version)
        if not self._forms.put(form_id, form, version):
            raise Conflict("changed_meanwhile", "the form was changed meanwhile; read it again")
        return version == 0, _shown(form_id, form, version + 1)

    def show(self, form_id: str) -> dict[str, Any]:
        """A form.

        Raises:
            NotFound: `unknown_form`.
        """
        form, version = self._forms.get(form_id)
        if form is None:
            raise NotFound("unknown_form", "there is no form of this id")
        return _shown(form_id, form, version)

    def all(self) -> dict[str, Any]:
        """`{"forms": [...]}`, by id."""
        return {
            "forms": [_shown(i, form, version) for i, (form, version) in sorted(self._forms.all().items())]
        }

    def delete(self, form_id: str) -> None:
        """Take no more submissions.

        Raises:
            NotFound: `unknown_form`.
        """
        if not self._forms.remove(form_id):
            raise NotFound("unknown_form", "there is no form of this id")


@dataclass(frozen=True)
class Visitor:
    """Who sends a form: `ip` as the API saw it, and what the browser says of itself and of the page."""

    ip: str
    user_agent: str = ""
    locale: str = ""
    origin: str = ""
    referer: str = ""


class Submissions:
    """The public side. A submission is one fact on the bus, from which ingest's own queue and consent both live: there
    is no moment at which one of them has it and the other never will."""

    def __init__(
        self,
        *,
        forms: Forms,
        counters: Counters,
        publisher: Publisher,
        secret: Callable[[], str],
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._forms = forms
        self._counters = counters
        self._publisher = publisher
        self._secret = secret
        self._clock = clock
        self._new_id = new_id

    def form(self, form_id: str) -> tuple[Form, int]:
        """The form and its version.

        Raises:
            NotFound: `unknown_form`.
        """
        form, version = self._forms.get(form_id)
        if form is None:
            raise NotFound("unknown_form", "there is no form of this id")
        return form, version

    def submit(self, form_id: str, said: Said, visitor: Visitor) -> Outcome:
        """Take a submission.

        Raises:
            NotFound: `unknown_form`.
            Forbidden: `origin_not_allowed`.
            Invalid: `missing_answer`, `bad_answer`, `unknown_purpose`, `bad_identifier`, `bad_submission_id`, or what
                no event may hold (`bad_text`, `too_deep`, …).
        """
        form, version = self.form(form_id)
        check_structure(said.model_dump())
        _check_origin(form, visitor)
        if said.answers.get(form.honeypot):
            return "honeypot"
        heard = hear(form, said)
        now = self._clock.now()
        submission = FormSubmission(
            submission_id=self._submission_id(form_id, said.submission_id),
            form=form_id,
            form_version=version,
            kind=form.kind,
            at=now,
            anonymous_id=self._anonymous_id(said, heard),
            traits=heard.traits,
            answers=heard.properties,
            consents=consents(form, said.consents, heard.addresses),
            page=page_of(said.page or visitor.referer),
            ip=visitor.ip,
            user_agent=visitor.user_agent[:_CLIP],
            locale=visitor.locale[:_CLIP],
        )
        if not self._admitted(form_id, form, visitor, heard, now):
            return "limited"
        self._publisher.publish([FormSubmitted(submissions=[submission])])
        return "taken"

    def _admitted(self, form_id: str, form: Form, visitor: Visitor, heard: Heard, now: datetime) -> bool:
        until = now + timedelta(days=2)

        def admit(what: str, limit: int) -> bool:
            who = keyed_hash(self._secret(), f"form:{form_id}:{what}")
            return self._counters.admit(f"{who}#{now:%Y-%m-%d}", limit, until)

        addresses = [
            f"{channel}:{normalise_address(channel, address)}"
            for channel, address in sorted(heard.addresses.items())
        ]
        return admit(f"ip:{visitor.ip}", form.rate.per_ip) and all(
            admit(address, form.rate.per_address) for address in addresses
        )

    def _submission_id(self, form_id: str, given: str) -> str:
        """A page that repeats a submission, because it saw no answer, gives it the same id."""
        if not given:
            return self._new_id("sub")
        if not (_MIN_SUBMISSION_ID <= len(given) <= 64 and given.isascii() and given.isprintable()):
            raise Invalid(
                "bad_submission_id", f"submissionId is not {_MIN_SUBMISSION_ID} to 64 ASCII characters"
            )
        return stable_id("sub", form_id, given)

    def _anonymous_id(self, said: Said, heard: Heard) -> str:
        """The visitor's own, if the page sent it; else one per address, so that its owner doesn't collect ids."""
        given = read_text_id(said.anonymous_id, "anonymousId")
        if given:
            return given
        if not heard.addresses:
            return self._new_id("frm")
        channel, address = sorted(heard.addresses.items())[0]
        return "frm_" + keyed_hash(
            self._secret(), f"form-visitor:{channel}:{normalise_address(channel, address)}"
        )


def _check_origin(form: Form, visitor: Visitor) -> None:
    """Browsers say where a form stands; who is no browser says what it likes, and is held by the rates."""
    said = visitor.origin or "/".join(visitor.referer.split("/")[:3])
    if form.allowed_origins and said and said not in form.allowed_origins:
        raise Forbidden("origin_not_allowed", "the form may not be sent from this page")


def _shown(form_id: str, form: Form, version: int) -> dict[str, Any]:
    return {"id": form_id, "version": version, **form.model_dump()}
