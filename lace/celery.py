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
        "sweep": {"task": "lace.deadlines.tasks.ring_sweep", "schedule": crontab(), "options": {"expires": 50}},
        "deliver": {"task": "lace.notifications.tasks.ring_delivery", "schedule": 30.0, "options": {"expires": 25}},
    },
)
app.autodiscover_tasks(["lace.deadlines", "lace.notifications", "schools", "peps", "reviews", "reporting"])
