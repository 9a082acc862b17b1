"""Pages of API lists."""

from typing import Any

from rest_framework import pagination


class PageNumberPagination(pagination.PageNumberPagination):
    """50 rows a page, at most 500: `page`, `page_size`."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """In the words of OpenAPI 3.1, with the example of a list of one page."""
        found = super().get_paginated_response_schema(schema)
        link = {"type": ["string", "null"], "format": "uri", "examples": [None]}
        found["properties"] |= {"count": {"type": "integer", "examples": [1]}, "next": link, "previous": link}
        return found
