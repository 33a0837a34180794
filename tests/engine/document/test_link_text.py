"""Documents as text: pasted back they are equal, and no text can do more than be refused."""

from __future__ import annotations

import base64
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.errors import FileError
from engine.document.examples import examples
from engine.document.graph import Document
from engine.document.link_text import LONGEST, _checksum, from_text, is_link_text, to_text
from engine.document.notes import LONGEST_NOTE, Note, add_note

DOCUMENTS = {name: example.document for name, example in examples().items()}
TEXT = to_text(DOCUMENTS["skip"])


def packed(content: bytes, version: int = 1) -> str:
    data = zlib.compress(content)
    return f"playground:{version}:{_checksum(data)}:{base64.urlsafe_b64encode(data).decode()}"


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_pasted_text_is_the_document(document: Document) -> None:
    text = to_text(document)
    assert is_link_text(text) and text.startswith("playground:1:") and "\n" not in text
    assert from_text(text) == document
    assert len(text) < 2000


def test_blanks_and_line_ends_of_a_mail_do_no_harm() -> None:
    lines = "\r\n".join(TEXT[start : start + 60] for start in range(0, len(TEXT), 60))
    assert from_text(f"\n  {lines} \n") == DOCUMENTS["skip"]


def test_words_of_every_language_come_back() -> None:
    document = add_note(DOCUMENTS["xor"], Note("Grüße – 神经网络 🎉"))
    assert from_text(to_text(document)) == document


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("no link text", ""),
        ("no link text", "https://example.org"),
        ("no link text", "x" * 5000),
        ("copy all of it again", TEXT[:-10]),
        ("copy all of it again", TEXT[:40]),
        ("copy all of it again", "playground:"),
        ("copy all of it again", "playground:1:"),
        ("copy all of it again", "playground:1:00000000:"),
        ("copy all of it again", TEXT.replace("playground:1:", "playground:1:é")),
        (
            "copy all of it again",
            f"playground:1:{_checksum(b'no zlib')}:{base64.urlsafe_b64encode(b'no zlib').decode()}",
        ),
        ("another version \\(2\\)", TEXT.replace("playground:1:", "playground:2:")),
        ("not JSON", packed(b"")),
        ("not JSON", packed(b"\xff")),
        ("not a document of this program", packed(b"{}")),
        ("newer version \\(999\\)", packed(b'{"format": "neural-playground", "version": 999}')),
        ("too long", "playground:1:" + "A" * (2 * LONGEST)),
    ],
)
def test_other_texts_are_refused_in_one_sentence(sentence: str, text: str) -> None:
    with pytest.raises(FileError, match=sentence) as caught:
        from_text(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_text_that_would_unpack_to_a_gigabyte_is_refused_before_it_does() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(400)) + packer.flush()
    text = f"playground:1:{_checksum(bomb)}:{base64.urlsafe_b64encode(bomb).decode()}"
    assert len(text) < LONGEST
    tracemalloc.start()
    with pytest.raises(FileError, match="more than a document"):
        from_text(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**26


@given(st.text(max_size=60), st.integers(0, len(TEXT)), st.integers(0, 20))
def test_any_text_opens_or_gives_a_sentence(inserted: str, place: int, cut: int) -> None:
    changed = TEXT[:place] + inserted + TEXT[place + cut :]
    try:
        found = from_text(changed)
    except FileError as error:
        assert "\n" not in str(error)
    else:
        assert found == DOCUMENTS["skip"]


def test_a_project_too_large_to_be_sent_is_refused() -> None:
    document = DOCUMENTS["xor"]
    for number in range(450):
        words = "".join(chr(0x4E00 + (number * 7919 + place * place * 31) % 20_000) for place in range(LONGEST_NOTE))
        document = add_note(document, Note(words))
    with pytest.raises(FileError, match="save it as a file"):
        to_text(document)
