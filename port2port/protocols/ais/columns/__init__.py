"""Bulk decoding of AIS into columns (NumPy), for logs, replay and busy feeds.

>>> decoder = BulkDecoder()
>>> block = decoder.feed(b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35\\r\\n")
>>> block.tables[1]["mmsi"].tolist()
[244710820]
"""

from port2port.protocols.ais.columns.block import NO_TIME, Block
from port2port.protocols.ais.columns.decoder import BulkDecoder
from port2port.protocols.ais.columns.tables import TABLED

__all__ = ["NO_TIME", "TABLED", "Block", "BulkDecoder"]
