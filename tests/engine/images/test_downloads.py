"""Downloads from a real server in a thread: slow, short, lying, gone; cancelled, resumed; without a network."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from engine.images import downloads
from engine.images.downloads import Cancelled, DownloadError, download
from engine.images.remotes import Remote, everywhere

CONTENT = np.random.default_rng(1).bytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What the test's server does with a path, and what it was asked for."""

    address: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def url(self, way: str) -> str:
        return f"{self.address}/{way}/file.gz"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on standard error."""

        def do_GET(self) -> None:
            way, wanted = self.path.split("/")[1], self.headers.get("Range")
            state.asked.append((way, wanted))
            if way == "gone":
                self.send_error(404)
                return
            content = b"x" + CONTENT[1:] if way == "wrong" else CONTENT
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and way != "whole" else 0
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - begin))
            self.end_headers()
            end = {"short": 100_000, "slow": 200_000, "mute": begin}.get(way, len(content))
            self.wfile.write(content[begin:end])
            if way in ("slow", "mute"):
                self.wfile.flush()
                state.go_on.wait(10)

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    state = Server(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.go_on.set()
    running.shutdown()
    running.server_close()
    thread.join()


def remote(server: Server, *ways: str, digest: str = DIGEST) -> Remote:
    return Remote("file.gz", len(CONTENT), digest, tuple(map(server.url, ways)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_and_its_progress_told(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    download([remote(server, "good")], tmp_path / "new", lambda done, total: told.append((done, total)))
    assert (tmp_path / "new" / "file.gz").read_bytes() == CONTENT
    assert names(tmp_path / "new") == ["file.gz"]
    assert told == sorted(told) and told[-1] == (len(CONTENT), len(CONTENT)) and len(told) > 3
    download([remote(server, "good")], tmp_path / "new")
    assert len(server.asked) == 1  # what is there is not fetched again


def test_several_files_are_one_progress(server: Server, tmp_path: Path) -> None:
    first = remote(server, "good")
    second = Remote("other.gz", len(CONTENT), DIGEST, (server.url("good"),))
    told: list[tuple[int, int]] = []
    download([first, second], tmp_path, lambda done, total: told.append((done, total)))
    assert told[-1] == (2 * len(CONTENT), 2 * len(CONTENT)) and told == sorted(told)
    assert names(tmp_path) == ["file.gz", "other.gz"]


@pytest.mark.parametrize("bad", ["gone", "wrong", "short"])
def test_where_one_place_fails_the_next_is_asked(server: Server, tmp_path: Path, bad: str) -> None:
    download([remote(server, bad, "good")], tmp_path)
    assert [way for way, _ in server.asked] == [bad, "good"]
    assert (tmp_path / "file.gz").read_bytes() == CONTENT and names(tmp_path) == ["file.gz"]


@pytest.mark.parametrize(
    ("way", "words", "left"),
    [
        ("gone", "127.0.0.1 answers 404 Not Found", []),
        ("wrong", "its checksum is not the published one", []),
        ("short", "127.0.0.1 (ended after 100,000 of 300,000 bytes|cannot be reached)", ["file.gz.part"]),
    ],
)
def test_each_fault_is_one_sentence(server: Server, tmp_path: Path, way: str, words: str, left: list[str]) -> None:
    with pytest.raises(DownloadError, match=words) as error:
        download([remote(server, way)], tmp_path)
    assert str(error.value).startswith("file.gz cannot be downloaded: ")
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)
    assert names(tmp_path) == left


def test_what_broke_off_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        download([remote(server, "short")], tmp_path)
    had = (tmp_path / "file.gz.part").stat().st_size
    assert 0 < had <= 100_000
    download([remote(server, "good")], tmp_path)
    assert server.asked == [("short", None), ("good", f"bytes={had}-")]
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_a_place_that_cannot_go_on_begins_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz.part").write_bytes(CONTENT[:1000])
    download([remote(server, "whole")], tmp_path)
    assert server.asked == [("whole", "bytes=1000-")]
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_a_beginning_of_another_file_is_found_out(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz.part").write_bytes(b"x" * 1000)
    download([remote(server, "good", "whole")], tmp_path)
    assert [wanted for _, wanted in server.asked] == ["bytes=1000-", None]
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    (tmp_path / "file.gz").unlink()
    (tmp_path / "file.gz.part").write_bytes(bytes(len(CONTENT) + 1))
    download([remote(server, "good")], tmp_path)
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_cancelled_on_the_way_and_resumed(server: Server, tmp_path: Path) -> None:
    told: list[int] = []

    def tell(done: int, total: int) -> None:
        told.append(done)
        if done >= 200_000:
            server.go_on.set()  # the rest never comes

    with pytest.raises(Cancelled):
        download([remote(server, "slow")], tmp_path, tell, lambda: bool(told) and told[-1] > 60_000)
    assert names(tmp_path) == ["file.gz.part"]
    had = (tmp_path / "file.gz.part").stat().st_size
    assert 60_000 < had <= 200_000
    with pytest.raises(Cancelled):
        download([remote(server, "good")], tmp_path, cancelled=lambda: True)
    download([remote(server, "good")], tmp_path)
    assert server.asked[1:] == [("good", f"bytes={had}-")]
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_a_place_that_says_nothing_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT", 0.2)
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 does not answer"):
        download([remote(server, "mute")], tmp_path)


def test_without_a_network_it_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    files = [everywhere("file.gz", 5, DIGEST, "https://one.example", "https://two.example")]
    with pytest.raises(DownloadError, match="this computer seems to be offline; connect it, or put the file into"):
        download(files, tmp_path)
    assert names(tmp_path) == []


def test_a_system_that_looks_for_a_place_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(downloads, "TIMEOUT", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(10))
    with pytest.raises(DownloadError, match="offline"):
        download([everywhere("file.gz", 5, DIGEST, "https://one.example")], tmp_path)
    ended.set()


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached \(.*refused"):
            download([everywhere("file.gz", 5, DIGEST, address)], tmp_path)


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be written"):
        download([remote(server, "good")], tmp_path / "file" / "folder")


def test_every_published_file_is_well_described() -> None:
    from engine.catalog.datasets.published import PublishedImages
    from engine.catalog.registry import entries

    published = [cls for cls in entries("datasets").values() if issubclass(cls, PublishedImages)]
    assert {cls.label for cls in published} == {"MNIST", "Fashion-MNIST", "CIFAR-10"}
    files = [file for cls in published for file in cls.downloads]
    assert len({file.sha256 for file in files}) == len(files) == 9
    for file in files:
        assert len(bytes.fromhex(file.sha256)) == 32 and file.size > 1000 and file.urls
        assert all(url.startswith("http") and url.endswith(f"/{file.name}") for url in file.urls)
