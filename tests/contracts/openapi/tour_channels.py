"""The tour through delivery's channels."""

from __future__ import annotations

from tests.contracts.openapi.tour import Tour

TEMPLATE = {
    "class": "service",
    "kind": "appointment",
    "value": 1.5,
    "channels": {
        "call": {"subject": "Move the visit", "text": "Hello {{ first_name }}, may we come later?"},
        "print": {"pack": "visit", "text": "Dear {{ first_name }}, we come later."},
        "web": {"subject": "Your visit", "text": "We come later, {{ first_name }}."},
    },
}
CAL = {
    "firstName": "Cal",
    "phone": "+31612345678",
    "address": {"street": "Kerkstraat 1", "postalCode": "1234 AB", "city": "Utrecht", "country": "NL"},
}


def channels(tour: Tour) -> None:
    """Prices, a call, a letter, a pass, and a place on a page."""
    ask, road = tour.ask, tour.road
    ask("GET /channels")
    ask("PUT /channels", body={"webhook": "https://hooks.example.com/halte"})
    prices = {"since": "2026-01-01", "currency": "EUR", "channels": {"print": 0.85, "sms": 0.07}}
    ask("PUT /channels/prices", body=prices)
    ask("PUT /channels/prices", body={**prices, "since": "2026-02-01", "currency": "USD"}, expect=409)
    ask("GET /channels/prices")
    ask("PUT /channels", body={"webhook": "https://10.0.0.1/"}, expect=400)
    ask("POST /channels/{channel}/secret/rotate", "wallet")
    ask("POST /channels/{channel}/secret/rotate", "email", expect=404)
    ask("PUT /templates/{name}", "visit", body=TEMPLATE)
    ask("POST /v1/identify", body={"userId": "cal", "messageId": "cal-1", "traits": CAL})
    road.deliver()
    cal = road.http("GET", "/profiles/userId:cal", admin=True).json()["profile_id"]
    for name, channel in (("call", "call"), ("again", "call"), ("print", "print")):
        request = {
            "send_id": f"snd_{name}",
            "template": "visit",
            "channels": [channel],
            "requested_at": road.clock.now().isoformat(),
            "profile_id": cal,
        }
        road.put_event("halte.journeys", "MessageRequested.v1", {"requests": [request]})
    road.deliver()
    _work_off(tour)
    ask("POST /wallet-passes", body={"profile_id": cal}, expect=202)
    ask("POST /wallet-passes", body={"profile_id": "none"}, expect=404)
    ask("PUT /inbound/{slot}", "home", body={"templates": ["visit"]})
    ask("PUT /inbound/{slot}", "home", body={"templates": ["none"]}, expect=400)
    ask("GET /inbound/{slot}", "home", query={"profile": cal})
    ask("GET /inbound/{slot}", "home", expect=400)
    ask("GET /inbound/{slot}", "none", query={"profile": cal}, expect=404)


def _work_off(tour: Tour) -> None:
    ask, road = tour.ask, tour.road
    ask("GET /tasks")
    ask("GET /tasks", query={"cursor": "none"}, expect=400)
    ask("GET /tasks/{task_id}", "call-snd_call")
    ask("POST /tasks/{task_id}/done", "call-snd_call", body={"outcome": "moved", "note": "To Friday."})
    ask("POST /tasks/{task_id}/failed", "call-snd_call", body={"outcome": "no_answer"}, expect=409)
    ask("POST /tasks/{task_id}/failed", "call-snd_again", body={"outcome": "no_answer"})
    ask("POST /tasks/{task_id}/failed", "none", body={}, expect=404)
    road.run_schedules()
    (day,) = ask("GET /print-orders").json()["orders"]
    ask("GET /print-orders/{day}", day)
    ask("GET /print-orders/{day}", "2020-01-01", expect=404)
    said = {"piece_id": "snd_print", "status": "delivered", "at": road.clock.now().isoformat()}
    ask("POST /print-orders/{day}/status", day, body={"pieces": [said]})
    ask("POST /print-orders/{day}/status", day, body={"pieces": []}, expect=400)
