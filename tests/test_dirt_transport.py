"""Dirt in shipments and scans: repaired, refused or told, never silent."""

from dirt import load

PARCELS = """
table = "shipments"

[[file]]
name = "parcels"
path = "raw/parcels_%Y-%m-%d.csv"
"""

PARCEL_COLUMNS = """
[columns]
shipment_id = "Parcel"
flow = "Flow"
carrier = "Carrier"
tracking_number = "Tracking"
destination_country = "To"
promised_date = "Due"
promised_at = "Due at"
delivered_at = "Delivered"
status = "Status"
"""

SCANS = """
table = "tracking_events"
known_at = "received_at"

[[file]]
name = "scans"
path = "raw/scans_%Y%m%d.csv"

[columns]
carrier = "carrier"
tracking_number = "barcode"
event_at = "event_time"
raw_code = "code"
norm_status = "code"
received_at = "received"

[values.norm_status]
in_transit = ["TRI", "PCH"]
out_for_delivery = ["MLV"]
delivered = ["LIV"]
"""


def test_one_carrier_spelled_five_ways_is_one(tmp_path):
    """Spellings listed in source.toml become the carrier's code; one that is not listed costs the row."""
    text = """Parcel,Flow,Carrier,Tracking,To,Due,Due at,Delivered,Status
P1,outbound,BRV,10001,FR,2026-01-07,2026-01-07 20:00,2026-01-07 11:02,delivered
P2,outbound,Brivane,10002,FR,2026-01-07,2026-01-07 20:00,2026-01-07 09:40,delivered
P3,outbound,BRIVANE PARCEL,10003,FR,2026-01-07,2026-01-07 20:00,2026-01-08 10:15,delivered
P4,outbound, brv ,10004,FR,2026-01-07,2026-01-07 20:00,,in_transit
P5,outbound,Brivane Parcel SAS,10005,FR,2026-01-07,2026-01-07 20:00,,in_transit
P6,outbound,Brivanne,10006,FR,2026-01-07,2026-01-07 20:00,,in_transit
"""
    source = PARCELS + PARCEL_COLUMNS + '[values.carrier]\nBRV = ["Brivane", "Brivane Parcel", '
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, parcels=source + '"Brivane Parcel SAS"]\n')

    assert loaded.counts == {"parcels_2026-01-09.csv": (6, 5, 1, 0)}
    assert loaded.select("SELECT carrier, count(*) FROM shipments GROUP BY ALL") == [("BRV", 5)]
    assert loaded.refused == [("parcels_2026-01-09.csv", 7, "carrier", "Brivanne", "unknown_value", False)]


def test_the_spellings_of_countries_are_shared_by_all_columns_of_countries(tmp_path):
    """UK is GB at both ends, by one list beside the sources; an unknown country is refused, its row kept."""
    text = """shipment_id;flow;carrier;origin_country;destination_country;promised_date;promised_at;status
P1;outbound;HLV;UK;GB;2026-01-07;2026-01-07 20:00;in_transit
P2;outbound;HLV;gb;United Kingdom;2026-01-07;2026-01-07 20:00;in_transit
P3;return;HLV;Great Britain;FR;2026-01-09;2026-01-09 20:00;in_transit
P4;outbound;HLV;GB;Jersey;2026-01-09;2026-01-09 20:00;in_transit
P5;outbound;HLV;GB;NL;2026-01-09;2026-01-09 20:00;in_transit
P6;outbound;HLV;GB;EL;2026-01-09;2026-01-09 20:00;in_transit
"""
    shared = '[country]\nGB = ["UK", "United Kingdom", "Great Britain"]\nFR = ["France"]\n'
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, shared, parcels=PARCELS)

    assert loaded.counts == {"parcels_2026-01-09.csv": (6, 6, 0, 0)}
    countries = loaded.select("SELECT shipment_id, origin_country, destination_country FROM shipments")
    assert countries[:3] == [("P1", "GB", "GB"), ("P2", "GB", "GB"), ("P3", "GB", "FR")]
    assert countries[3:] == [("P4", "GB", None), ("P5", "GB", "NL"), ("P6", "GB", None)]
    assert loaded.refused == [
        ("parcels_2026-01-09.csv", 5, "destination_country", "Jersey", "unknown_value", True),
        ("parcels_2026-01-09.csv", 7, "destination_country", "EL", "unknown_value", True),
    ]


def test_delivered_before_the_first_scan_is_set_aside(tmp_path):
    """One cannot be true without the other being wrong; equal times are kept."""
    text = """shipment_id,flow,carrier,destination_zone,first_scan_at,delivered_at,due,until,status
P1,outbound,CDR,Europe/Paris,2026-01-06 17:00:00,2026-01-07 10:00:00,2026-01-08,2026-01-08 19:00:00,delivered
P2,outbound,CDR,Europe/Paris,2026-01-06 17:00:00,2026-01-06 09:30:00,2026-01-08,2026-01-08 19:00:00,delivered
P3,outbound,CDR,Europe/Paris,2026-01-06 17:00:00,2026-01-06 17:00:00,2026-01-08,2026-01-08 19:00:00,delivered
"""
    source = PARCELS + '[columns]\npromised_date = "due"\npromised_at = "until"\n'
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, parcels=source)

    assert loaded.counts == {"parcels_2026-01-09.csv": (3, 2, 1, 0)}
    told = "delivered_at 2026-01-06 09:30:00, first_scan_at 2026-01-06 17:00:00"
    assert loaded.refused == [
        ("parcels_2026-01-09.csv", 3, "delivered_at", told, "delivered_before_scan", False)
    ]


def test_local_times_with_their_zone_become_utc(tmp_path):
    """Winter is one hour, summer two; what was read as UTC by mistake would be late or early by as much."""
    text = """Parcel|Flow|Carrier|Tracking|To|Due|Due at|Delivered|Status
P1|outbound|ESK|7001|ES|07/01/2026|07/01/2026 20:00|07/01/2026 19:30|delivered
P2|outbound|ESK|7002|ES|07/07/2026|07/07/2026 20:00|07/07/2026 20:30|delivered
P3|outbound|ESK|7003|ES|07/07/2026|07/07/2026 20:00|pendiente|in_transit
"""
    source = 'dates = "dmy"\nzone = "Europe/Madrid"\n' + PARCELS + PARCEL_COLUMNS
    loaded = load(tmp_path, {"parcels_2026-07-09.csv": text}, parcels=source)

    assert loaded.counts == {"parcels_2026-07-09.csv": (3, 3, 0, 0)}
    assert loaded.select("SELECT shipment_id, promised_date, promised_at, delivered_at FROM shipments") == [
        ("P1", "2026-01-07", "2026-01-07 19:00:00", "2026-01-07 18:30:00"),
        ("P2", "2026-07-07", "2026-07-07 18:00:00", "2026-07-07 18:30:00"),
        ("P3", "2026-07-07", "2026-07-07 18:00:00", None),
    ]
    assert loaded.refused == [("parcels_2026-07-09.csv", 4, "delivered_at", "pendiente", "type", True)]


WEIGHTS = "shipment_id;flow;carrier;weight_declared_g;promised_date;promised_at;status\n"


def weights(first: int, *cells: str) -> str:
    lines = [
        f"P{number};trade_in;DVP;{cell};2026-01-07;2026-01-07 20:00;in_transit\n"
        for number, cell in enumerate(cells, start=first)
    ]
    return WEIGHTS + "".join(lines)


def test_one_file_of_four_in_kilograms_is_noticed(tmp_path):
    """Whole kilograms pass for grams, and a note names column and file; 0.4 is no weight in grams."""
    files = {
        "parcels_2026-01-05.csv": weights(1, "400", "380", "2000"),
        "parcels_2026-01-12.csv": weights(4, "410", "395", "1900"),
        "parcels_2026-01-19.csv": weights(7, "2", "1", "0.4"),
        "parcels_2026-01-26.csv": weights(10, "390", "405", "2100"),
    }
    loaded = load(tmp_path, files, parcels=PARCELS)

    assert set(loaded.counts.values()) == {(3, 3, 0, 0)}
    told = "Column weight_declared_g is 1.5 in the middle, 402.5 over all extracts. Check its unit."
    assert loaded.notes == [("parcels_2026-01-19.csv", "other unit", told)]
    assert loaded.refused == [("parcels_2026-01-19.csv", 4, "weight_declared_g", "0.4", "type", True)]


def test_kilograms_that_are_declared_become_grams(tmp_path):
    """With unit kg nothing is to be told; a weight of 400 kg is refused, and its row is kept."""
    text = weights(1, "0,4", "1,25", "2", "400")
    source = PARCELS + '[columns]\nweight_declared_g = { header = "weight_declared_g", unit = "kg" }\n'
    loaded = load(tmp_path, {"parcels_2026-01-19.csv": text}, parcels='decimal = ","\n' + source)

    assert loaded.counts == {"parcels_2026-01-19.csv": (4, 4, 0, 0)}
    kept = loaded.select("SELECT shipment_id, weight_declared_g FROM shipments")
    assert kept == [("P1", 400), ("P2", 1250), ("P3", 2000), ("P4", None)]
    assert loaded.notes == []
    assert loaded.refused == [("parcels_2026-01-19.csv", 5, "weight_declared_g", "400", "out_of_range", True)]


def test_a_tracking_number_that_is_used_again_after_a_year_names_two_parcels(tmp_path):
    """Two shipments with one number both stay; a line that is repeated as it is counts once."""
    text = """Parcel,Flow,Carrier,Tracking,To,Due,Due at,Delivered,Status
P1,outbound,DVP,6A04417,FR,2025-01-09,2025-01-09 20:00,2025-01-09 12:00,delivered
P9,outbound,DVP,6A04417,BE,2026-01-14,2026-01-14 20:00,2026-01-14 10:00,delivered
P9,outbound,DVP,6A04417,BE,2026-01-14,2026-01-14 20:00,2026-01-14 10:00,delivered
"""
    loaded = load(tmp_path, {"parcels_2026-01-15.csv": text}, parcels=PARCELS + PARCEL_COLUMNS)

    assert loaded.counts == {"parcels_2026-01-15.csv": (3, 2, 0, 1)}
    parcels = loaded.select("SELECT tracking_number, shipment_id FROM shipments")
    assert parcels == [("6A04417", "P1"), ("6A04417", "P9")]
    assert loaded.refused == [("parcels_2026-01-15.csv", 4, "shipment_id", "P9", "duplicate", False)]


def test_cancelled_labels_and_labels_never_used_stay(tmp_path):
    """They are part of what a KPI counts or leaves out; a delivered one without any date is set aside."""
    text = """parcel;sens;transporteur;etiquette;scanne;1er scan;livre;du;statut
L1;return;CDR;2026-01-05 10:00;oui;2026-01-06 16:20;2026-01-08 09:00;2026-01-09;livré
L2;return;CDR;2026-01-05 10:05;non;;;2026-01-09;créé
L3;trade_in;CDR;2026-01-05 11:00;non;;;2026-01-09;annulé
L4;return;CDR;2026-01-05 11:30;oui;2026-01-06 16:20;;2026-01-09;livré
"""
    source = (
        PARCELS
        + """
[columns]
shipment_id = "parcel"
flow = "sens"
carrier = "transporteur"
label_created_at = "etiquette"
hub_scanned = "scanne"
first_scan_at = "1er scan"
delivered_at = "livre"
promised_date = "du"
promised_at = "du"
status = "statut"

[values.status]
in_transit = ["créé"]
delivered = ["livré"]
cancelled = ["annulé"]
"""
    )
    loaded = load(tmp_path, {"parcels_2026-01-12.csv": text}, parcels=source)

    assert loaded.counts == {"parcels_2026-01-12.csv": (4, 3, 1, 0)}
    assert loaded.select("SELECT shipment_id, hub_scanned, first_scan_at, status FROM shipments") == [
        ("L1", True, "2026-01-06 16:20:00", "delivered"),
        ("L2", False, None, "in_transit"),
        ("L3", False, None, "cancelled"),
    ]
    assert loaded.refused == [
        ("parcels_2026-01-12.csv", 5, "status", "status delivered", "delivered_without_date", False)
    ]


def test_scans_sent_twice_or_out_of_order_or_with_unknown_codes_are_told_apart(tmp_path):
    """Order in the file is of no matter; a repeat counts once; an unknown code stays, without a meaning."""
    text = """carrier,barcode,event_time,code,received
BRV,T1,2026-01-07 10:00:00,LIV,2026-01-07 10:02:00
BRV,T1,2026-01-06 18:00:00,PCH,2026-01-06 18:05:00
BRV,T1,2026-01-06 18:00:00,PCH,2026-01-06 18:05:00
BRV,T1,2026-01-07 07:30:00,MLV,2026-01-07 07:31:00
BRV,T1,2026-01-07 09:00:00,Q47,2026-01-07 09:01:00
BRV,,2026-01-07 09:05:00,TRI,2026-01-07 09:06:00
"""
    loaded = load(tmp_path, {"scans_20260108.csv": text}, scans=SCANS)

    assert loaded.counts == {"scans_20260108.csv": (6, 4, 1, 1)}
    assert loaded.select("SELECT event_at, raw_code, norm_status FROM tracking_events") == [
        ("2026-01-06 18:00:00", "PCH", "in_transit"),
        ("2026-01-07 07:30:00", "MLV", "out_for_delivery"),
        ("2026-01-07 09:00:00", "Q47", None),
        ("2026-01-07 10:00:00", "LIV", "delivered"),
    ]
    key = "BRV/T1/2026-01-06 18:00:00/PCH"
    assert loaded.refused == [
        (
            "scans_20260108.csv",
            4,
            "carrier, tracking_number, event_at, raw_code",
            key,
            "duplicate",
            False,
        ),
        ("scans_20260108.csv", 6, "norm_status", "Q47", "not_allowed", True),
        ("scans_20260108.csv", 7, "tracking_number", None, "missing", False),
    ]


def test_scans_that_come_late_or_are_filed_afterwards_are_known_only_then(tmp_path):
    """A scan of Monday that arrives on Thursday is not in Tuesday's view; a new time of receipt corrects."""
    head = "carrier,barcode,event_time,code,received\n"
    files = {
        "scans_20260106.csv": head
        + "BRV,T1,2026-01-05 18:00:00,PCH,2026-01-05 18:05:00\n"
        + "BRV,T2,2026-01-05 18:00:00,PCH,2026-01-05 18:05:00\n",
        "scans_20260109.csv": head
        + "BRV,T1,2026-01-05 21:00:00,TRI,2026-01-08 06:00:00\n"
        + "BRV,T2,2026-01-05 18:00:00,PCH,2026-01-07 02:00:00\n",
    }
    loaded = load(tmp_path, files, scans=SCANS)

    assert loaded.counts == {"scans_20260106.csv": (2, 2, 0, 0), "scans_20260109.csv": (2, 2, 0, 0)}
    assert loaded.corrections == {"scans_20260106.csv": 0, "scans_20260109.csv": 1}
    seen = "SELECT tracking_number, raw_code, received_at FROM tracking_events"
    first = [("T1", "PCH", "2026-01-05 18:05:00"), ("T2", "PCH", "2026-01-05 18:05:00")]
    assert loaded.select(seen, known="2026-01-06 12:00:00") == first
    assert loaded.select(seen, known="2026-01-08 07:00:00") == [
        ("T1", "PCH", "2026-01-05 18:05:00"),
        ("T1", "TRI", "2026-01-08 06:00:00"),
        ("T2", "PCH", "2026-01-05 18:05:00"),
    ]
    assert loaded.select(seen, known="2026-01-09 12:00:00") == [
        ("T1", "PCH", "2026-01-05 18:05:00"),
        ("T1", "TRI", "2026-01-08 06:00:00"),
        ("T2", "PCH", "2026-01-07 02:00:00"),
    ]


def test_the_hour_that_the_clock_shows_twice_is_not_guessed(tmp_path):
    """In October 02:30 is two moments, in March none; with its offset a time is what it says."""
    text = """carrier;barcode;event_time;code;received
BRV;T1;2026-10-25 01:59:00;TRI;2026-10-25 12:00:00
BRV;T1;2026-10-25 02:30:00;TRI;2026-10-25 12:00:00
BRV;T1;2026-10-25 02:30:00+02:00;TRI;2026-10-25 12:00:00
BRV;T1;2026-10-25 02:30:00+01:00;TRI;2026-10-25 12:00:00
BRV;T1;2026-10-25 03:00:00;MLV;2026-10-25 12:00:00
BRV;T2;2026-03-29 02:30:00;TRI;2026-03-29 12:00:00
BRV;T2;2026-03-29 03:00:00;TRI;2026-03-29 12:00:00
"""
    source = SCANS.replace(
        'event_at = "event_time"', 'event_at = { header = "event_time", zone = "Europe/Paris" }'
    )
    loaded = load(tmp_path, {"scans_20261026.csv": text}, scans=source)

    assert loaded.counts == {"scans_20261026.csv": (7, 5, 2, 0)}
    assert loaded.select("SELECT event_at, raw_code FROM tracking_events") == [
        ("2026-03-29 01:00:00", "TRI"),
        ("2026-10-24 23:59:00", "TRI"),
        ("2026-10-25 00:30:00", "TRI"),
        ("2026-10-25 01:30:00", "TRI"),
        ("2026-10-25 02:00:00", "MLV"),
    ]
    assert loaded.refused == [
        ("scans_20261026.csv", 3, "event_at", "2026-10-25 02:30:00", "ambiguous_hour", False),
        ("scans_20261026.csv", 7, "event_at", "2026-03-29 02:30:00", "missing_hour", False),
    ]


def test_a_year_that_cannot_be_is_refused(tmp_path):
    """0226 is a slip and 9999 a mark; a row whose week hangs on it is set aside, else the cell alone."""
    text = """shipment_id,flow,carrier,promised_date,promised_at,delivered_at,status
P1,outbound,CDR,0226-01-08,2026-01-08 19:00:00,,in_transit
P2,outbound,CDR,2026-01-08,2026-01-08 19:00:00,9999-12-31 00:00:00,in_transit
P3,outbound,CDR,2026-01-08,2026-01-08 19:00:00,2026-01-07 19:00:00,delivered
"""
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, parcels=PARCELS)

    assert loaded.counts == {"parcels_2026-01-09.csv": (3, 2, 1, 0)}
    assert loaded.refused == [
        ("parcels_2026-01-09.csv", 2, "promised_date", "0226-01-08", "out_of_range", False),
        ("parcels_2026-01-09.csv", 3, "delivered_at", "9999-12-31 00:00:00", "out_of_range", True),
    ]


def test_blanks_around_a_code_do_not_make_another_carrier(tmp_path):
    """Also those that nobody sees, such as the no-break space of a web page; blanks within stay."""
    text = """shipment_id;flow;carrier;origin;promised_date;promised_at;status
P1;outbound;CDR;Lyon Sud;2026-01-08;2026-01-08 19:00:00;in_transit
P2; outbound ;CDR\u00a0;Lyon Sud ;2026-01-08;2026-01-08 19:00:00;in_transit
P3;outbound;\u202f CDR;\u00a0Lyon Sud;2026-01-08;2026-01-08 19:00:00;\u00a0in_transit
P4;outbound;"\tCDR";Orléans\u200b;2026-01-08;2026-01-08 19:00:00;in_transit
"""
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, parcels=PARCELS)

    assert loaded.counts == {"parcels_2026-01-09.csv": (4, 4, 0, 0)}
    places = loaded.select("SELECT carrier, origin, count(*) FROM shipments GROUP BY ALL")
    assert places == [("CDR", "Lyon Sud", 3), ("CDR", "Orléans", 1)]


def test_the_same_bytes_under_two_names_are_two_extracts(tmp_path):
    """Each row of the second is a duplicate of the first, and both are counted through."""
    text = """shipment_id,flow,carrier,promised_date,promised_at,weight_declared_g,status
P1,outbound,CDR,2026-01-08,2026-01-08 19:00:00,400,in_transit
P2,outbound,CDR,2026-01-08,2026-01-08 19:00:00,heavy,in_transit
P3,outbound,,2026-01-08,2026-01-08 19:00:00,400,in_transit
"""
    files = {"parcels_2026-01-09.csv": text, "parcels_2026-01-10.csv": text}
    loaded = load(tmp_path, files, parcels=PARCELS)

    assert loaded.counts == {"parcels_2026-01-09.csv": (3, 2, 1, 0), "parcels_2026-01-10.csv": (3, 0, 1, 2)}
    refused = [row for row in loaded.refused if row[2] != "shipment_id"]
    assert refused == [
        ("parcels_2026-01-09.csv", 3, "weight_declared_g", "heavy", "type", True),
        ("parcels_2026-01-09.csv", 4, "carrier", None, "missing", False),
        # The row it stands in is not kept: it is a duplicate.
        ("parcels_2026-01-10.csv", 3, "weight_declared_g", "heavy", "type", False),
        ("parcels_2026-01-10.csv", 4, "carrier", None, "missing", False),
    ]
    assert loaded.ledger.files["cells"].tolist() == [1, 0]


def test_deliveries_of_a_source_without_their_date_are_set_aside(tmp_path):
    """A column that the source lacks is empty in all rows, and a rule that asks for it is broken."""
    text = """shipment_id,flow,carrier,promised_date,promised_at,status
P1,outbound,CDR,2026-01-08,2026-01-08 19:00:00,delivered
P2,outbound,CDR,2026-01-08,2026-01-08 19:00:00,in_transit
"""
    loaded = load(tmp_path, {"parcels_2026-01-09.csv": text}, parcels=PARCELS)

    assert loaded.counts == {"parcels_2026-01-09.csv": (2, 1, 1, 0)}
    told = ("parcels_2026-01-09.csv", 2, "status", "status delivered", "delivered_without_date", False)
    assert loaded.refused == [told]
