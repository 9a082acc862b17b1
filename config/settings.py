"""All settings, from the environment. README has the table of variables."""

from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
# Served to others: then pages need HTTPS and collected files. Without a key of its own this is a machine to try it on.
DEPLOYED = not DEBUG and bool(env.str("SECRET_KEY", default=""))
INSECURE_KEY = "insecure-key-for-development-and-tests-only-" + "x" * 20
SECRET_KEY = env.str("SECRET_KEY", default="") or (INSECURE_KEY if DEBUG else get_random_secret_key())
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth",
    "allauth.account",
    "config.web",
    "accounts",
    "customers",
    "opportunities",
    "pipeline",
]

MIDDLEWARE = [
    "config.web.middleware.RequestIdMiddleware",
    "config.web.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.web.metrics.MetricsMiddleware",
    "config.web.middleware.PrivateMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.OrganisationMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.web.uploads.UploadLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "accounts.middleware.PreferredLanguageMiddleware",
    "accounts.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.web.middleware.OwnNotFoundMiddleware",
    "config.web.busy.BusyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "config.web.templatetags.formats",
                "config.web.templatetags.ui",
            ],
        },
    }
]

# --- Database, cache, broker ------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/ascent.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Compiling a query took seconds where running it takes milliseconds, and one plan is meant for what is prepared
    # (docs/performance.md); `?options=` unsets it.
    planning = "-c jit=off -c plan_cache_mode=force_generic_plan"
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", planning)

SILENCED_SYSTEM_CHECKS = ["models.W040"]  # covering indexes: SQLite leaves the extra columns out

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "config.web.cache.SurvivingRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "ascent"}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "ascent"}
    )
}

BROKER_DIR = VAR_DIR / "broker"
if not REDIS_URL:  # kombu makes neither of them with its parents
    (BROKER_DIR / "queue").mkdir(parents=True, exist_ok=True)
    (BROKER_DIR / "control").mkdir(parents=True, exist_ok=True)
CELERY_BROKER_URL = REDIS_URL or "folder://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 1, "interval_start": 0, "interval_step": 0}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for as long as it takes
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "ascent"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "nightly: compute the days that are due": {
        "task": "pipeline.tasks.nightly_tick",
        "schedule": crontab(minute="*/10"),
    },
    "workspace: carry out imports and exports": {
        "task": "pipeline.tasks.workspace_tick",
        "schedule": 10,
        "options": {"expires": 10},
    },
    "workspace: remove uploads that nobody needs": {
        "task": "pipeline.tasks.workspace_cleanup",
        "schedule": crontab(minute=17),
    },
    "search: index what is not yet": {
        "task": "pipeline.tasks.index_missing",
        "schedule": crontab(minute="*/10"),
    },
    "outbox: send what is due": {
        "task": "accounts.tasks.send_outbox",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "digest: tell of overdue next steps": {
        "task": "opportunities.tasks.overdue_digest",
        "schedule": crontab(minute="*/10"),
    },
    "digest: tell of contracts that are about to end": {
        "task": "customers.tasks.renewal_digest",
        "schedule": crontab(minute="5-59/10"),
    },
    "privacy: tell of contacts that nobody meets any more": {
        "task": "pipeline.tasks.remind_of_contacts",
        "schedule": crontab(minute=45),
    },
    "files: remove what was stored and belongs to nothing": {
        "task": "opportunities.tasks.remove_stray_files",
        "schedule": crontab(hour=19, minute=35),
    },
    "retention: delete what is no longer kept of messages, notifications, invitations, sessions": {
        "task": "accounts.tasks.forget_old",
        "schedule": crontab(hour=19, minute=15),  # UTC
    },
    "retention: delete imports, exports and nights that are no longer kept": {
        "task": "pipeline.tasks.forget_old_runs",
        "schedule": crontab(hour=19, minute=25),
    },
}

# --- People -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.ActivePersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/5m/key", "reset_password": "20/h/ip,5/h/key"}
ACCOUNT_FORMS = {"reset_password": "accounts.reset_password.ResetPasswordForm"}
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ascent@localhost")
EMAIL_TIMEOUT = 10  # seconds that the mail server has for each answer
# Where links in mails lead: a worker has no request that would say.
OWN_ADDRESS = f"http://127.0.0.1:{env.int('PORT', default=8000)}"
PUBLIC_ADDRESS = f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if DEPLOYED and ALLOWED_HOSTS else OWN_ADDRESS
BASE_URL = env.str("BASE_URL", default="") or PUBLIC_ADDRESS

# --- Languages and time -----------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # moments are shown in the organisation's zone: accounts/calendar.py

# --- Static files -----------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if DEPLOYED else None  # elsewhere they are served from where they are
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if DEPLOYED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
ATTACHMENT_MEGABYTES = env.int("ATTACHMENT_MEGABYTES", default=25)
S3_BUCKET = env.str("S3_BUCKET", default="")
STORAGES["attachments"] = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "access_key": env.str("S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("S3_SECRET_KEY", default="") or None,
            "location": env.str("S3_PREFIX", default="attachments"),
            "default_acl": None,  # as the bucket says: private
            "file_overwrite": False,
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(Path(MEDIA_ROOT) / "attachments"),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }
)
WHITENOISE_USE_FINDERS = not DEPLOYED

# --- Security ---------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=DEPLOYED)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # else one who guesses passwords locks everybody out
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSP_REPORTS = env.bool("CSP_REPORTS", default=DEBUG)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = ["config.web.uploads.SpooledUploadHandler"]
FILE_UPLOAD_TEMP_DIR = Path(MEDIA_ROOT) / "incoming"  # on the disk where uploads are kept: they are only moved
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

# --- Workspace import and export --------------------------------------------------------------

IMPORT_ZIP_MEGABYTES = env.int("IMPORT_ZIP_MEGABYTES", default=500)
IMPORT_UNPACKED_MEGABYTES = env.int("IMPORT_UNPACKED_MEGABYTES", default=4096)
IMPORT_ZIP_RATIO = env.int("IMPORT_ZIP_RATIO", default=100)
IMPORT_ZIP_FILES = env.int("IMPORT_ZIP_FILES", default=50)
IMPORT_ZIP_ATTACHMENTS = env.int("IMPORT_ZIP_ATTACHMENTS", default=10_000)
IMPORT_DAYS = env.int("IMPORT_DAYS", default=7)
EXPORT_HOURS = env.int("EXPORT_HOURS", default=24)

# --- API --------------------------------------------------------------------------------------

API_RATE = env.str("API_RATE", default="1200/min")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.api.permissions.TokenScope",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.web.pagination.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PARSER_CLASSES": ["config.web.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.TokenThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": API_RATE, "sign_in": "10/min"},
    "DEFAULT_SCHEMA_CLASS": "config.web.schema.Schema",
    "EXCEPTION_HANDLER": "config.web.errors.api_exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
API_ANSWERED_ONCE = "accounts.api.idempotency.answered_once"
SPECTACULAR_SETTINGS = {
    "TITLE": "Ascent 登顶",
    "VERSION": "1",
    "DESCRIPTION": "The whole product for programs, under the visibility of whoever's token it is.",
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "config.web.schema.Generator",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.web.schema.with_shared_answers",
        "config.web.schema.with_examples",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": False,  # its own links make it complain of them
        "docExpansion": "none",  # unfolded, the whole schema takes seconds to draw
        "filter": True,
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "TierEnum": "customers.models.Customer.Tier",
        "TokenScope": "accounts.models.AccessToken.Scope",
        "ImportState": "pipeline.models.ImportRun.State",
        "ExportState": "pipeline.models.ExportRun.State",
        "FactorKey": "opportunities.models.FactorKey",
        "Grade": "opportunities.models.Grade",
        "NightlyRunState": "pipeline.models.NightlyRun.State",
        "PlanLineState": "customers.models.PlanLine.State",
        "JointActionState": "customers.models.JointAction.State",
        "CriterionKind": "customers.models.ProfileCriterion.Kind",
    },
}

# --- Retention --------------------------------------------------------------------------------

KEEP_RUNS_DAYS = env.int("KEEP_RUNS_DAYS", default=180)
KEEP_NIGHTS_DAYS = env.int("KEEP_NIGHTS_DAYS", default=1_100)
KEEP_NOTIFICATIONS_DAYS = env.int("KEEP_NOTIFICATIONS_DAYS", default=365)
KEEP_READ_NOTIFICATIONS_DAYS = env.int("KEEP_READ_NOTIFICATIONS_DAYS", default=90)
KEEP_MESSAGES_DAYS = env.int("KEEP_MESSAGES_DAYS", default=30)
KEEP_INVITATIONS_DAYS = env.int("KEEP_INVITATIONS_DAYS", default=90)

# --- Metrics ----------------------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_COLLECTORS = ["accounts.metrics.collect", "pipeline.metrics.collect"]

# --- Logs -------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.web.logs.RequestIdFilter"},
        "secret_path": {"()": "config.web.logs.SecretPathFilter"},
    },
    "formatters": {
        "json": {"()": "config.web.logs.JsonFormatter"},
        "plain": {"format": "%(levelname)s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "secret_path"],
            "formatter": "plain" if DEBUG else "json",
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "WARNING"}},
}
