"""What a page and an endpoint cost that say next to nothing: sign-in, frame, one row."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from opportunities.models import Opportunity


def page(request: HttpRequest) -> HttpResponse:
    """One row in the layout of every page."""
    return render(request, "bench/row.html", {"row": Opportunity.objects.values("id", "title").first()})


@api_view(["GET"])
def endpoint(request: Request) -> Response:
    """The same row as JSON."""
    return Response(Opportunity.objects.values("id", "title").first())
