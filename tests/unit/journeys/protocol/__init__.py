"""A model of the cohort engine's protocol: every write of every worker one by one, in any order, with crashes.

The journey is small and has all that matters: `ask` a message, `wait` for an event, then either `thank` and leave, or
`remind`, pause, `last` and leave. Between any two reads or writes of a worker (a generator: each `yield` is such a
place) any other may go on, a worker may die and be started again, everything may be done twice, and the clock may jump.
Only the conditions of the writes hold it together, as they do in DynamoDB.

reliability.md §2, as it is checked here: I1 nobody who entered is lost; I2, I3 nothing is asked for twice, under
whatever profile; I4 nothing is asked for of somebody who has left; I5 each walk ends with a reason, and has asked for
what that reason means; I6 what was announced, replayed, is what is stored; I7 executions carry opaque names only; I8
all comes to rest.
"""
