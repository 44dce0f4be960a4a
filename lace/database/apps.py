from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "lace.database"
    label = "database"
    verbose_name = "Row-level security"
