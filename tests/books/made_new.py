"""What stands in databases that this version has made new, as `storage/shape.json` has it: `make shape` writes it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from postgres import TEMPLATE, migrate, migrated_server, named
from twinflow.storage.engine import make_engine
from twinflow.storage.shape import MADE_NEW
from twinflow.storage.unit_of_work import UnitOfWork


def definitions_in(url: str) -> dict[str, str]:
    engine = make_engine(url)
    try:
        with UnitOfWork(engine, reading=True) as work:
            return dict(sorted(work.shape.definitions().items()))
    finally:
        engine.dispose()


if __name__ == "__main__":
    with TemporaryDirectory() as folder, migrated_server() as server:
        file = f"sqlite:///{Path(folder) / 'new.db'}"
        migrate(file)
        found = {"postgresql": definitions_in(named(server, TEMPLATE)), "sqlite": definitions_in(file)}
    MADE_NEW.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
