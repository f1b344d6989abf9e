"""Feature tables from recordings and from other tools' tables."""

from avbaselines.extractors.cache import FeatureCache
from avbaselines.extractors.extraction import extract
from avbaselines.extractors.media import Segment, find_media
from avbaselines.extractors.recipe import Recipe, load_recipe
from avbaselines.extractors.table import FeatureTable

__all__ = ["FeatureCache", "FeatureTable", "Recipe", "Segment", "extract", "find_media", "load_recipe"]
