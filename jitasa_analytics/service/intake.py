"""What comes in from the public: a request for help, an offer to help, and the question how it stands.

The contact is on the disk first, then the rows of the store in one line of its journal, and only
then is anything acknowledged. The number follows from the form, so that a form sent twice, or sent
again after a failure in between, is one request.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from jitasa_analytics import privacy, texts
from jitasa_analytics.ingest import identities
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.service import references
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.contacts import Contact, ContactFile, now
from jitasa_analytics.store import Store

KEY = "form.key"
# In whose name the audit log says that somebody used a form.
WHO = "form"
SOURCE = "form"

# What can be asked for, by category. Words of the public stay with their contact; the store gets these only.
ITEMS: dict[str, tuple[str, ...]] = {
    "medical": ("test_at_home", "telemedicine", "oximeter", "wound_care"),
    "medicine": ("fever_medicine", "andrographis", "own_medicine", "rehydration_salts"),
    "oxygen": ("oxygen_cylinder", "oxygen_concentrator"),
    "bed": ("hospital_bed", "waiting_centre_bed"),
    "transport": ("patient_transport", "to_vaccination", "to_testing"),
    "food": ("boxed_meals", "rice", "drinking_water", "dry_food", "baby_formula"),
    "supplies": ("masks", "alcohol_gel", "adult_nappies", "bedding"),
    "other": ("disinfection", "pet_care", "listening", "anything"),
}
CATEGORY_OF = {item: category for category, items in ITEMS.items() for item in items}
SKILLS = ("first_aid", "home_visit", "nursing", "driving", "delivery", "cooking", "counselling", "child_care",
          "coordination", "local_knowledge", "data_entry", "translation", "rescue", "disinfection")
EQUIPMENT = ("motorcycle", "car", "pickup", "van", "ambulance", "boat", "kitchen", "oximeter", "thermometer",
             "oxygen_cylinder", "radio")


@dataclass(frozen=True)
class Person:
    """Who sends a form, and what they say in their own words."""

    name: str
    phone: str
    address: str = ""
    words: str = ""
    lang: str = "th"


@dataclass(frozen=True)
class Place:
    """Where: the tambon, and the point where it is known (WGS84 degrees)."""

    area_code: str
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Ask:
    """A request for help; ``items`` are pairs of an item of `ITEMS` and the quantity, if one was given."""

    items: Sequence[tuple[str, float | None]]
    urgency: str = "normal"
    people: int = 1


@dataclass(frozen=True)
class Offer:
    """An offer to help."""

    kind: str
    skills: Sequence[str] = ()
    equipment: Sequence[str] = ()
    capacity_per_day: float = 1.0
    available_from: date | None = None
    available_to: date | None = None


@dataclass(frozen=True)
class Kept:
    """What was acknowledged: the number, and whether the same form had come before."""

    reference: str
    again: bool = False


@dataclass(frozen=True)
class Standing:
    """How something stands, without a word about whose it is."""

    kind: str
    status: str
    since: datetime | None = None
    asked: datetime | None = None


@dataclass
class Intake:
    """The forms of one store."""

    store: Store
    audit: Audit
    file: ContactFile
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _found: tuple[str, Locator] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, store: Store, audit: Audit) -> Intake:
        """The forms of a store, with the contacts beside it."""
        return cls(store, audit, ContactFile(store.folder))

    def ask(self, person: Person, place: Place, what: Ask, *, seed: str, by: str = WHO, source: str = SOURCE) -> Kept:
        """Keep a request for help.

        Parameters
        ----------
        person, place, what
            Checked before: what does not satisfy the contract raises `InputError`, and nothing is acknowledged.
        seed : str
            What tells one form from another.
        by, source : str
            Who writes it down, and how it came: an officer who takes a call, where it is not the form itself.
        """
        reference = references.made("request", self._key(), seed)
        at = datetime.now(UTC)
        token = identities.token(person.phone, privacy.load_key(self.store.folder), decides=False).value
        rows: list[tuple[str, dict[str, Any]]] = [
            ("requests", {"request_id": reference, "requested_at": at, "urgency": what.urgency, "status": "new",
                          "people": what.people, "lon": place.lon, "lat": place.lat, "area_code": place.area_code,
                          "requester": token, "source": source}),
            *(("request_items", {"request_id": reference, "item": item_name(item), "category": CATEGORY_OF[item],
                                 "quantity": quantity, "delivered": 0.0}) for item, quantity in what.items),
            ("request_events", {"event_id": f"e-{reference}", "request_id": reference, "at": at, "status": "new",
                                "by": by} | ({} if by == WHO else {"recorded_by": by})),
        ]
        return self._keep(reference, "request", "requests", "request_id", person, place, rows, by)

    def volunteer(self, person: Person, place: Place, offer: Offer, *, seed: str) -> Kept:
        """Keep an offer to help; see `ask`."""
        reference = references.made("volunteer", self._key(), seed)
        rows: list[tuple[str, dict[str, Any]]] = [("volunteers", {
            "volunteer_id": reference, "kind": offer.kind, "skills": list(offer.skills),
            "equipment": list(offer.equipment), "lon": place.lon, "lat": place.lat, "area_code": place.area_code,
            "capacity_per_day": offer.capacity_per_day, "available_from": offer.available_from,
            "available_to": offer.available_to, "consent_at": datetime.now(UTC)})]
        return self._keep(reference, "volunteer", "volunteers", "volunteer_id", person, place, rows)

    def standing(self, reference: str) -> Standing | None:
        """How the request or the offer of a number stands; None where there is none."""
        if reference.startswith(references.KINDS["request"]):
            with self.store.snapshot() as snapshot:
                found = snapshot.sql(
                    "SELECT r.status, r.requested_at, max(e.at) AS since FROM requests r LEFT JOIN request_events e "
                    "USING (request_id) WHERE r.request_id = $id GROUP BY ALL", id=reference)
            if len(found):
                row = found.iloc[0]
                return Standing("request", str(row["status"]), _time(row["since"]), _time(row["requested_at"]))
        else:
            with self.store.snapshot() as snapshot:
                found = snapshot.sql("SELECT consent_at FROM volunteers WHERE volunteer_id = $id", id=reference)
            if len(found):
                return Standing("volunteer", "listed", None, _time(found["consent_at"].iloc[0]))
        # What was acknowledged a moment ago is in the journal, and in the next version within a second.
        held = self.file.get(reference)
        return Standing(held.kind, "new" if held.kind == "request" else "listed") if held is not None else None

    def locate(self, lon: float, lat: float) -> str | None:
        """The code of the finest known area of a point; None in none."""
        manifest = self.store.manifest()
        name = manifest.files["reference"]
        if self._found is None or self._found[0] != name:
            with self.store.snapshot() as snapshot:
                shapes = snapshot.frame("areas", columns=["code", "level", "valid_from", "geometry"])
            self._found = (name, Locator(shapes))
        code = self._found[1].find([lon], [lat])[0][0]
        return str(code) if code is not None else None

    # -- inside ---------------------------------------------------------------------------------

    def _key(self) -> bytes:
        return privacy.secret(privacy.key_folder(self.store.folder) / KEY)

    def _keep(self, reference: str, kind: str, dataset: str, key: str, person: Person, place: Place,
              rows: list[tuple[str, dict[str, Any]]], by: str = WHO) -> Kept:
        contact = Contact(reference, kind, person.name, person.phone, person.address, person.words, person.lang, now())
        with self._lock:
            before = self.file.begun(reference)
            if self.file.begin(contact):
                return Kept(reference, again=True)
            # Somebody may have gone on with rows that an earlier try wrote: they are not written a second time.
            if not before or not self._holds(dataset, key, reference):
                self.store.append_together(rows)
            self.audit.record(by, "change", scope=place.area_code, created=True, **{kind: reference})
            self.file.finish(reference)
        return Kept(reference)

    def _holds(self, dataset: str, key: str, reference: str) -> bool:
        self.store.settle()
        with self.store.snapshot() as snapshot:
            return bool(len(snapshot.sql(f"SELECT 1 FROM {dataset} WHERE {key} = $id", id=reference)))


def item_name(item: str) -> str:
    """An item as the store holds it: in Thai, as the files of the provinces name it."""
    return texts.say(f"forms.item.{item}", "th")


def _time(value: Any) -> datetime | None:
    return None if value is None or value != value else value.to_pydatetime().replace(tzinfo=UTC)
