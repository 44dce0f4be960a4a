"""A notification is its recipient's, whatever became of their access to the child; jobs make and send them."""

from django.db import migrations

from lace.database.rls import Protect

MINE = "(recipient_id = nullif(current_setting('app.user_id', true), '')::bigint)"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("children", "0002_protect")]
    operations = [
        # An act tells others in its own transaction: whoever may see the child may put a message about it into the outbox.
        Protect("notifications_notification", visible=MINE, may_add=f"({MINE} OR child_id IS NULL OR {{child}})", may="SELECT, INSERT, UPDATE", job="SELECT, INSERT, UPDATE"),
    ]
