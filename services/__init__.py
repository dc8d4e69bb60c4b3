"""Halte's services: one package per independently deployed stack, and the kernel they share."""
