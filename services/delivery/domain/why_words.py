"""The words of `why`: one sentence for each gate that stops or lets pass, and for each reason, in English and Dutch.

`{channel}` is the road in words, `{input}` what the gate saw.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "nl")

CHANNEL_WORDS: Mapping[str, tuple[str, str]] = {
    "email": ("e-mail", "e-mail"),
    "sms": ("text message", "sms"),
    "push": ("push message", "pushbericht"),
    "print": ("letter", "brief"),
    "call": ("telephone", "telefoon"),
    "wallet": ("wallet pass", "walletpas"),
    "webhook": ("webhook", "webhook"),
    "web": ("a page", "een pagina"),
    "": ("any road", "welke weg ook"),
}

GATE_WORDS: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "address": (
        ("There is an address for {channel}.", "There is no usable address for {channel} ({input})."),
        ("Er is een adres voor {channel}.", "Er is geen bruikbaar adres voor {channel} ({input})."),
    ),
    "suppression": (
        ("The address for {channel} is not blocked.", "The address for {channel} is blocked: {input}."),
        (
            "Het adres voor {channel} is niet geblokkeerd.",
            "Het adres voor {channel} is geblokkeerd: {input}.",
        ),
    ),
    "consent": (
        ("Permission for {channel}: {input}.", "There is no permission for {channel} ({input})."),
        ("Toestemming voor {channel}: {input}.", "Er is geen toestemming voor {channel} ({input})."),
    ),
    "pause": (
        ("The person's pause is over ({input}).", "The person asked for a pause ({input})."),
        ("De pauze van de persoon is voorbij ({input}).", "De persoon vroeg om een pauze ({input})."),
    ),
    "quiet_hours": (
        (
            "It is not one of the person's quiet hours ({input}).",
            "It is one of the person's quiet hours ({input}).",
        ),
        ("Het is geen stil uur van de persoon ({input}).", "Het is een stil uur van de persoon ({input})."),
    ),
    "cap": (
        ("There is room under the limit ({input}).", "The limit on messages is reached ({input})."),
        ("Er is ruimte onder de limiet ({input}).", "De limiet op berichten is bereikt ({input})."),
    ),
    "content": (
        ("The message could be written ({input}).", "The message could not be written ({input})."),
        ("Het bericht kon worden geschreven ({input}).", "Het bericht kon niet worden geschreven ({input})."),
    ),
    "objection": (
        ("The person did not object to marketing ({input}).", "The person objected to {input}."),
        (
            "De persoon maakte geen bezwaar tegen marketing ({input}).",
            "De persoon maakte bezwaar tegen {input}.",
        ),
    ),
    "claim": (
        (
            "Nobody had attempted it before ({input}).",
            "It was attempted at {input} by {channel}, and nothing was heard of that: it may have left.",
        ),
        (
            "Niemand had het eerder geprobeerd ({input}).",
            "Het is om {input} geprobeerd per {channel}, en daarvan is niets meer vernomen: het kan verstuurd zijn.",
        ),
    ),
    "merge": (
        ("Nobody had this message before ({input}).", "The person had this message before ({input})."),
        ("Niemand had dit bericht al ({input}).", "De persoon had dit bericht al ({input})."),
    ),
    "cost": (
        ("{channel} is worth its price ({input}).", "{channel} comes later: it {input}."),
        ("{channel} is de prijs waard ({input}).", "{channel} komt later aan bod: {input}."),
    ),
    "content_guard": (
        (
            "The person may see {input}.",
            "A part is withheld, because the person is known too little ({input}).",
        ),
        (
            "De persoon mag dit zien: {input}.",
            "Een deel is weggelaten: de persoon is te weinig bekend ({input}).",
        ),
    ),
    "products": (
        ("These products were picked: {input}.", "There were too few products ({input})."),
        ("Deze producten zijn gekozen: {input}.", "Er waren te weinig producten ({input})."),
    ),
    "offer": (
        ("The offer holds ({input}).", "The offer does not hold ({input})."),
        ("Het aanbod geldt ({input}).", "Het aanbod geldt niet ({input})."),
    ),
    "value": (
        ("It was worth most ({input}).", "It was worth less ({input})."),
        ("Het was het meest waard ({input}).", "Het was minder waard ({input})."),
    ),
    "gap": (
        ("The last message is long enough ago ({input}).", "The last message is too short ago ({input})."),
        (
            "Het laatste bericht is lang genoeg geleden ({input}).",
            "Het laatste bericht is te kort geleden ({input}).",
        ),
    ),
    "arbitration": (
        ("Nothing more important wanted to go ({input}).", "Something more important goes first ({input})."),
        ("Niets belangrijkers wilde uit ({input}).", "Iets belangrijkers gaat voor ({input})."),
    ),
    "hours": (
        ("It is within the hours for messages ({input}).", "It is outside the hours for messages ({input})."),
        (
            "Het is binnen de uren voor berichten ({input}).",
            "Het is buiten de uren voor berichten ({input}).",
        ),
    ),
    "holiday": (
        ("It is no holiday ({input}).", "It is a holiday ({input})."),
        ("Het is geen feestdag ({input}).", "Het is een feestdag ({input})."),
    ),
    "send_time": (
        ("It is the person's usual time ({input}).", "The person usually reads at another time ({input})."),
        (
            "Het is de gewone tijd van de persoon ({input}).",
            "De persoon leest meestal op een andere tijd ({input}).",
        ),
    ),
    "pace": (
        ("The provider has room ({input}).", "The provider takes no more at once ({input})."),
        ("De provider heeft ruimte ({input}).", "De provider neemt er nu niet meer aan ({input})."),
    ),
    "brake": (
        (
            "The journey's brake is off ({input}).",
            "The journey is stopped: too many bounces or complaints ({input}).",
        ),
        (
            "De rem van de journey staat los ({input}).",
            "De journey staat stil: te veel bounces of klachten ({input}).",
        ),
    ),
    "canary": (
        ("The first messages went well ({input}).", "How the first messages fare is awaited ({input})."),
        (
            "De eerste berichten gingen goed ({input}).",
            "Er wordt gewacht hoe de eerste berichten gaan ({input}).",
        ),
    ),
    "guard": (
        (
            "{channel} is in good standing ({input}).",
            "{channel} is stopped for everything that sells ({input}).",
        ),
        ("{channel} staat goed bekend ({input}).", "{channel} is gestopt voor alles wat verkoopt ({input})."),
    ),
    "restore": (
        (
            "It was asked for after the tables came back from a backup ({input}).",
            "It was asked for before the tables came back from a backup ({input}), so it may have left already.",
        ),
        (
            "Het is aangevraagd nadat de tabellen uit een back-up kwamen ({input}).",
            "Het is aangevraagd voordat de tabellen uit een back-up kwamen ({input}); het kan al verstuurd zijn.",
        ),
    ),
    "circuit": (
        ("The provider works ({input}).", "The provider takes nothing at the moment ({input})."),
        ("De provider werkt ({input}).", "De provider neemt nu niets aan ({input})."),
    ),
}
"""By gate: what passing and stopping mean, in each of `LANGUAGES`."""

REASON_WORDS: Mapping[str, tuple[str, str]] = {
    "no_channel": (
        "none of the channels that were asked for exists in the template",
        "het sjabloon kent geen van de gevraagde kanalen",
    ),
    "no_address": ("no address is known", "er is geen adres bekend"),
    "no_contact": (
        "nothing is known about how to reach the person",
        "er is niet bekend hoe de persoon te bereiken is",
    ),
    "no_consent": ("the person did not permit it", "de persoon gaf er geen toestemming voor"),
    "suppressed": (
        "the address bounced for good, or its holder complained",
        "het adres bestaat niet meer, of de houder heeft geklaagd",
    ),
    "paused": ("the person asked for a pause", "de persoon vroeg om een pauze"),
    "quiet_hours": ("the person wants nothing at this hour", "de persoon wil op dit uur niets ontvangen"),
    "weekly_limit": ("the person wants no more this week", "de persoon wil deze week niet meer"),
    "frequency_cap": ("the person had enough messages", "de persoon kreeg al genoeg berichten"),
    "missing_attribute": (
        "something the message must name is not known",
        "iets wat in het bericht moet staan is niet bekend",
    ),
    "render_error": ("its template failed", "het sjabloon gaf een fout"),
    "unknown_template": ("its template does not exist", "het sjabloon bestaat niet"),
    "moment_over": ("its moment was over", "het moment was voorbij"),
    "proposition_over": ("what it offers was over", "het aanbod was voorbij"),
    "service_promotes": ("a service message may promote nothing", "een servicebericht mag niets aanprijzen"),
    "merged": (
        "the person had it already, under a profile that was merged",
        "de persoon kreeg het al, onder een samengevoegd profiel",
    ),
    "erased": ("the person was forgotten", "de persoon is vergeten"),
    "unknown_outcome": (
        "the provider's answer was lost, and it is not sent twice",
        "het antwoord van de provider ging verloren, en het gaat niet twee keer uit",
    ),
    "rejected": ("the provider rejected it afterwards", "de provider weigerde het achteraf"),
    "expired": ("it waited for too long", "het wachtte te lang"),
    "invalid_message": (
        "it could not be built for this address",
        "het kon voor dit adres niet worden gemaakt",
    ),
    "unreachable": ("the provider could not be reached", "de provider was niet bereikbaar"),
    "server_error": ("the provider had a fault", "de provider had een storing"),
    "too_few_products": (
        "too few products were left to show",
        "er bleven te weinig producten over om te tonen",
    ),
    "offer_over": ("its offer was over", "het aanbod was voorbij"),
    "already_owned": ("the person has what it offers", "de persoon heeft al wat wordt aangeboden"),
    "price_below_floor": ("its price would be below the floor", "de prijs zou onder de bodem komen"),
    "no_receiver": ("nobody receives messages on that channel", "niemand ontvangt berichten op dat kanaal"),
    "no_push_application": (
        "there is no application that pushes",
        "er is geen toepassing die pushberichten stuurt",
    ),
    "minimum_gap": ("the last message was too short ago", "het laatste bericht was te kort geleden"),
    "arbitration": ("something more important goes first", "iets belangrijkers gaat voor"),
    "outranked": ("something more important went instead", "iets belangrijkers ging in plaats hiervan"),
    "closed_hours": ("it is outside the hours for messages", "het is buiten de uren voor berichten"),
    "holiday": ("it is a holiday", "het is een feestdag"),
    "send_time": ("the person usually reads at another time", "de persoon leest meestal op een andere tijd"),
    "pace": ("the provider takes no more at once", "de provider neemt er nu niet meer aan"),
    "brake": (
        "too much of the journey bounced or was complained about",
        "te veel bounces of klachten bij de journey",
    ),
    "canary": ("how the first messages fare is awaited", "er wordt gewacht hoe de eerste berichten gaan"),
    "guard": ("the channel's reputation is in danger", "de reputatie van het kanaal is in gevaar"),
    "circuit": ("the provider takes nothing at the moment", "de provider neemt nu niets aan"),
}
"""Why a message was not sent, or waits. What a provider says itself is quoted."""

STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    "pending": (
        "Requested, and not decided yet: it is asked for again soon.",
        "Aangevraagd en nog niet beslist: het wordt snel opnieuw gevraagd.",
    ),
    "held": ("Waits until {due}: {reason}.", "Wacht tot {due}: {reason}."),
    "retry": ("Waits for another attempt: {reason}.", "Wacht op een nieuwe poging: {reason}."),
    "claimed": ("Being sent by {channel}.", "Wordt verstuurd per {channel}."),
    "unknown": (
        "It may have been sent by {channel}: the provider's answer was lost ({reason}).",
        "Mogelijk verstuurd per {channel}: het antwoord van de provider ging verloren ({reason}).",
    ),
    "sent": ("Sent by {channel} at {at}.", "Verstuurd per {channel} op {at}."),
    "skipped": ("Not sent: {reason}.", "Niet verstuurd: {reason}."),
    "failed": ("Not sent: {reason}.", "Niet verstuurd: {reason}."),
    "observed": ("Not a message, but what a person did.", "Geen bericht, maar iets wat een persoon deed."),
}

MARK_WORDS: Mapping[str, tuple[str, str]] = {
    "delivered": ("delivered", "bezorgd"),
    "bounced": ("bounced for good", "definitief teruggekomen"),
    "soft_bounced": ("bounced for now", "voorlopig teruggekomen"),
    "delayed": ("delayed", "vertraagd"),
    "opened": ("opened", "geopend"),
    "clicked": ("clicked", "aangeklikt"),
    "machine_opened": ("opened by a machine", "geopend door een machine"),
    "machine_clicked": ("clicked by a machine", "aangeklikt door een machine"),
    "complained": ("called spam", "spam genoemd"),
    "unsubscribed": ("unsubscribed", "afgemeld"),
    "opted_out": ("unsubscribed at the provider", "afgemeld bij de provider"),
}

DUPLICATE_WORDS = (
    "The person may have had it twice: an answer was lost, and a service message is repeated once.",
    "Mogelijk kreeg de persoon het twee keer: een antwoord ging verloren, en service wordt eenmaal herhaald.",
)
TRIED_WORDS = ("Attempts: {attempts}.", "Pogingen: {attempts}.")
THEN_WORDS = ("Then: {marks}.", "Daarna: {marks}.")
"""What was reported of it, in order."""
