"""The product's settings for the test-suite: files in a folder of its own, nothing sent, cheap password hashes."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEST_DIR = Path(tempfile.mkdtemp(prefix="ascent-tests-"))
atexit.register(shutil.rmtree, TEST_DIR, ignore_errors=True)
os.environ["VAR_DIR"] = str(TEST_DIR)
os.environ.setdefault("HTTPS", "off")
os.environ.setdefault("BASE_URL", "https://ascent.example.com")
os.environ.setdefault("SECRET_KEY", "for-the-tests-only-" + "x" * 40)

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES, REDIS_URL, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In a file, as in real life: threads and worker processes share it, and write-ahead logging is on.
    DATABASES["default"]["TEST"] = {"NAME": str(TEST_DIR / "test.sqlite3")}
else:  # what a test writes need not outlive a power cut
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
if REDIS_URL:  # each process of the suite empties its cache before each test: a database of its own, not the broker's
    server, _slash, number = REDIS_URL.rpartition("/")
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    CACHES["default"]["LOCATION"] = f"{server}/{(int(number or 0) - 1 - process) % 16}"
else:
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str] = {}
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
LANGUAGE_CODE = "en"  # what is said outside of a request is compared with the words in the code
