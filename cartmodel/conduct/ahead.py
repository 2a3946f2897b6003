"""What follows each outcome of the next patients of a trial under way."""

from collections.abc import Iterator, Sequence

import pandas as pd

from cartmodel.conduct.course import Group
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.steps import Step
from cartmodel.escalation.design import Design
from cartmodel.escalation.outcomes import Cohort, format_outcomes
from cartmodel.escalation.pathways import pathways
from cartmodel.escalation.state import State


def pathways_from(trial: Trial, step: Step, cohorts: int) -> pd.DataFrame:
    """Return dose-transition pathways, the pending and the missing patients of the groups under way first.

    Parameters
    ----------
    trial : Trial
        The protocol.
    step : Step
        Where it stands.
    cohorts : int
        How many groups to look ahead, the one under way included.
    """
    if step.decision.action == "refer":
        return pathways(trial.design, step.state, 0).iloc[:0]
    if not step.groups:
        return pathways(trial.design, step.state, cohorts)
    goes_on = step.decision.enrols and step.decision.dose == step.groups[-1].level
    parts: list[pd.DataFrame] = []
    for groups, state in _ends(trial.design, step.groups[0].before, step.groups, goes_on):
        after = pathways(trial.design, state, max(cohorts - len(groups), 0))
        known = format_outcomes(groups)
        parts.append(after.assign(outcomes=[f"{known} {text}".strip() for text in after["outcomes"]]))
    return pd.concat(parts, ignore_index=True)


def _ends(
    design: Design, before: State, groups: Sequence[Group], goes_on: bool
) -> Iterator[tuple[tuple[Cohort, ...], State]]:
    """Return every way in which groups may end: the outcomes that are not known, and the counts."""
    group, rest = groups[0], groups[1:]
    unknown = group.pending + (group.missing if goes_on else 0)
    for dlt in range(unknown + 1):
        cohort = Cohort(group.level, (False,) * (unknown - dlt) + (True,) * dlt)
        after = before.add(group.level, group.free + group.dlt + unknown, group.dlt + dlt)
        decision = design.decide(after)
        if rest and decision.enrols and decision.dose == group.level:
            for others, state in _ends(design, after, rest, goes_on):
                yield (cohort, *others), state
        else:
            yield (cohort,), after
