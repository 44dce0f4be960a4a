from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "lace.accounts"
    label = "accounts"
    verbose_name = "People, authorities and access"
