"""Outbox, lease, lock and provider as a small machine, explored whole: every order of steps, every crash (goals RL1, RL2).

One duty, one reminder, two senders, one provider that can be asked by reference. A state is a value; `steps` gives every state that
may follow. What is left out: time. A lease may run out at any moment, but for this: it outlives a call that runs (ten minutes against
the time-out of a call), so it only runs out under a sender that is stopped or dead, or that waits for its next step outside a call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto


class At(Enum):
    """Where a sender is."""

    IDLE = auto()
    LEASED = auto()  # the lease is committed
    TRIED = auto()  # the attempt is committed
    CALLING = auto()  # holds the row's lock, about to call the provider
    ANSWERED = auto()  # the provider said yes, nothing is stamped yet


@dataclass(frozen=True, slots=True)
class Sender:
    at: At = At.IDLE
    stopped: bool = False
    locks: bool = False  # its transaction, which locks the row, is open


@dataclass(frozen=True, slots=True)
class State:
    due: bool = True
    row: bool = False  # the reminder is in the outbox
    lease: int | None = None  # whose it is
    attempted: bool = False
    accepted: bool = False
    taken: int = 0  # how often the provider took it
    senders: tuple[Sender, Sender] = (Sender(), Sender())
    faults: int = 0

    def sender(self, number: int, **changes: object) -> tuple[Sender, Sender]:
        changed = replace(self.senders[number], **changes)  # type: ignore[arg-type]  # dataclasses.replace knows no field types
        return (changed, self.senders[1]) if number == 0 else (self.senders[0], changed)


@dataclass(frozen=True, slots=True)
class Machine:
    """The protocol; each switch off is a mistake that the exploration must find."""

    looks_up: bool = True  # asks the provider about an attempt that ended unknown
    locks: bool = True  # holds the row's lock through the call
    records_first: bool = True  # commits the attempt before the call
    stamps_after: bool = True  # says "accepted" only after the provider did
    tells_with_due: bool = True  # writes the reminder in the transaction that moves the duty on
    faults: int = 3  # kills, stops and restarts in one story

    def steps(self, s: State) -> Iterator[State]:
        """What may follow without a fault."""
        if s.due:
            yield replace(s, due=False, row=True)
        for number, sender in enumerate(s.senders):
            if not sender.stopped:
                yield from self._sender(s, number, sender)
        if s.lease is not None and not self._calls(s, s.lease):
            yield replace(s, lease=None)

    def _calls(self, s: State, number: int) -> bool:
        sender = s.senders[number]
        return sender.at in {At.CALLING, At.TRIED} and not sender.stopped

    def _sender(self, s: State, number: int, sender: Sender) -> Iterator[State]:
        mine = s.lease == number
        match sender.at:
            case At.IDLE:
                locked = any(other.locks for other in s.senders)
                if s.row and not s.accepted and s.lease is None and not locked:
                    yield replace(s, lease=number, senders=s.sender(number, at=At.LEASED))
            case At.LEASED:
                if self.looks_up and s.attempted and s.taken:
                    yield replace(s, accepted=True, lease=None, senders=s.sender(number, at=At.IDLE))
                elif not mine or s.accepted:
                    yield replace(s, senders=s.sender(number, at=At.IDLE))
                else:
                    yield replace(
                        s,
                        attempted=s.attempted or self.records_first,
                        accepted=s.accepted or not self.stamps_after,
                        senders=s.sender(number, at=At.TRIED),
                    )
            case At.TRIED:
                if not self.locks:
                    yield replace(s, senders=s.sender(number, at=At.CALLING))
                elif not mine:
                    yield replace(s, senders=s.sender(number, at=At.IDLE))
                elif not any(other.locks for other in s.senders):
                    yield replace(s, senders=s.sender(number, at=At.CALLING, locks=True))
            case At.CALLING:
                yield replace(s, taken=s.taken + 1, senders=s.sender(number, at=At.ANSWERED))
                # taken, and the answer lost on its way; or not taken, and said so
                yield replace(s, taken=s.taken + 1, attempted=True, lease=None, senders=s.sender(number, at=At.IDLE, locks=False))
                yield replace(s, attempted=False, lease=None, senders=s.sender(number, at=At.IDLE, locks=False))
            case At.ANSWERED:
                # The stamp asks for the lock; a sender whose transaction was lost with the database cannot commit it.
                stamped = sender.locks or not self.locks
                yield replace(s, accepted=s.accepted or stamped, lease=None if mine else s.lease, senders=s.sender(number, at=At.IDLE, locks=False))

    def faults_of(self, s: State) -> Iterator[State]:
        """Kills, stops, and a database that dies: each costs one of the story's faults."""
        if s.faults >= self.faults:
            return
        if s.due and not self.tells_with_due:
            yield replace(s, due=False, faults=s.faults + 1)  # moved on, killed before the reminder was written
        for number, sender in enumerate(s.senders):
            if sender.at is not At.IDLE:
                yield replace(s, faults=s.faults + 1, senders=s.sender(number, at=At.IDLE, stopped=False, locks=False))
                lost_its_lock = self.locks and sender.at is At.CALLING and not sender.locks
                if not sender.stopped and not lost_its_lock:
                    yield replace(s, faults=s.faults + 1, senders=s.sender(number, stopped=True))
        # The database restarts: locks are gone. Not in a call in which the sender was stopped too: two faults in one call, which
        # nothing makes good where the provider itself does not refuse repeats.
        overslept = any(sender.locks and (sender.stopped or s.lease != number) for number, sender in enumerate(s.senders))
        if any(sender.locks for sender in s.senders) and not overslept:
            yield replace(s, faults=s.faults + 1, senders=(replace(s.senders[0], locks=False), replace(s.senders[1], locks=False)))

    def resumed(self, s: State) -> Iterator[State]:
        for number, sender in enumerate(s.senders):
            if sender.stopped:
                yield replace(s, senders=s.sender(number, stopped=False))


@dataclass(frozen=True, slots=True)
class Explored:
    """How many states there are, and what is wrong with them: a word and the shortest story that leads there."""

    states: int
    wrong: dict[str, list[State]]


def explore(machine: Machine) -> Explored:
    """Every state that can be reached. Wrong: taken twice; accepted and never taken; a state from which nothing leads to "taken and accepted"."""
    before: dict[State, State | None] = {State(): None}
    after: dict[State, list[State]] = {}
    queue = deque(before)
    while queue:
        state = queue.popleft()
        if state.taken > 1:  # wrong already: no need to know what follows
            continue
        calm = [*machine.steps(state), *machine.resumed(state)]
        after[state] = calm
        for following in (*calm, *machine.faults_of(state)):
            if following not in before:
                before[following] = state
                queue.append(following)
    wrong: dict[str, list[State]] = {}
    reaching = _reaching({state for state in before if state.accepted and state.taken}, after)
    for state in before:
        if state.taken > 1:
            wrong.setdefault("sent twice", _story(state, before))
        if state.accepted and not state.taken and not any(sender.at is not At.IDLE for sender in state.senders):
            wrong.setdefault("recorded and never sent", _story(state, before))
        if state not in reaching and state.taken < 2:
            wrong.setdefault("never sent in the end", _story(state, before))
    return Explored(len(before), wrong)


def _reaching(goal: set[State], after: dict[State, list[State]]) -> set[State]:
    into: dict[State, list[State]] = {}
    for state, following in after.items():
        for one in following:
            into.setdefault(one, []).append(state)
    reaching, queue = set(goal), deque(goal)
    while queue:
        for earlier in into.get(queue.popleft(), []):
            if earlier not in reaching:
                reaching.add(earlier)
                queue.append(earlier)
    return reaching


def _story(state: State, before: dict[State, State | None]) -> list[State]:
    story: list[State] = []
    at: State | None = state
    while at is not None:
        story.append(at)
        at = before[at]
    return story[::-1]
