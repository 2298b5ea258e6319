"""A backup of a database and its return, as an administrator makes them: a copied file, a copied PostgreSQL database."""

from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from prepared import copy_file, file_of
from twinflow.storage.engine import make_engine


class Backup:
    """What the database at `url` held when this was made."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._name = f"backup_{uuid4().hex}"
        self._file = folder / self._name
        if self._is_sqlite:
            copy_file(file_of(url), self._file)
        else:
            _copy_on_server(url, _name_of(url), self._name)

    def restore(self, url: str = "") -> None:
        """Put it in the place of the database at `url`, else of its own. Nobody may be connected to that."""
        target = url or self._url
        if self._is_sqlite:
            for ending in ("", "-wal", "-shm"):
                file_of(target).with_name(file_of(target).name + ending).unlink(missing_ok=True)
            copy_file(self._file, file_of(target))
        else:
            _copy_on_server(target, self._name, _name_of(target))

    def discard(self) -> None:
        if not self._is_sqlite:
            _on_server(self._url, f"DROP DATABASE {self._name} WITH (FORCE)")

    @property
    def _is_sqlite(self) -> bool:
        return self._url.startswith("sqlite")


def _name_of(url: str) -> str:
    return str(make_url(url).database)


def _copy_on_server(url: str, source: str, target: str) -> None:
    _on_server(url, f"DROP DATABASE IF EXISTS {target} WITH (FORCE)", f"CREATE DATABASE {target} TEMPLATE {source}")


def _on_server(url: str, *statements: str) -> None:
    admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()


def passes(url: str) -> int:
    """How many sending passes the database has counted."""
    engine = make_engine(url)
    with engine.connect() as connection:
        count = int(connection.execute(text("SELECT passes FROM mail_state")).scalar_one())
    engine.dispose()
    return count
