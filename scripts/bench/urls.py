"""The product's addresses and the two yardsticks."""

from django.urls import path

from config.urls import urlpatterns as product
from scripts.bench import yardsticks

urlpatterns = [
    path("bench/page/", yardsticks.page),
    path("api/v1/bench/", yardsticks.endpoint),
    *product,
]
