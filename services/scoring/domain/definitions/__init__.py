"""What marketers define. Each kind is a document with a name, checked by itself in its module and against the others
in `book`."""

from services.scoring.domain.definitions.base import Definition, Kind
from services.scoring.domain.definitions.book import KINDS, Definitions, kind_of
from services.scoring.domain.definitions.fits import FitModel
from services.scoring.domain.definitions.lists import StaticSegment
from services.scoring.domain.definitions.margins import MarginTable
from services.scoring.domain.definitions.models import ScoreModel
from services.scoring.domain.definitions.pitches import Pitch
from services.scoring.domain.definitions.predictions import ResponseScore
from services.scoring.domain.definitions.segments import Segment
from services.scoring.domain.definitions.strategies import Strategy

__all__ = [
    "KINDS",
    "Definition",
    "Definitions",
    "FitModel",
    "Kind",
    "MarginTable",
    "Pitch",
    "ResponseScore",
    "ScoreModel",
    "Segment",
    "StaticSegment",
    "Strategy",
    "kind_of",
]
