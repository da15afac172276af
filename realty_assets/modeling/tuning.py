"""The search for settings: inside the training window, on its own rolling origin.

Every candidate is one booster, judged on months that were over before the search's day. Optuna's
TPE (Bergstra et al. 2011) proposes, a median pruner stops what falls behind. Each proposal is
seeded by how many candidates have finished, so that a search that was killed goes on to the same
end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from realty_assets.evaluation.splits import Fold, next_month, rolling_origin
from realty_assets.features.matrix import build_matrix
from realty_assets.features.sales import epoch_day
from realty_assets.modeling.points import (
    Lessons,
    TrainingSet,
    n_usable,
    predict_member,
    train_member,
)
from realty_assets.modeling.settings import Member, Target
from realty_assets.modeling.walk_forward import Market, fold_sales

if TYPE_CHECKING:
    import optuna

CODE_VERSION = "2"
# Candidates proposed together, whatever the number of threads: the second core has work to do, and
# the search is the same on every machine.
BATCH = 2
HURRY = 3
STARTS = ("offset", "feature")
LOSSES = ("absolute", "huber", "equity")
# Tuned settings: (lower, upper, logarithmic); `rounds` and `eta` as factors on the profile's own.
RANGES: dict[str, tuple[float, float, bool]] = {
    "rounds_factor": (0.5, 1.5, False),
    "eta_factor": (0.5, 2.0, True),
    "min_child_weight": (3.0, 80.0, True),
    "subsample": (0.5, 0.9, False),
    "colsample_bytree": (0.2, 0.7, False),
    "reg_lambda": (0.5, 10.0, True),
}
DEPTHS = (3, 8)
# A search around given members reaches so far beyond them, and no further.
REACH = 1.25


@dataclass(frozen=True)
class Candidate:
    """One booster that was tried: how it starts, what it learns, and how it came out.

    `score` is the mean absolute log error over the months (of those that were judged when it was
    stopped early).
    """

    number: int
    member: Member
    target: Target
    enqueued: bool
    state: str
    score: float
    month_scores: tuple[float, ...]


def quarter_start(day: date) -> date:
    """First day of the calendar quarter of `day`."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def tuning_folds(market: Market, before: date) -> list[Fold]:
    """The months before `before` that candidates are judged on, oldest first."""
    first = next_month(before, -market.model.tuning_months)
    folds = rolling_origin(first, next_month(before, -1))
    return [f for f in folds if n_usable(market.matrix, f.cutoff) >= market.model.min_sales]


class Search:
    """One study: what candidates learn from and are judged on, and the journal that remembers."""

    def __init__(
        self, market: Market, before: date, around: Sequence[Member] = (), effort: int = 1
    ) -> None:
        """`around`: only settings near those of these members; `effort`: how many times as many
        candidates as the profile says. Raises nothing; without a single month to judge on, `folds`
        is empty."""
        self.market, self.before, self.effort = market, before, effort
        self.ranges, self.depths = RANGES, DEPTHS
        if around:
            self.ranges, self.depths = self._near(around)
        self.folds = tuning_folds(market, before)
        targets: tuple[Target, ...] = (
            ("list", "level") if market.track == "on_market" else ("level",)
        )
        self.targets = targets
        if not self.folds:
            return
        vintages = market.vintages(max(f.cutoff for f in self.folds))
        lessons = {target: Lessons.of(market.matrix, market.features, target) for target in targets}
        self.sets: dict[Target, list[TrainingSet]] = {
            target: [known.before(f.cutoff, vintages[epoch_day(f.cutoff)]) for f in self.folds]
            for target, known in lessons.items()
        }
        self.rows = []
        for fold in self.folds:
            homes = fold_sales(market.sales_frame, fold, market.track)
            self.rows.append(
                build_matrix(
                    homes.filter(pl.col("excluded_by").is_null()),
                    market.sales,
                    market.features,
                    cutoff=fold.cutoff,
                    vintages=vintages,
                    n_threads=market.n_threads,
                    track=market.track,
                )
            )

    def name(self, first: Sequence[Member]) -> str:
        """Name of the study: everything that decides how it comes out is in it."""
        settings = asdict(self.market.model)
        parts = {
            "code": CODE_VERSION,
            "space": [self.ranges, self.depths, STARTS, LOSSES, HURRY, self.targets],
            "settings": settings,
            "first": [asdict(member) for member in first],
            "learns": [data.sha256() for sets in self.sets.values() for data in sets],
            "judged": [hashlib.sha256(rows.write_csv().encode()).hexdigest() for rows in self.rows],
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
        return f"{self.market.track} before {self.before:%Y-%m} {digest}"

    def run(self, journal: Path, first: Sequence[Member] = ()) -> list[Candidate]:
        """All candidates, finished ones from the journal, the rest tried now.

        `first` (the champion's members) are tried first, then the profile's own.
        """
        import optuna
        from optuna.storages.journal import JournalFileBackend

        if not self.folds:
            return []
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        opening = list(dict.fromkeys([*first, *self.market.model.members]))
        journal.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            study_name=self.name(opening),
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(journal))),
            direction="minimize",
            load_if_exists=True,
        )
        n_trials = max(self.effort * self.market.model.tuning_trials, len(opening))
        with ThreadPoolExecutor(self.market.n_threads) as threads:
            while (done := len(study.get_trials(deepcopy=False))) < n_trials:
                for trial in self._batch(study, done, n_trials, opening, threads):
                    study.add_trial(trial)
        trials = study.get_trials(deepcopy=False)
        return [self._candidate(number, trial) for number, trial in enumerate(trials)]

    def _batch(
        self,
        study: optuna.Study,
        done: int,
        n_trials: int,
        opening: Sequence[Member],
        threads: ThreadPoolExecutor,
    ) -> list[optuna.trial.FrozenTrial]:
        """The next trials, finished. The journal knows finished ones only.

        They are proposed from the whole batches before them, so that a search which was cut off in
        the middle of one proposes the same again.
        """
        import optuna

        first = done - done % BATCH
        before = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=4))
        before.add_trials(study.get_trials(deepcopy=False)[:first])
        numbers = range(first, min(first + BATCH, n_trials))
        proposed = [self._propose(before, number, opening) for number in numbers][done - first :]
        for trial, scores in zip(proposed, list(threads.map(self._try, proposed)), strict=True):
            if len(scores) < len(self.folds):
                before.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                before.tell(trial, sum(scores) / len(scores))
        return [before.get_trials(deepcopy=False)[trial.number] for trial in proposed]

    def _propose(self, study: optuna.Study, number: int, opening: Sequence[Member]) -> optuna.Trial:
        import optuna

        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=max(6, len(opening)),
            constant_liar=False,
            seed=self.market.model.seed * 1000 + number,
        )
        enqueued = number < len(opening)
        if enqueued:
            study.enqueue_trial(self._params_of(opening[number]))
        trial = study.ask()
        trial.suggest_categorical("comps_as", STARTS)
        trial.suggest_categorical("loss", LOSSES)
        trial.suggest_categorical("target", self.targets)
        trial.suggest_int("max_depth", *self.depths)
        for name, (low, high, log) in self.ranges.items():
            trial.suggest_float(name, low, high, log=log)
        trial.set_user_attr("enqueued", enqueued)
        return trial

    def _params_of(self, member: Member) -> dict[str, Any]:
        """A member as the parameters of a trial, held within the ranges."""
        wanted, depth = self._settings_of(member)
        held = {name: float(np.clip(wanted[name], *self.ranges[name][:2])) for name in RANGES}
        kind = {"comps_as": member.comps_as, "loss": member.loss, "target": self.targets[0]}
        return {**kind, "max_depth": int(np.clip(depth, *self.depths)), **held}

    def _settings_of(self, member: Member) -> tuple[dict[str, float], int]:
        """(settings of RANGES, depth) of a member."""
        base, own = self.market.model, member.of(self.market.model)
        return {
            "rounds_factor": own.rounds / base.rounds,
            "eta_factor": own.eta / base.eta,
            **{name: getattr(own, name) for name in RANGES if not name.endswith("_factor")},
        }, own.max_depth

    def _near(
        self, members: Sequence[Member]
    ) -> tuple[dict[str, tuple[float, float, bool]], tuple[int, int]]:
        """Ranges and depths that hold the members and reach REACH (one level) beyond them."""
        found = [self._settings_of(member) for member in members]
        ranges = {}
        for name, (low, high, log) in RANGES.items():
            own = [float(np.clip(settings[name], low, high)) for settings, _ in found]
            ranges[name] = (max(low, min(own) / REACH), min(high, max(own) * REACH), log)
        depths = [int(np.clip(depth, *DEPTHS)) for _, depth in found]
        return ranges, (max(DEPTHS[0], min(depths) - 1), min(DEPTHS[1], max(depths) + 1))

    def _member_of(self, params: dict[str, Any]) -> Member:
        base = self.market.model
        tuned = {
            "rounds": round(base.rounds * params["rounds_factor"]),
            "eta": base.eta * params["eta_factor"],
            "max_depth": params["max_depth"],
            **{name: params[name] for name in RANGES if not name.endswith("_factor")},
        }
        return Member(params["comps_as"], 0, params["loss"], tuple(sorted(tuned.items())))

    def _try(self, trial: optuna.Trial) -> list[float]:
        """Mean absolute log error of the candidate on each month, until it is stopped."""
        member, target = _hurried(self._member_of(trial.params)), trial.params["target"]
        scores: list[float] = []
        for step, (data, rows) in enumerate(zip(self.sets[target], self.rows, strict=True)):
            booster = train_member(data, member, self.market.model)
            log_value = predict_member(data, member, booster, rows)
            error = np.abs(log_value - np.log(rows["close_price"].to_numpy()))
            scores.append(float(np.add.reduce(error) / max(len(error), 1)))
            trial.report(sum(scores) / len(scores), step)
            if step + 1 < len(self.rows) and trial.should_prune():
                break
        return scores

    def _candidate(self, number: int, trial: optuna.trial.FrozenTrial) -> Candidate:
        running = [value for _, value in sorted(trial.intermediate_values.items())]
        months = [
            value * (i + 1) - (running[i - 1] * i if i else 0.0) for i, value in enumerate(running)
        ]
        return Candidate(
            number=number,
            member=self._member_of(trial.params),
            target=trial.params["target"],
            enqueued=bool(trial.user_attrs["enqueued"]),
            state=trial.state.name.lower(),
            score=running[-1],
            month_scores=tuple(months),
        )


def _hurried(member: Member) -> Member:
    """The member with fewer and larger steps: candidates keep their order, at a third of the cost.

    What is chosen is trained with its own steps.
    """
    own = dict(member.tuned)
    own["rounds"] = max(round(own["rounds"] / HURRY), 1)
    own["eta"] = min(own["eta"] * HURRY, 1.0)
    return replace(member, tuned=tuple(sorted(own.items())))
