"""The panels of the opportunity page: each area's module has `context(opportunity, user)` for its template.

A panel costs at most two queries, however many rows there are, and its keys bear its own name.
"""
