"""Simulations: what a journey would do, before anybody walks it.

Puts the pure rules of three services together: scoring's (who is where), journeys' (who walks), delivery's (who is
written to). It takes nothing else of them, and nobody takes anything of it but the command line. Keeps answers for a
week, and nothing about people. Asked by journeys' routes, by way of a queue; part of its stack.
"""
