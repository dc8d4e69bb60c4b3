"""Ingest: the front doors for customer events, the identity graph and the profiles.

Owns: sources and their write keys, identifiers (who is who), profiles with their histories and related records, the
event lake, imports, erasures, sinks, forms, firms. Asks every other service's `person` function about a person.
Publishes: `ProfilesChanged.v1`, `ProfilesMerged.v1`, `ProfilesErased.v1`, `FormSubmitted.v1`, `RecoveryRequested.v1`,
`FirmChanged.v1`, which comes in again as customer events of a firm's people.
Listens: customer events of any bus source outside `halte.*`, and `OutcomesObserved.v1` of delivery, whose opens and
clicks come in as ordinary customer events, as do the `PreferencesChanged.v1` of consent and `LoyaltyBalanceChanged.v1`;
and `ArrivalsAskedFor.v1`, which says when deliveries do as well.
"""
