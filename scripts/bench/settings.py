"""The product's settings as in production, with a counter of queries and two addresses more."""

import sys

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, MIDDLEWARE, TEMPLATES, VAR_DIR

ROOT_URLCONF = "scripts.bench.urls"
MIDDLEWARE = ["scripts.bench.counting.QueryCountMiddleware", *MIDDLEWARE]
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "scripts" / "bench" / "templates"]  # type: ignore[misc]
STATIC_ROOT = VAR_DIR / "bench" / "static"

# Tools of the developer bring `requests`, which Django REST framework then loads in every process: production has none.
sys.modules.setdefault("requests", None)  # type: ignore[arg-type]
