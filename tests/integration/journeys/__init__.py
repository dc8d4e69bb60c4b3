"""The real handlers of journeys on moto."""
