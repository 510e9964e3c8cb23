"""When the values of a stream pass a place, where several want to.

Times are lists of pairs: the first cycle of a stretch, and the one behind its last. A value passes
in each of these cycles. A stream that goes before the others, by its color or by its lane, blocks
the place in the cycles in which it passes; the others pass in what is left.
"""

from __future__ import annotations

Times = list[tuple[int, int]]


def merged(times: Times) -> Times:
    """The same cycles in order, each once.

    >>> merged([(8, 9), (0, 3), (2, 5), (5, 6)])
    [(0, 6), (8, 9)]
    """
    found: Times = []
    for low, high in sorted(times):
        if high <= low:
            continue
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def later(times: Times, cycles: int) -> Times:
    """All so many cycles later."""
    return [(low + cycles, high + cycles) for low, high in times]


def nth(times: Times, number: int) -> int:
    """The cycle in which value ``number`` passes, counted from 0."""
    for low, high in times:
        if number < high - low:
            return low + number
        number -= high - low
    raise ValueError("so many do not pass")


def passing(arrive: Times, blocked: Times) -> Times:
    """When values that arrive at these times pass, one a cycle; ``blocked`` is in order.

    >>> passing([(0, 4)], blocked=[(2, 10)])
    [(0, 2), (10, 12)]
    """
    if not blocked:
        return arrive
    found: Times = []
    at, number = arrive[0][0], 0
    for low, high in arrive:
        left, at = high - low, max(at, low)
        while left:
            while number < len(blocked) and blocked[number][1] <= at:
                number += 1
            room = left
            if number < len(blocked):
                room = min(left, blocked[number][0] - at)
                if room <= 0:
                    at = blocked[number][1]
                    continue
            _add(found, at, room)
            at, left = at + room, left - room
    return found


def behind(times: Times, passed: Times, places: int, delay: int) -> Times:
    """``times``, but value e not before ``delay`` after value e - ``places`` has ``passed`` ahead.

    >>> behind([(0, 6)], passed=[(3, 4), (20, 25)], places=2, delay=1)
    [(0, 2), (4, 5), (21, 24)]
    """
    found: Times = []
    ahead = [(-places, passed[0][0] - places)]  # value number, and its cycle less its number
    number = 0
    for low, high in passed:
        ahead.append((number, low - number))
        number += high - low
    number, at, piece = 0, times[0][0], 0
    for low, high in times:
        left = high - low
        while left:
            while piece + 1 < len(ahead) and ahead[piece + 1][0] + places <= number:
                piece += 1
            count = left
            if piece + 1 < len(ahead):
                count = min(left, ahead[piece + 1][0] + places - number)
            earliest = ahead[piece][1] + number - places + delay if piece else at
            at = max(at, high - left, earliest)
            _add(found, at, count)
            at, left, number = at + count, left - count, number + count
    return found


def _add(times: Times, at: int, count: int) -> None:
    if times and times[-1][1] == at:
        times[-1] = times[-1][0], at + count
    else:
        times.append((at, at + count))
