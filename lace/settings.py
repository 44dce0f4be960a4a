"""Settings, read from the environment; what is missing says so by name."""

import os
import sys
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(os.environ.get("LACE_STATE", BASE_DIR / ".lace"))  # what set-up builds: style sheet, fonts, catalogues, embedded servers


def env(name: str, default: str | None = None) -> str:
    """The environment's value. Raises ImproperlyConfigured, naming what is missing, when there is no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment (see docker-compose.yml for all that Lace reads).")
    return value


def switch(name: str) -> bool:
    value = env(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


# A demo or a developer's machine. Production refuses it: see lace.web.checks.
DEMO = switch("LACE_DEMO")
if "LACE_FAILPOINT" in os.environ and not DEMO:  # lace.core.failpoint
    raise ImproperlyConfigured("Unset LACE_FAILPOINT: it kills workers half-way, for the crash tests alone.")
DEBUG = False
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "localhost 127.0.0.1").split()
SITE_URL = env("SITE_URL", "http://localhost:8000")

INSTALLED_APPS = [
    "lace.database",
    "lace.audit",
    "lace.accounts",
    "lace.children",
    "lace.notifications",
    "lace.deadlines",
    "lace.documents",
    "lace.web",
    "lace.api",
    "schools",
    "peps",
    "reviews",
    "reporting",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "django_htmx",
    "guardian",
    "oauth2_provider",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "lace.web.middleware.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lace.accounts.signing_in.SessionRules",
    "lace.web.middleware.Acting",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "lace.urls"
WSGI_APPLICATION = "lace.wsgi.application"
FORM_RENDERER = "lace.web.forms.GovukRenderer"
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
                "lace.web.context.page",
            ]
        },
    }
]

# Migrations and seeding run as the owner of the tables; the web as lace_app, workers as lace_worker: neither owns a table.
OWNER_COMMANDS = {"migrate", "showmigrations", "sqlmigrate", "makemigrations", "seed"}
_owner = (len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS) or "pytest" in sys.modules
DATABASES = {
    "default": dj_database_url.parse(
        env("OWNER_DATABASE_URL") if _owner else env("DATABASE_URL"),
        engine="lace.database.backend",
        conn_max_age=0,
    )
    | {
        "ATOMIC_REQUESTS": True,
        "TEST": {"NAME": f"test_lace_{env('LACE_TEST_NAME', 'main')}"},
    }
}
if not _owner:
    # Reopening a connection costs 10 ms a request; a short timeout so that a database that is down says so at once.
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8, "timeout": 5}}

REDIS_URL = env("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env("CACHE_URL", REDIS_URL)}}
CELERY_BROKER_URL = REDIS_URL

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("email", "name")}},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "work"
LOGOUT_REDIRECT_URL = "account_login"
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None  # guardian's anonymous account: nobody is somebody here

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts come by invitation; nobody signs up
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "lace.accounts.signing_in.Adapter"
# Django's own: allauth's writes while it looks at a link, and a GET may not write.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  # a class's name
ACCOUNT_FORMS = {
    "login": "lace.accounts.forms.SignInForm",
    "reset_password": "lace.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "lace.accounts.forms.NewPasswordForm",
    "change_password": "lace.accounts.forms.OtherPasswordForm",
    "reauthenticate": "lace.accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "lace.accounts.signing_in.SecondFactors"
MFA_FORMS = {
    "authenticate": "lace.accounts.forms.CodeForm",
    "reauthenticate": "lace.accounts.forms.ConfirmByCodeForm",
    "activate_totp": "lace.accounts.forms.SetUpAppForm",
    "add_webauthn": "lace.accounts.forms.AddPasskeyForm",
    "authenticate_webauthn": "lace.accounts.forms.PasskeyForm",
    "login_webauthn": "lace.accounts.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "lace.accounts.forms.ConfirmByPasskeyForm",
}
MFA_TOTP_TOLERANCE = 1  # half a minute to either side, for phones whose clocks differ
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Lace"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
SECOND_FACTOR_REQUIRED = not DEMO

# Reverse proxies of our own in front: so many of the last addresses of X-Forwarded-For are true.
TRUSTED_PROXIES = int(env("TRUSTED_PROXIES", "0" if DEMO else "1"))
AXES_HANDLER = "lace.accounts.signing_in.Delays"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = 24  # hours that a failure is remembered; how long one waits is lace.accounts.signing_in.delay
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # a try that was not taken does not lengthen the wait
AXES_LOCKOUT_CALLABLE = "lace.accounts.signing_in.locked_out"
AXES_CLIENT_IP_CALLABLE = "lace.accounts.signing_in.client_ip"
AXES_USERNAME_CALLABLE = "lace.accounts.signing_in.account_name"
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 15 * 60  # idle minutes; lace.accounts.signing_in holds the 12 hours in all
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "lace.web.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

TLS = not DEMO
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-session", "__Host-csrf") if TLS else ("session", "csrf")
LANGUAGE_COOKIE_NAME = "language"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" would fail Django's CSRF check over TLS
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # a body over 1 MB is refused
FILE_UPLOAD_HANDLERS = ["lace.web.uploads.InMemory"]  # never a temporary file
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # kept of the files of a request, unless the page says another `file_bytes`
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
LOCALE_PATHS = [BASE_DIR / "lace" / "locale", BASE_DIR / "lace" / "locale_django"]
FORMAT_MODULE_PATH = ["lace.web.formats"]
TIME_ZONE = "Europe/London"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [STATE_DIR / "build" / "static"]
STATIC_ROOT = STATE_DIR / "build" / "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "lace.web.storage.StaticStorage"},
}
FONTS_DIR = STATE_DIR / "build" / "fonts"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = env("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env("EMAIL_HOST", "localhost")
EMAIL_PORT = int(env("EMAIL_PORT", "25"))
EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = switch("EMAIL_USE_TLS")
EMAIL_FILE_PATH = str(STATE_DIR / "mail")
EMAIL_TIMEOUT = 20
MAIL_KEEPS_HOURS = env("MAIL_KEEPS_HOURS", "1") == "1"  # digests, quiet days; off in the demo, where one wants to see what goes out
# GOV.UK Notify in place of SMTP: a key and a template with the personalisations of lace/notifications/channels.py.
NOTIFY_API_KEY = env("NOTIFY_API_KEY", "")
NOTIFY_TEMPLATE_ID = env("NOTIFY_TEMPLATE_ID", "")
NOTIFY_BASE_URL = env("NOTIFY_BASE_URL", "")
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "Lace <lace@localhost>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["lace.api.authentication.CaseSystemAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["lace.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lace.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["lace.api.authentication.ClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": "600/minute"},
    "EXCEPTION_HANDLER": "lace.api.exceptions.handle",
    "NON_FIELD_ERRORS_KEY": "",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lace",
    "DESCRIPTION": _("Casework for the education of looked-after children in Wales"),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "POSTPROCESSING_HOOKS": ["lace.api.schema.finish"],  # without the framework's own, which gives each choice a name of its own
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
    "SCOPES": {"care": "Record and read the children of the authority"},
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # a token's checksum is kept, never the token
    # RFC 9700, OAuth 2.0 Security Best Current Practice, in full: case systems use client credentials and nothing else.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}

PGHISTORY_OBJ_FIELD = None
PGTRIGGER_MIGRATIONS = False  # lace.audit installs the triggers after each migration; half a thousand of them in Django's state cost a minute
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # guardian's backend is not used: lace.accounts.access asks its tables itself

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "lace.web.logs.Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "ERROR"}, "pgtrigger": {"level": "WARNING"}, "weasyprint": {"level": "WARNING"}, "fontTools": {"level": "WARNING"}},
}
