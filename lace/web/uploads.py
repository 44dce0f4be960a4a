"""Files that are sent to Lace stay in memory: what they hold about children touches no disk (PRIV-14)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class InMemory(FileUploadHandler):
    """Keeps at most FILE_UPLOAD_MAX_MEMORY_SIZE bytes of all the files of a request together, or as many as the page says in `file_bytes`.

    What comes beyond is read and dropped; `size` tells how much was sent, so that the form can say how much it takes.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        page = getattr(getattr(getattr(request, "resolver_match", None), "func", None), "view_class", None)
        self.left: int = getattr(page, "file_bytes", settings.FILE_UPLOAD_MAX_MEMORY_SIZE)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.left -= self.kept.write(raw_data[: self.left])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
