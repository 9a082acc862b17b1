"""The demo company: a made-up Chinese maker of logistics equipment with two years of history.

`names` holds the words, `story` makes the opportunities' lives, `workspace` writes them in the interchange format;
`manage.py demo` imports that. Everything is drawn from one fixed seed and dated relative to today.
"""
