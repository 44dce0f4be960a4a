"""Static files under names that carry their content's hash, compressed once at collection."""

from whitenoise.storage import CompressedManifestStaticFilesStorage as StaticStorage

__all__ = ["StaticStorage"]
