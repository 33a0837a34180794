"""Fetching published files: from the first place that has them, checked, resumed where they broke off."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

from engine.document.errors import PlaygroundError
from engine.images.remotes import Remote

TIMEOUT = 8.0
"""Seconds after which a place that does not answer is given up."""
_PIECE = 1 << 16

Told = Callable[[int, int], None]
"""Hears how many bytes of how many there are, files that were there before included."""


class DownloadError(PlaygroundError):
    """Files could not be fetched; says which, why, and what to do."""


class Cancelled(Exception):
    """The user does not want the download any more; what there is of it stays, to be resumed."""


def download(
    remotes: Sequence[Remote],
    folder: Path,
    told: Told = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Fetch into a folder the files that it does not have yet, one after the other.

    A file gets its name when it is whole and its checksum right; until then it ends in `.part`, and is gone on with the
    next time. Where one place fails, the next is asked. Raises DownloadError, or Cancelled soon after `cancelled()`.
    """
    total = sum(remote.size for remote in remotes)
    done = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for remote in remotes:
            if not (folder / remote.name).is_file():
                _Fetch(remote, folder, partial(_tell, told, done, total), cancelled).run()
            done += remote.size
            told(done, total)
    except OSError as error:
        raise DownloadError(
            "{file} cannot be written ({reason}); make room, or make the folder writable",
            file=str(error.filename or folder),
            reason=error.strerror or str(error),
        ) from error


def _tell(told: Told, before: int, total: int, here: int) -> None:
    told(before + here, total)


class _Refused(Exception):
    """One place could not give the file; `reason` says why, in a few words."""

    def __init__(self, reason: str, offline: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offline = offline


class _Fetch:
    """One file on its way."""

    def __init__(
        self, remote: Remote, folder: Path, told: Callable[[int], None], cancelled: Callable[[], bool]
    ) -> None:
        self._remote = remote
        self._folder = folder
        self._path = folder / f"{remote.name}.part"
        self._told = told
        self._cancelled = cancelled

    def run(self) -> None:
        """Ask every place in turn, and give the file its name. Raises DownloadError or OSError of the disk."""
        refusals = []
        for url in self._remote.urls:
            try:
                self._fetch(url)
                self._check()
                os.replace(self._path, self._folder / self._remote.name)
                return
            except _Refused as refusal:
                refusals.append(refusal)
        if all(refusal.offline for refusal in refusals):
            raise DownloadError(
                "{name} cannot be downloaded: this computer seems to be offline; connect it, or put the file into "
                "{folder}",
                name=self._remote.name,
                folder=str(self._folder),
            )
        reason = next(refusal.reason for refusal in reversed(refusals) if not refusal.offline)
        raise DownloadError(
            "{name} cannot be downloaded: {reason}; try again later, or put the file into {folder}",
            name=self._remote.name,
            reason=reason,
            folder=str(self._folder),
        )

    def _fetch(self, url: str) -> None:
        """Get what is missing from one place. Raises _Refused, Cancelled, or OSError of the disk."""
        had = self._path.stat().st_size if self._path.is_file() else 0
        if had > self._remote.size:
            self._path.unlink()
            had = 0
        if had == self._remote.size:
            return
        self._stop_if_cancelled()
        _find_host(url)
        request = urllib.request.Request(url, headers={"Range": f"bytes={had}-"} if had else {})
        try:
            answer = urllib.request.urlopen(request, timeout=TIMEOUT)
        except (OSError, HTTPException, ValueError) as error:
            raise _refused(error, urllib.parse.urlsplit(url).hostname or url) from error
        with contextlib.closing(answer):
            goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {had}-")
            with self._path.open("ab" if goes_on else "wb") as file:
                self._receive(answer, file, had if goes_on else 0, urllib.parse.urlsplit(url).hostname or url)

    def _receive(self, answer: Any, file: Any, had: int, host: str) -> None:
        while had < self._remote.size:
            self._stop_if_cancelled()
            try:
                piece = answer.read1(min(_PIECE, self._remote.size - had))
            except (OSError, HTTPException) as error:
                raise _refused(error, host) from error
            if not piece:
                raise _Refused(f"{host} ended after {had:,} of {self._remote.size:,} bytes")
            file.write(piece)
            had += len(piece)
            self._told(had)

    def _check(self) -> None:
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != self._remote.sha256:
            self._path.unlink()
            raise _Refused("its checksum is not the published one, so it is damaged or another file")

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled


def _find_host(url: str) -> None:
    """Ask for the address of a place, for a limited time: the system itself may wait long for an answer."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    proxies = urllib.request.getproxies()
    if parts.scheme in proxies and not urllib.request.proxy_bypass(host):
        return
    found: list[Exception | None] = []

    def ask() -> None:
        try:
            socket.getaddrinfo(host, parts.port or parts.scheme)
            found.append(None)
        except (OSError, UnicodeError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, name="find host", daemon=True)
    asking.start()
    asking.join(TIMEOUT)
    if not found or found[0] is not None:
        raise _Refused(f"{host} is not found", offline=True)


def _refused(error: Exception, host: str) -> _Refused:
    if isinstance(error, urllib.error.HTTPError):
        with contextlib.closing(error):
            return _Refused(f"{host} answers {error.code} {error.reason}")
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return _Refused(f"{host} does not answer")
    unreachable = isinstance(cause, OSError) and cause.errno in _NO_NETWORK
    offline = unreachable or isinstance(cause, socket.gaierror)
    return _Refused(f"{host} cannot be reached ({_words(cause)})", offline)


def _words(cause: object) -> str:
    return (cause.strerror if isinstance(cause, OSError) else "") or str(cause) or type(cause).__name__


def _no_network() -> frozenset[int]:
    import errno

    names = ("ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EADDRNOTAVAIL")
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_NO_NETWORK = _no_network()
