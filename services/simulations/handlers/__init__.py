"""Handlers: thin."""
