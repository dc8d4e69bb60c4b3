"""Delivery: turns a request into at most one message, and what comes back into facts.

Owns templates, copies of contacts and permissions, suppression, contact pressure, the send protocol with its decision
records, provider feedback and the counters of reports.
Publishes `MessageSent.v1`, `MessageSkipped.v1`, `MessageFailed.v1`, `OutcomesObserved.v1` and `ComplaintsReceived.v1`.
Listens to `MessageRequested.v1`, `ConfirmationRequested.v1`, `ConsentChanged.v1`, `ProfilesChanged.v1`,
`ProfilesMerged.v1` and to the providers' feedback topic.
"""
