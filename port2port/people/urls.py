"""The addresses of signing in and of how a person likes the screen."""

from django.urls import path

from port2port.people import views

app_name = "people"

urlpatterns = [
    path("", views.start, name="start"),
    path("signin", views.sign_in, name="signin"),
    path("signin/demo/<uuid:account>", views.sign_in_demo, name="signin-demo"),
    path("signout", views.sign_out, name="signout"),
    path("settings/language", views.set_language, name="language"),
    path("settings/theme", views.set_theme, name="theme"),
    path("settings/clock", views.turn_clock, name="clock"),
]
