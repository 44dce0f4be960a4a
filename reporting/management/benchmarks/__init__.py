"""What `manage.py bench` measures, one module a subject, and the harness it measures with."""
