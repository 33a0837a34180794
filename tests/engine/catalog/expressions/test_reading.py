"""Reading typed formulas: what is understood, what is refused and in which words, and that nothing hostile gets far."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.activations import Formula
from engine.catalog.expressions import read, value
from engine.catalog.expressions.functions import NAMED
from engine.catalog.expressions.reading import LONGEST
from engine.document.errors import InvalidValueError

X = np.linspace(-3.0, 3.0, 13)

MEANT = {
    "2 + 3 * x": 2 + 3 * X,
    "-x**2": -(X**2),
    "2**-x": 2.0**-X,
    "2**3**2 + x": 512 + X,
    "x^2": X**2,
    "(x - 1) - (x - 2) / 4": (X - 1) - (X - 2) / 4,
    "10 - 4 - 3 + 0*x": 3 + 0 * X,
    "12 / 3 / 2 * x": 2 * X,
    "--x + +x": 2 * X,
    "pi*x - e": math.pi * X - math.e,
    ".5*x + 1.": X / 2 + 1,
    "1e-2*x + 2E+1": X / 100 + 20,
    "x > 0": (X > 0) * 1.0,
    "-1 < x <= 1": ((X > -1) & (X <= 1)) * 1.0,
    "(x >= 1) + (x == 0) - (x != 0.5)": (X >= 1) * 1.0 + (X == 0) - (X != 0.5),
    "where(x < 0, -x, x*x)": np.where(X < 0, -X, X * X),
    "max(x, min(1, -x))": np.maximum(X, np.minimum(1, -X)),
    "ln(x*x + 1)": np.log(X * X + 1),
    "2·x − 3×x": -X,
    "x ≤ 1": (X <= 1) * 1.0,
    "  x\t+\n1 ": X + 1,
}

REFUSED = {
    "": "there is no formula yet",
    "   ": "there is no formula yet",
    "x*sgmoid(x)": "there is no function sgmoid at 3; did you mean sigmoid?",
    "qqqq(x)": "there is no function qqqq at 1; known are exp, expm1, log,",
    "2*y": "there is no y at 3; use x, pi, e",
    "x1": "there is no x1 at 1; use x, pi, e",
    "1 + tanh": "tanh at 5 is a function: write tanh(…)",
    "2x": "a sign such as * is missing before x at 2",
    "x x": "a sign such as * is missing before x at 3",
    "x(2)": "a sign such as * is missing before ( at 2",
    "(x)(x)": "a sign such as * is missing before ( at 4",
    "sin(x x)": "a sign such as * is missing before x at 7",
    "(x + 1": "the bracket ( at 1 is not closed",
    "sin(x": "the bracket ( at 4 is not closed",
    "x + 1)": "the bracket ) at 6 closes nothing",
    "x +": "something is missing at the end",
    "x * / 2": "something is missing before / at 5",
    "()": "something is missing before ) at 2",
    "x = 2": "'=' at 3 is not part of a formula",
    "x & 1": "'&' at 3 is not part of a formula",
    "max(x)": "max at 1 takes 2 numbers, not 1",
    "1 + exp(x, 2)": "exp at 5 takes one number, not 2",
    "exp()": "exp at 1 takes one number, not 0",
    "1 / 0": "what is computed at 3 has no finite value",
    "x / (1 - 1)": "what is computed at 3 has no finite value",
    "x + log(-1)": "what is computed at 5 has no finite value",
    "9**9**9**9": "has no finite value",
    "(-8)**(1/3)": "what is computed at 5 has no finite value",
    "1e999 * x": "the number at 1 is too large",
    "(-2)**x": "a part of it has no finite value",
    "x" * 201: "it has 201 characters; 200 are the most",
    "(" * 40 + "x" + ")" * 40: "more than 30 brackets, signs and powers within one another",
    "-" * 100 + "x": "more than 30 brackets, signs and powers within one another",
}

HOSTILE = [
    "__import__('os').system('true')",
    "x.__class__",
    "x[0]",
    "[x for x in x]",
    "lambda x: x",
    "x if x else x",
    "exec(x)",
    "open(x)",
    "{x}",
    "x; x",
    "x := 2",
    "f'{x}'",
    "\x00x",
    "x\\\n+1",
    "1_000*x",
    "0x10",
    "1j",
    "𝑥",
    "x // 2",
    "x % 2",
    "x @ x",
    "not x",
    "x and x",
    "sin (x)(x)",
    "sin.exp(x)",
    "#x",
]


@pytest.mark.parametrize("text", MEANT)
def test_what_is_typed_is_meant_as_in_python(text: str) -> None:
    np.testing.assert_allclose(np.broadcast_to(value(read(text, ("x",)), {"x": X}), X.shape), MEANT[text], atol=1e-15)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:20])
def test_what_is_wrong_is_said_with_its_place(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Formula(text)
    assert REFUSED[text] in str(refused.value)
    assert str(refused.value).startswith("expression (=") and "cannot be read: " in str(refused.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Formula(text)


def test_other_names_are_asked_for() -> None:
    assert value(read("x1*x2", ("x1", "x2")), {"x1": 3.0, "x2": 4.0}) == 12.0
    with pytest.raises(InvalidValueError, match="there is no x at 1; use x1, x2, pi, e"):
        read("x + 1", ("x1", "x2"))


def test_every_function_is_named_in_the_tooltip() -> None:
    text = Formula.__doc__ or ""
    assert all(name in text for name in NAMED)


@given(st.text(max_size=LONGEST + 50))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value(read(text, ("x",)), {"x": X})
    except InvalidValueError as error:
        assert str(error)


@given(st.text(alphabet="x()+-*/^<>=,.0123456789e sincoexp max", max_size=LONGEST))
def test_text_that_looks_like_a_formula_is_read_or_refused(text: str) -> None:
    try:
        with np.errstate(all="ignore"):
            Formula(text).value(X)
    except InvalidValueError as error:
        assert str(error)


def test_the_longest_formulas_take_no_time() -> None:
    start = time.process_time()
    for text in ("x" + "*x" * 99, "exp(" * 25 + "x" + ")" * 25, "x**" * 29 + "x", "(x+1)*" * 30 + "x"):
        formula = Formula(text)
        formula.value(X)
        formula.derivative(X)
    assert time.process_time() - start < 5.0  # trees that double with every level would take years
