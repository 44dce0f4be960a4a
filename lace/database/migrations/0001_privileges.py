"""The app's role may work on every table, present and to come; protected tables take back what they do not give."""

from django.db import migrations

GRANT = """
GRANT USAGE ON SCHEMA public TO lace_app, lace_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lace_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO lace_app, lace_job;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lace_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO lace_app, lace_job;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM lace_app;
CREATE EXTENSION IF NOT EXISTS btree_gist;
"""
REVOKE = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM lace_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM lace_app, lace_job;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM lace_app, lace_job;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(GRANT, REVOKE)]
