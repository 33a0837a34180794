"""Elementary functions of sixteen float32 at once, as code for the kernels.

Errors are counted in ulp, steps between neighbouring float32; `tests/engine/training/test_vectors.py` measures them
over the whole range against NumPy in float64. Polynomials and the splitting of arguments are those of Moshier's Cephes.
"""

from __future__ import annotations

from engine.training.vectors import DOUBLES, FLOATS, INTS, Value, Vector, from_bits, splat

_LOG2_E = 1.44269504088896341
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_SMALLEST = 2.0**-126
"""The smallest float32 that is held with full precision."""
_FAR = 2.0**29
"""Beyond it, sine and cosine are those of 0: neighbouring float32 lie more than ten periods apart."""


def tanh(x: Vector) -> Vector:
    """The hyperbolic tangent within 5 ulp: a ratio of polynomials of degree 13 and 6, as in Eigen."""
    near = x.clip(-7.9, 7.9)
    square = near * near
    above = square.polynomial(
        -2.76076847742355e-16,
        2.00018790482477e-13,
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    )
    below = square.polynomial(1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
    return near * (above / below)  # in this order numbers near 2⁻¹²⁶ keep their precision


def erf(x: Vector) -> Vector:
    """The error function within 2 ulp: a polynomial below 0.93, 1 − e^polynomial beyond, as Njuffa's erff."""
    square = x * x
    low = square.polynomial(-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
    size = x.call("fabs")
    far = size.clip(0.0, 4.0)  # from here on float32 has no number between it and 1
    high = far.polynomial(
        -1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1
    )
    beyond = x.full(1.0) - exp(high * far - far)
    beyond = (-beyond).where(x.compare("<", 0.0), beyond)
    return (low * x + x).where(size.compare("<", 0.927734375), beyond)


def _split(x: Vector) -> tuple[Vector, Vector]:
    """n and r with x = n ln 2 + r, n whole, |r| ≤ ½ ln 2."""
    n = (x * _LOG2_E + 0.5).call("floor")
    return n, x - n * _LN2_HIGH - n * _LN2_LOW


def _power_of_two(x: Vector, n: Value) -> Vector:
    """2ⁿ for whole n from −126 to 127."""
    builder = x.builder
    return from_bits(builder, builder.shl(builder.add(n, splat(INTS, 127)), splat(INTS, 23)))


def _exponential_tail(r: Vector) -> Vector:
    """(eʳ − 1 − r) / r² for |r| ≤ ½ ln 2."""
    return r.polynomial(
        1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1
    )


def exp(x: Vector) -> Vector:
    """eˣ within 2 ulp, down to numbers below 2⁻¹²⁶."""
    near = x.clip(-104.0, 89.0)
    n, r = _split(near)
    value = _exponential_tail(r) * (r * r) + r + 1.0
    whole = n.whole()
    builder = x.builder
    half = builder.ashr(whole, splat(INTS, 1))
    rest = builder.sub(whole, half)
    return value * _power_of_two(x, half) * _power_of_two(x, rest)


def expm1(x: Vector) -> Vector:
    """eˣ − 1 within 3 ulp, also near 0."""
    near = x.clip(-20.0, 89.0)
    n, r = _split(near)
    small = _exponential_tail(r) * (r * r) + r
    # Half of it, because 2¹²⁸ has no float32.
    scale = _power_of_two(x, x.builder.sub(n.whole(), splat(INTS, 1)))
    return (small * scale + (scale - 0.5)) * 2.0


def log(x: Vector) -> Vector:
    """The natural logarithm within 2 ulp; −∞ for 0, NaN below."""
    builder = x.builder
    tiny = x.compare("<", _SMALLEST)
    bits = (x * 2.0**23).where(tiny, x).bits()
    exponent = builder.sub(builder.ashr(bits, splat(INTS, 23)), splat(INTS, 126))
    fraction = builder.or_(builder.and_(bits, splat(INTS, 0x007FFFFF)), splat(INTS, 0x3F000000))
    mantissa = from_bits(builder, fraction)
    lower = mantissa.compare("<", 0.70710678118654752)
    e = Vector(builder, builder.sitofp(exponent, FLOATS))
    e = e - x.full(23.0).where(tiny, 0.0) - x.full(1.0).where(lower, 0.0)
    m = (mantissa + mantissa).where(lower, mantissa) - 1.0
    z = m * m
    tail = m.polynomial(
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
    found = m * z * tail + e * _LN2_LOW - z * 0.5 + m + e * _LN2_HIGH
    infinity = float("inf")
    found = x.where(x.compare("==", infinity), found)
    found = x.full(-infinity).where(x.compare("==", 0.0), found)
    found = x.full(float("nan")).where(x.compare("<", 0.0), found)
    return x.where(x.is_nan(), found)


def log1p(x: Vector) -> Vector:
    """ln(1 + x) within 4 ulp, also near 0: what 1 + x rounds away is put back as a factor."""
    u = x + 1.0
    found = log(u) * (x / (u - 1.0))
    found = x.where(u.compare("==", 1.0), found)
    return x.where(x.compare("==", float("inf")), found)


def _circular(x: Vector, quarter: int) -> Vector:
    """The sine of x plus so many quarter turns."""
    builder = x.builder
    near = x.where(x.call("fabs").compare("<=", _FAR), 0.0)
    wide = Vector(builder, builder.fpext(near.value, DOUBLES))
    turns = (wide * 0.63661977236758134 + 0.5).call("floor")
    rest = wide - turns * 1.5707963267948966
    r = Vector(builder, builder.fptrunc(rest.value, FLOATS))
    quadrant = builder.add(builder.fptosi(turns.value, INTS), splat(INTS, quarter))
    z = r * r
    sine = z.polynomial(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * z * r + r
    cosine = z.polynomial(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * (z * z) - z * 0.5 + 1.0
    odd = builder.icmp_signed("!=", builder.and_(quadrant, splat(INTS, 1)), splat(INTS, 0))
    below = builder.icmp_signed("!=", builder.and_(quadrant, splat(INTS, 2)), splat(INTS, 0))
    found = cosine.where(odd, sine)
    found = (-found).where(below, found)
    return found + x * 0.0  # NaN for what is infinite or NaN


def sin(x: Vector) -> Vector:
    """The sine within 2 ulp of 1, and within 3 ulp of itself for |x| ≤ 10⁴."""
    return _circular(x, 0)


def cos(x: Vector) -> Vector:
    """The cosine, as exact as the sine."""
    return _circular(x, 1)


def power(a: Vector, b: Vector) -> Vector:
    """a to the power b, as e^(b ln |a|): the relative error is (3 + 3 |b ln a|) ulp; NaN for a root of a < 0."""
    found = exp(b * log(a.call("fabs")))
    whole = b.compare("==", b.call("floor"))
    halved = b * 0.5
    odd = halved.compare("!=", halved.call("floor"))
    negative = (-found).where(odd, found).where(whole, float("nan"))
    found = negative.where(a.compare("<", 0.0), found)
    return a.full(1.0).where(b.compare("==", 0.0), found)
