"""AIS: the automatic identification system of ships (ITU-R M.1371-5), and the NMEA 0183 sentences that carry it.

Read `fields` first: the tables that drive the scalar decoder (`decode`), the bulk decoder (`columns`) and the
encoder (`encode`). `nmea` makes payloads of lines; `report` prints files. Nothing here raises on bad bytes but
`BadPayload`; `reasons` names every refusal.

>>> from port2port.protocols.ais.decode import decode
>>> from port2port.protocols.ais.nmea import Assembler
>>> payload = Assembler().feed(b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35")
>>> decode(payload).mmsi
244710820
"""
