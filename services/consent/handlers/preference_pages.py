"""The preference centre's pages. Every field has a label, every group a legend, every error a link to its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template

from services.consent.addresses import masked
from services.consent.domain.asks import Question
from services.consent.domain.moments import CHANNELS, HOURS, NONE, PER_WEEK, ZONES
from services.consent.domain.preferences import Box, shown
from services.consent.handlers.pages import spoken
from services.consent.handlers.preference_words import LOCALE_NAMES, WORDS
from services.consent.preferences import Centre
from services.shared.pages import page

_TEXTS = {
    "first_name": "given-name",
    "last_name": "family-name",
    "street": "street-address",
    "postal_code": "postal-code",
    "city": "address-level2",
    "country": "country-name",
}
"""Fields of text, and what browsers may fill them in with."""

_REFUSALS = ("token_expired", "token_invalid", "link_used", "busy")


class _Writer:
    """Writes the parts of a form: `fields` is what was sent before, `errors` what is wrong with it."""

    def __init__(
        self, languages: str, fields: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
    ) -> None:
        self.language = spoken(languages)
        self.words = WORDS[self.language]
        self.sent = fields is not None
        self.fields = fields or {}
        self.errors = errors or {}

    def say(self, word: str, **values: str) -> str:
        """Words, ready for HTML."""
        return escape(Template(self.words[word]).substitute(values))

    def text(self, name: str, kind: str, autocomplete: str, *, hint: str = "", label: str = "") -> str:
        """A labelled field with its hint and its error."""
        typed = f' type="{kind}"' if kind else ""
        value = f' value="{escape(self.fields[name])}"' if self.fields.get(name) else ""
        return (
            f'<label for="f-{name}">{self.say(label or name)}</label>\n'
            f"{self._notes(name, self.say(hint) if hint else '')}"
            f'<input id="f-{name}" name="{name}"{typed} autocomplete="{autocomplete}"{value}'
            f"{self._described(name, bool(hint))}>"
        )

    def box(self, box: Box) -> str:
        """A permission with the text that a tick agrees to."""
        name = escape(box.name)
        ticked = box.name in self.fields if self.sent else box.granted
        text = escape(box.text.text) if box.text else self.say("no_text")
        lang = f' lang="{escape(box.text.language)}"' if box.text else ""
        return (
            f'<label class="box" for="f-{name}"><input type="checkbox" id="f-{name}" name="{name}" '
            f'value="{escape(box.value)}"{" checked" if ticked else ""}{self._described(box.name, True)}>'
            f"<span>{self.say(f'by_{box.channel}', title=box.title)}</span></label>\n"
            f"{self._notes(box.name, text, lang)}"
        )

    def summary(self) -> str:
        """What is wrong, with links to where."""
        if not self.errors:
            return ""
        items = "\n".join(
            f'<li><a href="#f-{escape(name)}">{self.say(code)}</a></li>' for name, code in self.errors.items()
        )
        return (
            f'<div class="summary" role="alert" tabindex="-1"><h2>{self.say("wrong")}</h2>'
            f"<p>{self.say('wrong_hint')}</p><ul>\n{items}\n</ul></div>"
        )

    def group(self, legend: str, *parts: str) -> str:
        """Fields that belong together."""
        return "\n".join([f"<fieldset><legend>{self.say(legend)}</legend>", *parts, "</fieldset>"])

    def choice(self, name: str, options: Sequence[tuple[str, str]], *, hint: str = "") -> str:
        """A labelled list of (value, name) to choose from."""
        chosen = self.fields.get(name, "")
        items = "".join(
            f'<option value="{value}"{_lang(name, value)}{" selected" if value == chosen else ""}>'
            f"{escape(said)}</option>"
            for value, said in options
        )
        return (
            f'<label for="f-{name}">{self.say(name)}</label>\n{self._notes(name, self.say(hint) if hint else "")}'
            f'<select id="f-{name}" name="{name}"{self._described(name, bool(hint))}>{items}</select>'
        )

    def tick(self, name: str) -> str:
        """A box that does something once."""
        ticked = " checked" if name in self.fields else ""
        return (
            f'<label class="box" for="f-{name}"><input type="checkbox" id="f-{name}" name="{name}" value="1"{ticked}>'
            f"<span>{self.say(name)}</span></label>"
        )

    def _notes(self, name: str, hint: str, lang: str = "") -> str:
        notes = f'<p class="hint" id="h-{escape(name)}"{lang}>{hint}</p>\n' if hint else ""
        if name in self.errors:
            notes += f'<p class="error" id="e-{escape(name)}">{self.say(self.errors[name])}</p>\n'
        return notes

    def _described(self, name: str, has_hint: bool) -> str:
        ids = [f"h-{name}"] if has_hint else []
        ids += [f"e-{name}"] if name in self.errors else []
        described = f' aria-describedby="{escape(" ".join(ids))}"' if ids else ""
        return described + (' aria-invalid="true"' if name in self.errors else "")


def centre_page(
    centre: Centre,
    token: str,
    languages: str,
    *,
    fields: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    """The form; after a refusal with what was sent and what is wrong with it."""
    write = _Writer(languages, fields, errors)
    hidden = {"token": token, "nonce": centre.nonce, "page": centre.page_id, "shown": shown(centre.boxes)}
    parts = (
        [write.group("permissions", *_boxes(write, centre.boxes, centre.has_profile))] if centre.boxes else []
    )
    if centre.has_profile and centre.mailbox:
        now = f"<p>{write.say('email_now', address=masked(centre.mailbox.address))}</p>"
        parts.append(
            write.group("email_legend", now, write.text("email", "email", "email", hint="email_hint"))
        )
        texts = [write.text(name, "", filled) for name, filled in _TEXTS.items()]
        who = f'<p class="hint">{write.say("who_hint")}</p>'
        locale = write.choice("locale", _kept(write, LOCALE_NAMES.items()))
        parts += [write.group("times", *_times(write)), write.group("who", who, *texts, locale)]
    else:
        parts.append(f"<p>{write.say('no_profile')} {_fresh(write, 'preferences/request')}</p>")
    form = _form("preferences", hidden, [*parts, _button(write, "save")])
    kept = f'<p><a href="preferences/receipt?token={escape(token)}">{write.say("receipt")}</a></p>'
    return page(write.language, write.words["title"], f"{write.summary()}\n{form}\n{kept}")


def saved_page(languages: str, *, changed: bool, to_confirm: bool) -> str:
    """What came of the form."""
    write = _Writer(languages)
    if not changed and not to_confirm:
        return page(write.language, write.words["unchanged_title"], f"<p>{write.say('unchanged')}</p>")
    said = [word for word, holds in (("saved", changed), ("to_confirm", to_confirm)) if holds]
    text = "\n".join(f"<p>{write.say(word)}</p>" for word in said)
    return page(write.language, write.words["saved_title"], text)


def request_page(languages: str, fields: Mapping[str, str] | None = None, error: str = "") -> str:
    """Where to ask for a fresh link."""
    write = _Writer(languages, fields, {"address": error} if error else None)
    field = write.text("address", "email", "email", hint="request_hint", label="request_address")
    form = _form("request", {}, [field, f"<p>{_button(write, 'request_button')}</p>"])
    return page(write.language, write.words["request_title"], f"{write.summary()}\n{form}")


def requested_page(languages: str) -> str:
    """The answer to everybody who asked."""
    return _said(_Writer(languages), "requested_title", "requested")


def new_address_page(question: Question, token: str, languages: str) -> str:
    """One button: the new address is the person's own."""
    write = _Writer(languages)
    lead = f"<p>{write.say('confirm_hint', address=question.title)}</p>"
    form = _form("email", {"token": token, "nonce": question.nonce}, [_button(write, "confirm_button")])
    return page(write.language, write.words["confirm_title"], f"{lead}\n{form}")


def new_address_confirmed_page(languages: str) -> str:
    """It is the profile's now."""
    return _said(_Writer(languages), "confirmed_title", "confirmed")


def refused_page(code: str, languages: str, fresh_link: str) -> str:
    """A link that does not work, and where to get one that does."""
    write = _Writer(languages)
    word = code if code in _REFUSALS else "form_invalid"
    body = f"<p>{write.say(word)}</p>\n<p>{_fresh(write, fresh_link)}</p>"
    return page(write.language, write.words["refused_title"], body)


def _boxes(write: _Writer, boxes: Sequence[Box], has_profile: bool) -> list[str]:
    parts = [write.box(box) for box in boxes]
    if any(box.channel == "sms" and (has_profile or not (box.granted or box.by_link)) for box in boxes):
        parts.append(write.text("phone", "tel", "tel", hint="phone_hint"))
    return parts


def _times(write: _Writer) -> list[str]:
    """When, how often and by which road."""
    hours = [(hour, hour) for hour in HOURS]
    return [
        f'<p class="hint">{write.say("times_hint")}</p>',
        write.choice("channel", _kept(write, [(name, write.words[f"channel_{name}"]) for name in CHANNELS])),
        write.choice("per_week", _kept(write, [(n, write.words[f"per_week_{n}"]) for n in PER_WEEK])),
        write.choice("quiet_from", _kept(write, [(NONE, write.words["quiet_none"]), *hours])),
        write.choice("quiet_until", _kept(write, hours)),
        write.choice("zone", [(zone, write.words[zone]) for zone in ZONES]),
        write.text("pause_until", "date", "off", hint="pause_hint"),
        write.tick("resume"),
    ]


def _kept(write: _Writer, options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", write.words["keep"]), *options]


def _form(action: str, hidden: Mapping[str, str], parts: Sequence[str]) -> str:
    fields = [
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items()
    ]
    return "\n".join([f'<form method="post" action="{action}" novalidate>', *fields, *parts, "</form>"])


def _button(write: _Writer, word: str) -> str:
    return f'<button type="submit">{write.say(word)}</button>'


def _fresh(write: _Writer, url: str) -> str:
    return f'<a href="{url}">{write.say("fresh_link")}</a>'


def _said(write: _Writer, title: str, word: str) -> str:
    return page(write.language, write.words[title], f"<p>{write.say(word)}</p>")


def _lang(name: str, value: str) -> str:
    """A language is named in itself."""
    return f' lang="{value}"' if name == "locale" and value else ""
