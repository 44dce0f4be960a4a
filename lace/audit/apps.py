from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "lace.audit"
    label = "audit"
    verbose_name = "Audit"
