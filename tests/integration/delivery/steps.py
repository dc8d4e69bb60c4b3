"""What tests of sending do: templates, people, permissions and requests, by the real handlers."""

from __future__ import annotations

from typing import Any

from services.delivery.handlers import (
    api,
    on_consent,
    on_profiles_changed,
    on_requests,
    previews,
    reports,
    templates,
)
from services.shared.contracts.consent import ConsentChange, ConsentChanged
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged
from services.shared.contracts.journeys import MessageRequested
from services.shared.contracts.messages import MessageRequest
from tests.integration.delivery.world import (
    COMMERCIAL,
    NOW,
    SERVICE,
    Context,
    http,
    key_of,
    sqs,
)

EMAIL = "ann@example.com"
PHONE = "+12025550123"


def call(method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
    if path.endswith(("/preview", "/test")) or path == "/test-addresses":
        handler = previews.handler
    elif path.startswith(("/templates", "/landing-pages", "/service-kinds", "/products", "/offers")):
        handler = templates.handler
    elif path.startswith("/reports"):
        handler = reports.handler
    else:
        handler = api.handler
    return http(handler, method, path, body, query)


def given_templates() -> None:
    assert call("PUT", "/templates/news", COMMERCIAL)[0] == 200
    assert call("PUT", "/templates/confirm", SERVICE)[0] == 200


def given_contact(profile: str = "prf_1", version: int = 1, **traits: Any) -> None:
    change = ProfileChange(
        profile_id=profile,
        version=version,
        traits_version=version,
        at=NOW,
        events=[],
        traits=traits or {"email": EMAIL, "firstName": "Ann"},
    )
    assert on_profiles_changed.handler(sqs(ProfilesChanged(changes=[change])), Context()) == {
        "batchItemFailures": []
    }


def consent(state: Any, sequence: int = 1, address: str = EMAIL, channel: str = "email", **more: Any) -> None:
    change = ConsentChange(
        address_key=key_of(address, channel),
        purpose=more.pop("purpose", "newsletter"),
        channel=channel,
        state=state,
        entry_id=f"cns_{sequence}",
        text_version="1",
        sequence=sequence,
        at=NOW,
        **more,
    )
    assert on_consent.handler(sqs(ConsentChanged(changes=[change])), Context()) == {"batchItemFailures": []}


def request(send_id: str = "snd_1", **fields: Any) -> MessageRequest:
    base = {
        "send_id": send_id,
        "template": "news",
        "channels": ["email"],
        "requested_at": NOW,
        "profile_id": "prf_1",
        "journey": "welcome",
        "node": "offer",
    }
    return MessageRequest(**{**base, **fields})


def ask(*requests: MessageRequest, failures: int = 0) -> None:
    answer = on_requests.handler(sqs(MessageRequested(requests=list(requests))), Context())
    assert len(answer["batchItemFailures"]) == failures
