"""Console: the marketers' web app. Owns its files; keeps nothing, and reads only the public API, as whoever signed in.

Deployed with the platform stack, on the API's own origin, so that a browser sends the key nowhere else.
"""
