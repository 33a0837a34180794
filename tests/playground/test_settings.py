from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from playground.settings import RECENT, TABLES, Settings, reset, stored


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_what_is_kept_is_found_again(store: QSettings, tmp_path: Path) -> None:
    settings = Settings(store)
    project = tmp_path / "a.nnp"
    project.write_bytes(b"")
    settings.set_theme("light")
    settings.set_speed(30.0)
    settings.set_layout(QByteArray(b"geometry"), QByteArray(b"state"))
    settings.add_recent_file(project)
    store.sync()
    again = Settings(QSettings(store.fileName(), QSettings.Format.IniFormat))
    assert again.theme() == "light"
    assert again.speed() == 30.0
    assert again.layout() == (QByteArray(b"geometry"), QByteArray(b"state"))
    assert again.recent_files() == [project]


def test_tables_and_folders_are_kept_apart(store: QSettings) -> None:
    settings = Settings(store)
    settings.set_tables([f"table {number}" for number in range(TABLES + 2)])
    settings.set_folders(["folder"])
    store.sync()
    again = Settings(QSettings(store.fileName(), QSettings.Format.IniFormat))
    assert again.tables() == [f"table {number}" for number in range(TABLES)] and again.folders() == ["folder"]
    store.setValue("folders", QByteArray(b"no text"))
    assert settings.folders() == [] and Settings().folders() == []


def test_without_a_store_the_defaults_hold() -> None:
    settings = Settings()
    settings.set_theme("dark")
    assert settings.theme() == "system"
    assert math.isinf(settings.speed())
    assert settings.layout() is None
    assert settings.recent_files() == []


@pytest.mark.parametrize("value", ["purple", "", 7, ["dark"], QByteArray(b"\x00\xff"), None])
def test_a_bad_value_is_as_good_as_none(store: QSettings, value: object) -> None:
    for key in ("theme", "speed", "layout/version", "layout/geometry", "layout/state", "recent"):
        store.setValue(key, value)
    settings = Settings(store)
    assert settings.theme() in ("dark", "system")
    assert settings.speed() > 0
    assert settings.layout() is None
    assert settings.recent_files() == []


def test_a_layout_of_another_version_is_not_restored(store: QSettings) -> None:
    settings = Settings(store)
    settings.set_layout(QByteArray(b"geometry"), QByteArray(b"state"))
    store.setValue("layout/version", 99)
    assert settings.layout() is None


def test_recent_files_are_the_newest_that_still_exist(store: QSettings, tmp_path: Path) -> None:
    settings = Settings(store)
    paths = [tmp_path / f"{number}.nnp" for number in range(RECENT + 2)]
    for path in paths:
        path.write_bytes(b"")
        settings.add_recent_file(path)
    settings.add_recent_file(paths[-2])
    assert settings.recent_files() == [paths[-2], paths[-1], *reversed(paths[2:-2])]
    paths[-1].unlink()
    assert paths[-1] not in settings.recent_files()


def test_reset_empties_the_users_own_file() -> None:
    stored().set_theme("light")
    assert stored().theme() == "light"
    reset()
    assert stored().theme() == "system"


def test_what_is_forgotten_is_not_written_again(store: QSettings) -> None:
    settings = Settings(store)
    settings.set_theme("light")
    settings.forget()
    settings.set_theme("dark")
    assert Settings(store).theme() == "system"
