"""The OpenAPI documents, one a service, and the page of all routes: `python -m tests.contracts.openapi` writes them.

A route that is new needs an `Operation` in its service's module here (its handler's docstring says what can go wrong),
and a request on the tour (`tour*.py`), whose real answer becomes the example. The tests name what is missing.
"""
