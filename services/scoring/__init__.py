"""Scoring: what a person's behaviour adds up to.

Owns computed facts (orders, revenue, e-mail outcomes), score models, segments, and one standing per profile; loyalty
points; and what forums sound like, which is nobody's.
Listens to `ProfilesChanged.v1`, `ProfilesMerged.v1` and `ConsentChanged.v1`.
Publishes `ScoreChanged.v1`, `SegmentEntered.v1`, `SegmentExited.v1`, `ArrivalsAskedFor.v1`, and
`LoyaltyBalanceChanged.v1` as `halte.loyalty`.
"""
