"""Ingest: the front doors for customer events, the identity graph and the profiles.

Owns: sources and their write keys, identifiers (who is who), profiles, the raw event lake, sinks, forms.
Publishes: `ProfilesChanged.v1`, `FormSubmitted.v1`.
Listens: customer events of any bus source outside `halte.*`, and `OutcomesObserved.v1` of delivery, whose opens and
clicks come in as ordinary customer events.
"""
