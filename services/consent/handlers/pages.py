"""The public pages: plain HTML, no script, nothing from elsewhere, in English and Dutch."""

from __future__ import annotations

from html import escape
from string import Template
from typing import Literal

from services.consent.domain.asks import Question
from services.shared.pages import page

Message = Literal[
    "confirmed",
    "unsubscribed",
    "check_your_inbox",
    "link_used",
    "token_expired",
    "token_invalid",
    "form_invalid",
]

_FORM = Template(
    """<form method="post" action="$action">
<input type="hidden" name="token" value="$token">
<input type="hidden" name="nonce" value="$nonce">
<button type="submit">$label</button>
</form>"""
)

_WORDS = {
    "en": {
        "confirm_title": "Confirm: $title",
        "confirm_lead": "You asked to receive this. You agree to the following:",
        "confirm_button": "Yes, I agree",
        "confirm_after": "Did you not ask for this? Then close this page: nothing will be sent.",
        "unsubscribe_title": "Unsubscribe: $title",
        "unsubscribe_lead": "Press the button and we will no longer write to you about this.",
        "unsubscribe_button": "Unsubscribe",
        "receipt": "Download a receipt of what you permitted",
    },
    "nl": {
        "confirm_title": "Bevestig: $title",
        "confirm_lead": "U vroeg om dit te ontvangen. U gaat akkoord met het volgende:",
        "confirm_button": "Ja, ik ga akkoord",
        "confirm_after": "Vroeg u dit niet aan? Sluit dan deze pagina: u ontvangt niets.",
        "unsubscribe_title": "Afmelden: $title",
        "unsubscribe_lead": "Druk op de knop en wij schrijven u hierover niet meer.",
        "unsubscribe_button": "Afmelden",
        "receipt": "Download een ontvangstbewijs van wat u toestond",
    },
}

_MESSAGES: dict[str, dict[Message, tuple[str, str]]] = {
    "en": {
        "confirmed": (
            "Thank you",
            "Your choice is recorded. You can withdraw it in every message you receive.",
        ),
        "unsubscribed": ("You are unsubscribed", "We will no longer write to you about this."),
        "check_your_inbox": (
            "Check your inbox",
            "Open the message we send you and confirm your choice there.",
        ),
        "link_used": (
            "This link has been used",
            "Nothing was changed. Subscribe again to receive a new link.",
        ),
        "token_expired": ("This link has expired", "Nothing was changed. Use the link in a newer message."),
        "token_invalid": (
            "This link does not work",
            "Nothing was changed. Open the link from the message again.",
        ),
        "form_invalid": ("That did not work", "Nothing was changed. Open the link from the message again."),
    },
    "nl": {
        "confirmed": ("Dank u wel", "Uw keuze is vastgelegd. U kunt die in elk bericht weer intrekken."),
        "unsubscribed": ("U bent afgemeld", "Wij schrijven u hierover niet meer."),
        "check_your_inbox": (
            "Kijk in uw inbox",
            "Open het bericht dat wij sturen en bevestig daar uw keuze.",
        ),
        "link_used": (
            "Deze link is al gebruikt",
            "Er is niets veranderd. Meld u opnieuw aan voor een nieuwe link.",
        ),
        "token_expired": (
            "Deze link is verlopen",
            "Er is niets veranderd. Gebruik de link in een nieuwer bericht.",
        ),
        "token_invalid": (
            "Deze link werkt niet",
            "Er is niets veranderd. Open de link uit het bericht opnieuw.",
        ),
        "form_invalid": (
            "Dat is niet gelukt",
            "Er is niets veranderd. Open de link uit het bericht opnieuw.",
        ),
    },
}


def spoken(languages: str) -> str:
    """The page language for a language tag or an Accept-Language header: its first one, if we speak it."""
    return "nl" if languages.strip().lower().startswith("nl") else "en"


def confirm_page(question: Question, token: str) -> str:
    """Purpose, the text that is agreed to, and one button."""
    words = _WORDS[spoken(question.language)]
    quoted = f'<blockquote lang="{escape(question.language)}"><p>{escape(question.text)}</p></blockquote>'
    body = [
        f"<p>{words['confirm_lead']}</p>",
        quoted,
        _form("confirm", token, question, words["confirm_button"]),
    ]
    title = Template(words["confirm_title"]).substitute(title=question.title)
    return page(spoken(question.language), title, "\n".join([*body, f"<p>{words['confirm_after']}</p>"]))


def unsubscribe_page(question: Question, token: str, languages: str) -> str:
    """Purpose and one button, in the link's language or else one of the browser's."""
    language = spoken(question.language or languages)
    words = _WORDS[language]
    title = Template(words["unsubscribe_title"]).substitute(title=question.title)
    form = _form("unsubscribe", token, question, words["unsubscribe_button"])
    return page(language, title, f"<p>{words['unsubscribe_lead']}</p>\n{form}")


def message_page(message: Message, languages: str) -> str:
    """A page that says one thing."""
    title, text = _MESSAGES[spoken(languages)][message]
    return page(spoken(languages), title, f"<p>{text}</p>")


def confirmed_page(languages: str, receipt: str) -> str:
    """It is recorded; `receipt` is where the person gets a copy to keep."""
    language = spoken(languages)
    title, text = _MESSAGES[language]["confirmed"]
    link = f'<p><a href="{escape(receipt)}">{_WORDS[language]["receipt"]}</a></p>'
    return page(language, title, f"<p>{text}</p>\n{link}")


def _form(action: str, token: str, question: Question, label: str) -> str:
    return _FORM.substitute(action=action, token=escape(token), nonce=escape(question.nonce), label=label)
