"""The bell: Celery wakes workers, PostgreSQL holds what is to be done. The schedule is code, reviewed like code."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lace.settings")

app = Celery("lace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,  # nothing asks for a result: the rows say what happened
    task_acks_late=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",  # a crontab in local time skips or repeats an hour twice a year
    worker_max_tasks_per_child=200,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_connect_timeout": 2},  # a broker that is away holds no request up for longer
    # A bell that nobody heard in time is dropped; the next one is as good.
    beat_schedule={
        "access reviews": {"task": "lace.notifications.tasks.ring_access_reviews", "schedule": crontab(hour=3, minute=40)},
        "reconciliation": {"task": "lace.deadlines.tasks.ring_reconciliation", "schedule": crontab(hour=2, minute=10), "options": {"expires": 3600}},
        "sweep": {"task": "lace.deadlines.tasks.ring_sweep", "schedule": crontab(), "options": {"expires": 50}},
        "seal": {"task": "lace.audit.tasks.ring_sealing", "schedule": 300.0, "options": {"expires": 280}},
        "verify": {"task": "lace.audit.tasks.ring_verification", "schedule": crontab(hour=1, minute=20), "options": {"expires": 3600}},
        "unusual": {"task": "lace.audit.tasks.ring_unusual", "schedule": crontab(hour=4, minute=40), "options": {"expires": 3600}},
        "requests": {"task": "schools.tasks.ring_requests", "schedule": crontab(hour=5, minute=10), "options": {"expires": 3600}},
        "figures": {"task": "reporting.tasks.ring_figures", "schedule": crontab(hour=3, minute=10), "options": {"expires": 3600}},
        "deliver": {"task": "lace.notifications.tasks.ring_delivery", "schedule": 30.0, "options": {"expires": 25}},
        "hear back": {"task": "lace.notifications.tasks.ring_hear_back", "schedule": 900.0, "options": {"expires": 600}},
    },
)
app.autodiscover_tasks(["lace.audit", "lace.deadlines", "lace.notifications", "schools", "peps", "reviews", "reporting"])
