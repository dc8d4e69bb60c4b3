"""Journeys without AWS: documents, their compilation, cohorts and enrolments."""
