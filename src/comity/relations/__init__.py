"""The dossier of two economies: trade, dependence, value-added links, who needs whom."""

from comity.relations.dossier import relations
from comity.relations.records import Dependence, Partner, Relations, SectorTrade, Side

__all__ = ["Dependence", "Partner", "Relations", "SectorTrade", "Side", "relations"]
