from django.apps import AppConfig


class ChildrenConfig(AppConfig):
    name = "lace.children"
    label = "children"
    verbose_name = "Children"
