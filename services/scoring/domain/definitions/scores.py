"""Score models of every sort, told apart by what their documents have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.domain.analysis.reactivation import ReactivationModel
from services.scoring.domain.analysis.response import ResponseModel
from services.scoring.domain.definitions.models import ScoreModel, WeightedScore
from services.scoring.domain.definitions.predictions import ReactivationScore, ResponseScore

AnyModel = ScoreModel | WeightedScore | ResponseScore | ReactivationScore


def read_model(name: str, document: Mapping[str, Any]) -> AnyModel:
    """The model that a document describes: points by `rules`, a sum by `weights`, a probability by `features`, or with
    `horizon_days` what a return is worth.

    Raises:
        Invalid: `invalid_condition`, a filter is none.
        pydantic.ValidationError: it is none of these.
    """
    if "weights" in document:
        return WeightedScore.model_validate({**document, "name": name})
    if "features" in document:
        return ResponseScore(ResponseModel.read(name, document))
    if "horizon_days" in document:
        return ReactivationScore(ReactivationModel.read(name, document))
    return ScoreModel.read(name, document)
