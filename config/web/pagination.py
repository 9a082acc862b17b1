"""Pages of API lists."""

from rest_framework import pagination


class PageNumberPagination(pagination.PageNumberPagination):
    """50 rows a page, at most 500: `page`, `page_size`."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
