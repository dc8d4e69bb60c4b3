"""What counts as a service message: the kinds that practice takes for one, to begin with. As data."""

from __future__ import annotations

from collections.abc import Mapping

SERVICE_KINDS: Mapping[str, str] = {
    "account_recovery": "Getting back into an account",
    "appointment": "An appointment, moved or near",
    "birthday": "Good wishes, and nothing else",
    "changed_course": "A change of the course, event or journey that somebody booked",
    "changed_terms": "Changed terms, prices or privacy statement of what somebody has",
    "confirm_permission": "Asking to confirm a permission, without advertising",
    "contract_end": "The end or renewal of a contract, as the law or the contract asks",
    "customer_panel": "An answer to what somebody asked or said, a complaint among it",
    "delivery": "Where an order is, and when it comes",
    "invoice": "An invoice, a payment or a reminder of one",
    "manual": "How to use or keep what somebody bought",
    "order": "What somebody ordered, confirmed or changed",
    "other_channels": "Other ways to reach us, or a channel that ends",
    "outage": "An outage, repair or maintenance",
    "recall": "A recall or a warning of safety",
    "satisfaction": "How it was, asked without selling",
    "security": "A sign-in, a new address or a new password",
    "vacancy": "A vacancy, to who asked to hear of them",
}
