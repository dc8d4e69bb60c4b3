"""The roads by which messages reach people, in the order in which they are tried: one list for every service."""

from __future__ import annotations

from typing import Literal, get_args

Channel = Literal["email", "sms", "push", "print", "call", "wallet", "webhook"]
"""`call` is a task for somebody who phones, `wallet` a line on a pass, `webhook` a receiver that speaks to the person
for us and knows them by their profile."""

CHANNELS: tuple[str, ...] = get_args(Channel)

CONFIRMED = frozenset({"email", "sms"})
"""Channels on which a person can show that an address is theirs, by a link or a code in a message."""
