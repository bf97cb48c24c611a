"""Ways to attack a house: whom, how often, and with what. A trial is a tactic, a length and a seed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tactic:
    """Shares of faults; what is not a freeze or a blackout is a kill."""

    says: str
    targets: frozenset[str] = frozenset({"api", "pacer", "dialer", "results"})
    terms: float = 0.0  # SIGTERM: it drains, ends with 0, and another one takes its place
    freezes: float = 0.0  # SIGSTOP for one to five seconds
    blackouts: float = 0.0  # every room frozen at once, longer than a slot may be late
    cuts: float = 0.0  # every connection to the servers broken at once
    broker_kills: float = 0.0  # kill -9, and the node started again
    broker_purges: float = 0.0  # every queue emptied
    postgres_crashes: float = 0.0  # an immediate stop, and the server started again
    broker_alarms: float = 0.0  # the broker takes nothing from publishers for some seconds
    failovers: float = 0.0  # PostgreSQL's primary falls, and its replica takes over
    lagging: bool = False  # a replica that has not all that was committed, and an operator who knows
    full_disks: float = 0.0  # PostgreSQL's disk is full for some seconds
    every: float = 0.4  # real seconds between faults, on average
    pacers: int = 2
    dialers: int = 2
    echoes: bool = False  # every letter comes a second time, late and out of order
    line_breaks: float = 0.0  # orders whose connection to the carrier breaks while the phone rings
    sink_fails: float = 0.05
    stops: float = 0.0  # stops of a campaign a second
    saturated: bool = False  # every slot finds an entry: the pace is reached, not only not exceeded

    @property
    def own_servers(self) -> bool:
        """Whether servers are hurt, so that they must be ours alone."""
        ours = (self.broker_kills, self.broker_purges, self.broker_alarms, self.cuts, self.failovers)
        return any((*ours, self.postgres_crashes, self.full_disks))


_ALL = frozenset({"api", "pacer", "dialer", "results"})

TACTICS: dict[str, Tactic] = {
    "any": Tactic("kills and freezes of any process", freezes=0.2, stops=0.3, line_breaks=0.01),
    "dialers": Tactic("only dialers die", frozenset({"dialer"}), every=0.6),
    "spare-dialers": Tactic("everybody but the dialers dies: nothing may be unknown", _ALL - {"dialer"}),
    "results": Tactic("only results dies, and the sink fails often", frozenset({"results"}), sink_fails=0.3),
    "relays": Tactic("whoever relays letters dies, but the api", _ALL - {"api"}, every=0.25),
    "pacers": Tactic("eight pacers want the same slots", frozenset({"pacer"}), every=3.0, pacers=8, saturated=True),
    "blackouts": Tactic(
        "the whole house stands still and wakes up late", blackouts=1.0, every=4.0, stops=0.1, saturated=True
    ),
    "terms": Tactic("everybody is told to go, again and again: nothing may be unknown", terms=1.0, every=0.25),
    "upgrade": Tactic("an older program makes way for this one, under load", stops=1.0),
    "failover": Tactic("a synchronous replica takes over", frozenset(), failovers=1.0, every=6.0),
    "lost-commits": Tactic(
        "a replica that lags behind takes over", frozenset(), failovers=1.0, every=6.0, lagging=True
    ),
    "stops": Tactic("campaigns are stopped and started under load", every=3.0, stops=8.0),
    "lost-lines": Tactic(
        "the carrier's connection breaks while phones ring", frozenset({"api"}), every=2.0, line_breaks=0.1
    ),
    "echoes": Tactic("every letter comes twice", every=2.0, echoes=True),
    "broker": Tactic("RabbitMQ is killed", frozenset(), broker_kills=1.0, every=12.0),
    "purges": Tactic("RabbitMQ forgets everything", frozenset(), broker_purges=1.0, every=3.0),
    "postgres": Tactic("PostgreSQL crashes", frozenset(), postgres_crashes=1.0, every=4.0),
    "cuts": Tactic("every connection breaks", frozenset(), cuts=1.0, every=1.5),
    "alarms": Tactic("RabbitMQ is out of memory and blocks publishers", frozenset(), broker_alarms=1.0, every=4.0),
    "full-disk": Tactic("PostgreSQL's disk is full", frozenset(), full_disks=1.0, every=4.0),
    "everything": Tactic(
        "all of it",
        freezes=0.15,
        blackouts=0.02,
        cuts=0.05,
        broker_kills=0.01,
        broker_purges=0.02,
        postgres_crashes=0.02,
        stops=0.2,
        line_breaks=0.01,
    ),
}


@dataclass
class Tally:
    """What was done so far."""

    faults: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    dialers_hit: int = 0
    frozen: int = 0
    reapers_hit: int = 0

    def count(self, kind: str, *, room: str = "", frozen: bool = False) -> None:
        """Count a fault that hit a room of a kind, or, without one, all of them and the servers."""
        self.faults += 1
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
        self.dialers_hit += room == "dialer" or kind == "blackout"
        self.reapers_hit += room in ("pacer", "")
        self.frozen += frozen
