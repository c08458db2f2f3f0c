"""The order of branches: whole and from left to right, as far as numbered names allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from kcodegen.ir.order import post_order
from kcodegen.records import record

_MOST_MISSING, _LARGEST_CELL = 32, 128


def branch_by_branch(
    roots: Sequence[str], needed: Mapping[str, list[str]], chained: Mapping[str, list[str]]
) -> list[str]:
    """Return an order that keeps branches whole where names pull their beginnings forward.

    relu_1 relu_2 conv_1 conv_2   ->   relu_1 conv_1 relu_2 conv_2

    A call with a numbered name comes after the branches that its join takes before its own; one
    that only a name asked for is followed by whatever can be called then.
    """
    branches = _Branches(needed, chained)
    walked = post_order(roots, chained)
    for id in walked:
        branches.users.setdefault(id, [])
        for other in needed[id]:
            branches.users[other].append(id)
    branches.joins = joins_of(walked, branches.users)
    for root in roots:
        branches.walk(root)
    return list(branches.order)


def joins_of(order: Sequence[str], users: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """Return where all that goes on from each call of an order meets again, None for nowhere."""
    place = {id: row for row, id in enumerate(order)}
    joins: dict[str, str | None] = {}
    for id in reversed(order):
        join: str | None = users[id][0] if users[id] else None
        for user in users[id][1:]:
            other: str | None = user
            while join != other and join is not None and other is not None:
                if place[join] < place[other]:
                    join = joins[join]
                else:
                    other = joins[other]
            join = join if other is not None else None
        joins[id] = join
    return joins


@record(frozen=False)
class _Branches:
    """Calls being put into an order: what they need, also for the sake of names, and their users.

    `joins` tells where all that goes on from a call meets again.
    """

    needed: Mapping[str, list[str]]
    chained: Mapping[str, list[str]]
    users: dict[str, list[str]] = field(default_factory=dict)
    joins: dict[str, str | None] = field(default_factory=dict)
    order: dict[str, None] = field(default_factory=dict)

    def walk(self, root: str) -> None:
        """Put a call into the order after all that it needs."""
        stack: list[tuple[str, bool, Iterator[str]]] = [(root, False, iter(self.chained[root]))]
        while stack:
            id, is_pulled, rest = stack[-1]
            missing = next((other for other in rest if other not in self.order), None)
            if missing is not None and id not in self.order:
                stack.append((missing, missing not in self.needed[id], iter(self.chained[missing])))
                continue
            stack.pop()
            if id not in self.order:
                if len(self.chained[id]) > len(self.needed[id]):
                    self.precede(id)
                self.order[id] = None
                if is_pulled:
                    self.follow(id)

    def precede(self, id: str) -> None:
        """Put into the order what an author would make before a call.

        These are the branches left of its own, of the joins that it leads to up to the one that
        ends its cell; and at the beginning of a cell, what it takes from further back.
        """
        join, met = self.joins[id], set()
        for _ in range(_MOST_MISSING):
            if join is None:
                return
            met.add(join)
            if len(self.needed[join]) > 1:
                left = self._left_of(id, join)
                if left is not None and self._is_possible(left):
                    self.order.update(left)
                if self._ends_a_cell(join):
                    for last in self.needed[id][:1]:  # an input needs nothing
                        if self._ends_a_cell(last):
                            self.order.update(self._from_further_back(last, join, met))
                    return
            join = self.joins[join]

    def _ends_a_cell(self, id: str) -> bool:
        """Tell whether a call is a join from which others go on in several ways."""
        return len(self.needed[id]) > 1 and len(self.users[id]) > 1

    def _is_possible(self, calls: Mapping[str, None]) -> bool:
        """Tell whether names allow to make calls now, one after the other."""
        return all(b in self.order or b in calls for id in calls for b in self.chained[id])

    def _left_of(self, id: str, join: str) -> dict[str, None] | None:
        """Return what is missing before a call, branch by branch of a join; None for too much."""
        found: dict[str, None] = {}
        stack = [(join, iter(self.needed[join]))]
        while stack and len(found) + len(stack) <= _MOST_MISSING:
            current, rest = stack[-1]
            before = next((b for b in rest if b not in self.order and b not in found), None)
            if before == id:
                return found
            if before is not None:
                stack.append((before, iter(self.needed[before])))
            else:
                stack.pop()
                found[current] = None
        return None

    def _from_further_back(self, last: str, join: str, met: set[str]) -> dict[str, None]:
        """Return what a cell makes of what is older than its last input, for all of it to use.

        What is for the joins that are `met` alone can wait.

        relu(last) conv adjust(older) add(conv, adjust)   ->   adjust(older) relu(last) conv add
        """
        missing = self._missing_of(join)
        older: dict[str, None] = {}
        for id in missing:
            if last not in self.needed[id] and all(
                b in self.order or b in older for b in self.chained[id]
            ):
                older[id] = None
        used = [id for id in older if any(u not in older and u not in met for u in self.users[id])]
        wanted: set[str] = set()
        while used:
            id = used.pop()
            if id not in wanted:
                wanted.add(id)
                used += (b for b in self.needed[id] if b in older)
        return {id: None for id in older if id in wanted}

    def _missing_of(self, join: str) -> list[str]:
        """Return what a join still needs, in the order of its branches."""
        found: dict[str, None] = {}
        stack = [(join, iter(self.needed[join]))]
        while stack and len(found) + len(stack) <= _LARGEST_CELL:
            current, rest = stack[-1]
            before = next((b for b in rest if b not in self.order and b not in found), None)
            if before is not None:
                stack.append((before, iter(self.needed[before])))
            else:
                stack.pop()
                found[current] = None
        return [] if stack else list(found)

    def follow(self, id: str) -> None:
        """Put into the order what goes on from a call, up to where branches part.

        A join that waits for others is completed when no numbered name stands in the way.
        """
        while len(self.users[id]) == 1:
            (id,) = self.users[id]
            if id in self.order:
                return
            missing = self._before(id)
            if missing is None:
                return
            self.order.update(dict.fromkeys(missing))

    def _before(self, id: str) -> list[str] | None:
        """Return what is missing before a call, and itself; None when names forbid to make it."""
        found: dict[str, None] = {}
        stack = [(id, iter(self.chained[id]))]
        while stack:
            current, rest = stack[-1]
            before = next((b for b in rest if b not in self.order and b not in found), None)
            if before is None:
                found[current] = None
                stack.pop()
            elif (
                before not in self.needed[current]
                or len(self.chained[before]) > len(self.needed[before])
                or len(stack) > _MOST_MISSING
                or len(found) > _MOST_MISSING
            ):
                return None
            else:
                stack.append((before, iter(self.chained[before])))
        return list(found)
