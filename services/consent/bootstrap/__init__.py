"""The only place that joins use cases with AWS: each is made once a process, when it is first asked for.

One module for each group of functions, so that none loads at its cold start what only others need."""
