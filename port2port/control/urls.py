"""The addresses of the control room."""

from django.urls import path

from port2port.control.views import alarms, now, vessels

app_name = "control"

urlpatterns = [
    path("now", now.now, name="now"),
    path("now/scene.json", now.scene, name="scene"),
    path("now/alarms", alarms.alarm_list, name="alarms"),
    path("now/alarms/<uuid:alarm>", now.now, name="alarm"),
    path("now/alarms/<uuid:alarm>/card", alarms.card, name="alarm-card"),
    path("now/alarms/<uuid:alarm>/<slug:act>", alarms.act, name="alarm-act"),
    path("now/vessels/<uuid:track>", now.now, name="vessel"),
    path("now/vessels/<uuid:track>/card", vessels.card, name="vessel-card"),
    path("now/vessels/<uuid:track>/past.json", vessels.past, name="vessel-past"),
]
