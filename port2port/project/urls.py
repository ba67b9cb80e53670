"""The roof's table of pages: each room names its own, this only mounts them."""

from django.urls import include, path

from port2port.project.status import status

urlpatterns = [
    path("status", status, name="status"),
    path("", include("port2port.people.urls")),
    path("", include("port2port.control.urls")),
]
