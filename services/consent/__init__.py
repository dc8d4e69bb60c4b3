"""Consent: may we write to this address, for this purpose, on this channel? And can we prove it?

Owns purposes with their texts and legal bases, the hash-chained ledger, double opt-in, soft opt-in by sales, imports
with evidence, one-click unsubscribe, the preference centre and their public pages.
Publishes `ConsentChanged.v1` and `ConfirmationRequested.v1` (from the ledger's stream), `NoticeRequested.v1`, and
`PreferencesChanged.v1`.
Listens to `FormSubmitted.v1` (permissions that were ticked), to `MessageSent.v1` (messages that asked for a
confirmation), to `ProfilesChanged.v1` for addresses that were replaced and for wishes and objections that were tracked,
to replies on its inbound topic, to `ComplaintsReceived.v1`, to `ProfilesMerged.v1` and `ProfilesErased.v1`, and to
account recovery: clients' `Account Recovery Requested` on the bus, and
`RecoveryRequested.v1`.

The subject of a consent is an address on a channel, never a profile: whoever changes their e-mail address has given
no permission for the new one until it is confirmed, and a merge of profiles gives nobody a permission. Without an
entry there is none: default deny. An entry holds keyed hashes and digests only; what names a person lives in the
evidence table, from which it can be erased without breaking the chain.
"""
