"""Expected cycles of a product whose zeros are skipped, and what zeros could save at best."""

from __future__ import annotations

import numpy as np

from ..specs import WSE2, Chip
from .imbalance import at_most, check_share, exactly
from .inputs import check_tuple, constant, mac_rate, one_of, whole

SKIPS = ("weights", "activations", "both")
INDICES = ("color", "wavelet")


def sparse_gemv(
    *,
    matrix: tuple[int, int],
    wafer: tuple[int, int],
    density: float = 1.0,
    sent: float = 1.0,
    skip: str = "both",
    index: str = "color",
    batch: int = 1,
    dtype: str = "float32",
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
    task_wake: int | None = None,
    fp16_macs: int | None = None,
    fp32_macs: int | None = None,
) -> float:
    """Cycles of ``W @ x`` on average over random zeros, at places that know nothing of each other.

    Of a column of PEs k values of x are non-zero, k being binomial of n and ``sent`` (all n, where
    zeros of x are sent too). A PE then has a binomial number of non-zeros of k m and ``density``
    (all k m, where zeros of W are kept too), and works on them for

        u = k (1 + task_wake) + (non-zeros) (startup + 1 + gap)

    cycles, or as the rules have it where it takes whole columns, or a batch. It begins when the
    first value has come. The R PEs of a column share k, so all of them have done their work by
    cycle t with ``G(t) = sum over k of P(k) product over r of P(u <= t - r | k)``, if r cycles pass
    until row r has a value. A column cannot end before the last comparison in row 0 either. The
    chain reaches column 0 from column c after ``c (2 T_R + 2)`` cycles, and waits for the slowest:
    the last PE of column 0 begins with the sum by t with ``F(t) = product over c of G(t - c (2 T_R
    + 2))``, so on average ``sum over t of 1 - F(t)`` cycles after the earliest possible. Then the m
    sums of a tile go through.

    With ``index="wavelet"`` each value of x, and the end, takes the cycles besides in which its
    column is found, and a value one to be taken in. That a PE which is busy then holds up the
    others of its column is left out.

    With ``skip="weights"`` and tiles that fill the matrix nothing else is left out: the runs' mean.
    Otherwise the first of k values of x is taken to be sent when it is on average, and no PE to be
    idle after it. The tests allow 3 % for that, and 5 % with index wavelets.

    Parameters
    ----------
    matrix : (int, int)
        M and N, the shape of W.
    wafer : (int, int)
        Rows and columns of PEs to spread it over, without the row for x.
    density, sent : float
        The share of non-zeros of W and of x, from 0 to 1.
    skip : str
        "weights", "activations" or "both".
    index : str
        "color" or "wavelet", where zeros of x are skipped.
    batch : int
        Vectors; where zeros of x are skipped, so many launches.
    dtype : str
        "float32", "float16" or "bfloat16".
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap, task_wake, fp16_macs, fp32_macs : int, optional
        Constants instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, a share is none, or there is no such way.

    References
    ----------
    The rules, and the distribution of the largest of independent counts (see `expected_most`).

    Examples
    --------
    >>> sparse_gemv(matrix=(1024, 1024), wafer=(64, 64), skip="weights")  # no zeros: exact
    735.0
    >>> [round(sparse_gemv(matrix=(1024, 1024), wafer=(64, 64), density=d, skip="weights"))
    ...  for d in (0.5, 0.25, 0.1)]
    [617, 551, 509]
    """
    check_tuple("matrix", matrix, 2, "rows first: (64, 96)")
    check_tuple("wafer", wafer, 2, "rows first: (4, 8)")
    M, N, rows, columns, batch = whole(
        M=matrix[0], N=matrix[1], rows=wafer[0], columns=wafer[1], batch=batch
    )
    one_of(skip, SKIPS)
    one_of(index, INDICES)
    check_share("density", density)
    check_share("sent", sent)
    m, n = -(-M // rows), -(-N // columns)
    R, C = -(-M // m), -(-N // n)
    rate = mac_rate(chip, dtype, fp16_macs=fp16_macs, fp32_macs=fp32_macs)
    T = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    wake = 1 + constant(chip, "task_wake_cycles", "task_wake", task_wake)
    way, one = 2 * T + 1, start + 1 + between

    if skip == "weights":
        each = start + -(-batch // rate) + between
        work = each * np.arange(m * n + 1)
        done = _by_rows(work, at_most(m * n, density), R)
        begun = n * batch + way + between
        if C == 1:
            return begun + _mean(done, 1, 0) - between
        return begun + _mean(done, C, way + 1) + m * batch

    ended, begun, woken, sends = np.zeros(1), way + 1 + wake + way, wake, 1 + between
    if index == "wavelet":
        wake += round(2 * one * _halvings(n + 1))
        woken, sends = wake + 1 + between, 2 * sends
    for k, chance in enumerate(exactly(n, sent)):
        if skip == "both":
            work, chances = k * woken + one * np.arange(k * m + 1), at_most(k * m, density)
        else:
            work = np.array([k * (woken + start + -(-m // rate) + between)])
            chances = np.ones(1)
        first = 1.5 * one + 2 * one * ((n + 1) / (k + 1) - 1) if k else 0.0
        done = _by_rows(work + round(first), chances, R)
        compared = 2 * n * one + k * sends + R
        done = np.concatenate([np.zeros(compared), done[compared:], np.ones(1)])
        ended = _longer(ended, len(done)) + chance * _longer(done, len(ended))
    after = wake + m if C > 1 else wake if index == "wavelet" else 1
    return batch * (begun + _mean(ended, C, way + 1) + after)


def ideal_speedup(density: float) -> float:
    """What skipping gains where work falls as non-zeros do, and nothing else costs: 1 / density.

    >>> ideal_speedup(0.25)
    4.0
    """
    check_share("density", density)
    return 1.0 / density if density else float("inf")


def break_even_density(*, dense: float, nonzero: float, zero: float = 0.0) -> float:
    """The density under which skipping pays: where it costs as much as not skipping.

    ``dense`` is the cost of a value where nothing is skipped, ``nonzero`` and ``zero`` of one where
    zeros are: ``density nonzero + (1 - density) zero = dense``. In wavelets, bytes or cycles.

    >>> break_even_density(dense=1, nonzero=2)  # wavelets: a value, or an index and a value
    0.5
    >>> break_even_density(dense=0.25, nonzero=1)  # float16: four in a cycle, or one
    0.25
    """
    if not 0 <= zero < nonzero or not zero <= dense:
        raise ValueError(
            f"dense={dense!r}, nonzero={nonzero!r}, zero={zero!r}: expected a non-zero to cost "
            "more than a zero, and a zero no more than a value where nothing is skipped"
        )
    return min(1.0, (dense - zero) / (nonzero - zero))


def two_of_four_speedup(density: float) -> float:
    """What a GPU gains that skips two of every four neighbours: 2 for half or fewer, else nothing.

    More zeros gain no more; zeros that are not two in each four gain nothing until weights are
    dropped to make them so (see `wselab.kernels.pruning`).

    >>> [two_of_four_speedup(density) for density in (0.75, 0.5, 0.1)]
    [1.0, 2.0, 2.0]
    """
    check_share("density", density)
    return 2.0 if density <= 0.5 else 1.0


def _halvings(leaves: int) -> float:
    """How often so many are halved, on average over them, until one is left.

    >>> _halvings(4), round(_halvings(3), 2)
    (2.0, 1.67)
    """
    if leaves == 1:
        return 0.0
    first = (leaves + 1) // 2
    both = first * _halvings(first) + (leaves - first) * _halvings(leaves - first)
    return 1.0 + both / leaves


def _by_rows(work: np.ndarray, chances: np.ndarray, rows: int) -> np.ndarray:
    """How likely all rows have done by cycle t, t from 0 on, where row r begins in cycle r.

    ``chances`` are those of at most so much ``work``, which grows. Until t = ``rows`` nothing is
    sure to have begun.
    """
    by_time = chances[np.searchsorted(work, np.arange(work[0], work[-1] + 1), "right") - 1]
    logs = np.concatenate([np.full(work[0] + rows, _NEVER), _log(by_time), np.zeros(rows)])
    sums = np.concatenate([[0.0], np.cumsum(logs)])
    return np.exp(sums[rows:] - sums[:-rows])


def _mean(ended: np.ndarray, columns: int, step: int) -> float:
    """The mean of the largest of columns' times, each ``step`` more than the one before.

    ``ended[t]`` is how likely one has ended by t, at the end of the array for all later t.
    """
    logs = np.zeros(len(ended) + (columns - 1) * step)
    for late in range(0, columns * step if step else 1, step or 1):
        logs[:late] += _NEVER
        logs[late : late + len(ended)] += _log(ended)
    return float((1.0 - np.exp(logs)).sum())


def _log(chances: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(chances, np.exp(_NEVER)))


def _longer(chances: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([chances, np.full(max(0, length - len(chances)), chances[-1])])


_NEVER = -700.0
