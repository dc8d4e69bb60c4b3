"""Journeys: what happens to whom, and when.

Owns journey definitions and their versions, enrolments, cohorts, and a small copy of each profile's standing.
Publishes `JourneyEntered.v1`, `MessageRequested.v1`, `JourneyExited.v1` (from its table's stream).
Listens to `SegmentEntered.v1`, `SegmentExited.v1`, `ScoreChanged.v1`, `ProfilesMerged.v1`.

A published version is a Step Functions state machine of its own, never changed. An execution carries a cohort:
everybody who arrives at a node within the journey's admission window. Members are in DynamoDB.
"""
