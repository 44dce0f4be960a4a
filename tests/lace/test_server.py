"""The embedded PostgreSQL, started for real: as root and as an ordinary user, killed, shared, and from odd places."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from lace.database import server
from lace.database.context import APP_ROLE, JOB_ROLE, OWNER_ROLE, WORKER_ROLE
from lace.database.daemon import ServerError
from lace.database.server import Postgres, bootstrap_sql, postgres_binaries

AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster made once, stopped, to be copied: making one costs a second."""
    state = tmp_path_factory.mktemp("template")
    postgres = Postgres(state)
    postgres.acquire()
    postgres.psql("CREATE TABLE kept (words text); INSERT INTO kept VALUES ('ŵy')", role=OWNER_ROLE, database="lace")
    postgres.release()
    return state


@pytest.fixture
def state(template: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "state"
    shutil.copytree(template, copy, ignore=shutil.ignore_patterns("run"))
    yield copy
    Postgres(copy).stop()


def words(postgres: Postgres) -> str:
    return postgres.psql("SELECT words FROM kept", role=OWNER_ROLE, database="lace")


def test_first_start_makes_the_roles_and_the_database(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path)
    postgres.acquire()
    try:
        roles = "SELECT rolname, rolcanlogin, rolcreatedb, rolinherit, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles"
        assert postgres.psql(f"{roles} WHERE rolname LIKE 'lace%' ORDER BY 1").splitlines() == [
            "lace_app|t|f|t|f",
            "lace_job|f|f|t|f",
            "lace_owner|t|t|t|f",
            "lace_worker|t|f|t|f",
        ]
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'lace'"
        assert postgres.psql(owner) == OWNER_ROLE
        assert postgres.psql("SELECT lower('ŴŶ'), 'ŵ' ~* 'Ŵ', current_user", role=APP_ROLE, database="lace") == f"ŵŷ|t|{APP_ROLE}"
        assert postgres.psql("SHOW listen_addresses; SHOW fsync; SHOW jit").splitlines() == ["on", "off"]  # no address at all
    finally:
        postgres.release()
    assert not postgres.answers()


def test_worker_works_as_the_app_and_as_the_jobs_only_when_it_says_so(state: Path) -> None:
    postgres = Postgres(state)
    postgres.start()
    postgres.psql(
        f"CREATE TABLE of_jobs (words text); GRANT SELECT ON kept TO {APP_ROLE}; GRANT SELECT ON of_jobs TO {JOB_ROLE}",
        role=OWNER_ROLE,
        database="lace",
    )
    assert postgres.psql("SELECT * FROM kept", role=WORKER_ROLE, database="lace") == "ŵy"
    with pytest.raises(ServerError, match="permission denied for table of_jobs"):
        postgres.psql("SELECT * FROM of_jobs", role=WORKER_ROLE, database="lace")
    assert (
        postgres.psql(f"SET ROLE {JOB_ROLE}; SELECT current_user FROM (SELECT count(*) FROM of_jobs)", role=WORKER_ROLE, database="lace") == JOB_ROLE
    )
    for refused in (JOB_ROLE, OWNER_ROLE):
        with pytest.raises(ServerError, match="permission denied to set role"):
            postgres.psql(f"SET ROLE {refused}", role=APP_ROLE, database="lace")


def test_bootstrap_may_run_again_and_refuses_a_role_that_looks_past_row_level_security(state: Path) -> None:
    postgres = Postgres(state)
    postgres.start()
    for _ in range(2):
        for statement in bootstrap_sql():
            postgres.psql(statement)
    postgres.psql(f"ALTER ROLE {APP_ROLE} BYPASSRLS")
    with pytest.raises(ServerError, match="may look past row-level security"):
        postgres.psql(";".join(bootstrap_sql()))


def test_a_bootstrap_that_was_cut_short_is_finished_by_the_next_start(state: Path) -> None:
    postgres = Postgres(state)
    postgres.start()
    postgres.psql(f"REVOKE {JOB_ROLE} FROM {WORKER_ROLE}")
    (postgres.home / "bootstrapped").unlink()
    postgres.start()  # while it runs
    assert postgres.psql(f"SET ROLE {JOB_ROLE}; SELECT current_user", role=WORKER_ROLE, database="lace") == JOB_ROLE


def test_killed_server_comes_back_with_what_was_committed(state: Path) -> None:
    postgres = Postgres(state)
    postgres.acquire()
    postgres.psql("UPDATE kept SET words = 'committed'", role=OWNER_ROLE, database="lace")
    os.kill(postgres._recorded_pid() or 0, signal.SIGKILL)
    postgres.acquire()
    assert words(postgres) == "committed"
    postgres.release()
    assert not postgres._processes()


def test_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(state: Path) -> None:
    """After a reboot, or in a container, the recorded number often belongs to another program."""
    stranger = subprocess.Popen(["sleep", "60"])
    postgres = Postgres(state)
    try:
        postgres.pid_file().write_text(f"{stranger.pid}\n{postgres.data}\n1\n5432\n{postgres.socket_dir}\n\n  0  0\nready\n")
        postgres.stop()
        assert stranger.poll() is None
        postgres.acquire()
        assert words(postgres) == "ŵy"
        postgres.release()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stopped_server_that_no_longer_answers_is_replaced(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lace.database.daemon.STUCK_SECONDS", 0.2)
    postgres = Postgres(state)
    postgres.start()
    stuck = postgres._recorded_pid() or 0
    postgres.socket.unlink()  # as a cleaner of temporary files would
    postgres.start()
    assert words(postgres) == "ŵy"
    assert stuck not in postgres._processes()


def test_four_first_starts_at_once_make_one_server(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from lace.database.server import Postgres\n"
        "postgres = Postgres(Path(sys.argv[1])); postgres.acquire()\n"
        "print(postgres.psql('SELECT 1', role='lace_app', database='lace'), flush=True); sys.stdin.read(); postgres.release()"
    )
    root = Path(server.__file__).parents[2]
    starts = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    postgres = Postgres(tmp_path)
    assert [start.stdout.readline().strip() for start in starts if start.stdout] == ["1"] * 4
    assert postgres.log.read_text().count("starting PostgreSQL") == 1
    for left in (3, 2, 1, 0):
        starts[left].communicate("")
        assert starts[left].returncode == 0
        assert postgres.answers() == (left > 0)  # the last to leave stops it


@pytest.mark.parametrize("odd", ["x" * 150, 'it\'s "an" odd $HOME %2F;`name` ŵ'])
def test_long_and_odd_paths(template: Path, tmp_path: Path, odd: str) -> None:
    shutil.copytree(template, tmp_path / odd, ignore=shutil.ignore_patterns("run"))
    postgres = Postgres(tmp_path / odd)
    postgres.acquire()
    try:
        assert words(postgres) == "ŵy"
        assert len(os.fsencode(postgres.socket)) <= 100
        assert postgres.socket_dir.stat().st_mode & 0o777 == 0o700
        parsed = dj_database_url.parse(postgres.url())
        with psycopg.connect(host=parsed["HOST"], user=parsed["USER"], dbname=parsed["NAME"]) as connection:
            row = connection.execute("SELECT current_user").fetchone()
            assert row == (APP_ROLE,)
    finally:
        postgres.release()


def test_socket_folder_of_somebody_else_is_refused(template: Path, tmp_path: Path) -> None:
    state = tmp_path / ("x" * 150)
    shutil.copytree(template, state, ignore=shutil.ignore_patterns("run"))
    postgres = Postgres(state)
    postgres.socket_dir.symlink_to(tmp_path)
    try:
        with pytest.raises(ServerError, match="belongs to somebody else"):
            postgres.start()
    finally:
        postgres.socket_dir.unlink()


def test_discard_begins_again_but_not_under_somebody_at_work(state: Path) -> None:
    at_work, other = Postgres(state), Postgres(state)
    at_work.acquire()
    with pytest.raises(ServerError, match="in use by another command"):
        other.discard()
    assert words(at_work) == "ŵy"
    at_work.release()
    other.discard()
    other.acquire()
    assert other.psql("SELECT count(*) FROM pg_class WHERE relname = 'kept'", database="lace") == "0"
    other.release()


def test_initdb_that_was_cut_short_begins_again(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path)
    (postgres.home / "data.unfinished" / "base").mkdir(parents=True)
    (postgres.home / "data.unfinished" / "PG_VERSION").write_text("18\n")
    postgres.acquire()
    assert postgres.answers()
    postgres.release()


def test_data_of_another_version_says_what_to_do(state: Path) -> None:
    postgres = Postgres(state)
    (postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerError, match=r"made by PostgreSQL 17; the one installed here is 18.*--fresh"):
        postgres.start()


def test_failure_to_start_shows_the_end_of_the_log(state: Path) -> None:
    postgres = Postgres(state)
    with (postgres.data / "postgresql.auto.conf").open("a") as conf:
        conf.write("no_such_setting = on\n")
    with pytest.raises(ServerError, match="no_such_setting"):
        postgres.start()


def test_settings_of_the_persons_own_postgresql_do_not_disturb(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "6543", "PGHOST": "elsewhere", "PGUSER": "me", "PGDATA": "/nowhere", "PGOPTIONS": "-c fsync=off"}.items():
        monkeypatch.setenv(name, value)
    postgres = Postgres(state)
    postgres.start()
    assert words(postgres) == "ŵy"


def _nobody_reaches_the_binaries() -> bool:
    if not AS_ROOT:
        return False
    nobody = pwd.getpwnam("nobody")
    postgres = str(postgres_binaries() / "postgres")
    return subprocess.run(["test", "-x", postgres], cwd="/", user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[]).returncode == 0


needs_nobody = pytest.mark.skipif(not _nobody_reaches_the_binaries(), reason="needs root, and a tree that the user nobody may enter")


@needs_nobody
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork beside threads: the child only starts a server and leaves
def test_ordinary_user(template: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    state = Path("/tmp") / f"lace-test-{os.getpid()}"
    shutil.copytree(template, state, ignore=shutil.ignore_patterns("run"))
    for path in (state, *state.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    try:
        child = os.fork()
        if not child:
            code = 1
            try:
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
                postgres = Postgres(state)
                postgres.acquire()
                code = 0 if words(postgres) == "ŵy" else 2
                os.kill(postgres._recorded_pid() or 0, signal.SIGKILL)
                postgres.acquire()
                code = code or (0 if words(postgres) == "ŵy" else 3)
                postgres.release()
                code = code or (4 if postgres._processes() else 0)
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        shutil.rmtree(state)


@needs_nobody
def test_root_where_namespaces_are_refused_and_back(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some containers refuse user namespaces; the same data must serve under either way."""
    state = Path("/tmp") / f"lace-test-{os.getpid()}"
    shutil.copytree(template, state, ignore=shutil.ignore_patterns("run"))
    state.chmod(0o755)
    nobody = pwd.getpwnam("nobody").pw_uid
    postgres = Postgres(state)
    try:
        for works, owner in ((False, nobody), (True, 0), (False, nobody)):
            if works and not server._namespaces_work():
                continue
            with monkeypatch.context() as patch:
                if not works:
                    patch.setattr(server, "_namespaces_work", lambda: False)
                postgres.acquire()
                assert words(postgres) == "ŵy"
                assert (postgres.data / "base").stat().st_uid == owner
                postgres.release()
                assert not postgres.answers()
    finally:
        postgres.stop()
        shutil.rmtree(state)


@needs_nobody
def test_root_without_namespaces_in_a_closed_folder_says_what_to_do(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    shutil.copytree(template, closed / "state", ignore=shutil.ignore_patterns("run"))
    closed.chmod(0o700)
    monkeypatch.setattr(server, "_namespaces_work", lambda: False)
    with pytest.raises(ServerError, match=r"the user nobody may not enter .* as an ordinary user, or put the folder where everyone may enter"):
        Postgres(closed / "state").start()
