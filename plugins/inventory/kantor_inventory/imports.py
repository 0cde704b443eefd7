"""The one list inventory reads: items, with how much of each lies where."""

from __future__ import annotations

from portal.api import Unreadable, ValidationFailed, message
from portal.plugin import Import, ImportField, ImportUndo

from . import rules
from .services import import_known, import_undo, importing


def read_barcode(text: str) -> str:
    """Return a barcode as it is kept, or raise Unreadable."""
    try:
        return rules.barcode_key(text)
    except ValidationFailed as refused:
        raise Unreadable(message("{why}", why=refused.fields["code"])) from None


ITEMS = Import(
    name="inventory.items",
    title=message("Import a stock list"),
    about=message("One row for each item. What is there now opens the books of its place."),
    permission="inventory.item.import",
    done="inventory.items",
    check=importing.check,
    run=importing.run,
    known=import_known.known,
    undo=ImportUndo(check=import_undo.check, run=import_undo.run),
    fields=(
        ImportField(
            key="sku",
            title=message("Code"),
            aliases=(
                "sku",
                "kode",
                "kode barang",
                "item code",
                "item number",
                "item no",
                "no barang",
            ),
            required=True,
            kind="code",
            match=True,
            unique=True,
            max_length=40,
        ),
        ImportField(
            key="name",
            title=message("Name"),
            aliases=("nama", "nama barang", "item", "item name", "barang", "description", "uraian"),
            required=True,
        ),
        ImportField(
            key="unit",
            title=message("Unit"),
            aliases=("satuan", "uom", "base unit"),
            required=True,
            max_length=60,
        ),
        ImportField(
            key="quantity",
            title=message("On hand"),
            aliases=("qty", "quantity", "jumlah", "stok", "stock", "saldo", "saldo awal"),
            kind="quantity",
            minimum=0,
        ),
        ImportField(
            key="place",
            title=message("Place"),
            aliases=("lokasi", "tempat", "rak", "location", "shelf", "gudang"),
            help=message("The code or the name of a place."),
        ),
        ImportField(
            key="category",
            title=message("Category"),
            aliases=("kategori", "kelompok", "group", "jenis"),
        ),
        ImportField(
            key="price",
            title=message("Price for one"),
            aliases=("harga", "harga satuan", "cost", "purchase cost", "unit price", "price"),
            kind="money",
            minimum=0,
            help=message("Of new stock, or what the only supplier of an item asks for."),
        ),
        ImportField(
            key="pack",
            title=message("Pack"),
            aliases=("kemasan", "pack unit", "packaging"),
            max_length=60,
        ),
        ImportField(
            key="pack_size",
            title=message("Pack holds"),
            aliases=("isi", "isi kemasan", "pack size", "per pack"),
            kind="integer",
            minimum=1,
        ),
        ImportField(
            key="minimum",
            title=message("Minimum"),
            aliases=("min", "min amt", "stok minimum", "minimum stock", "reorder level"),
            kind="quantity",
            minimum=0,
        ),
        ImportField(
            key="maximum",
            title=message("Maximum"),
            aliases=("max", "maks", "maksimum", "stok maksimum", "maximum stock"),
            kind="quantity",
            minimum=0,
        ),
        ImportField(
            key="barcode",
            title=message("Barcode"),
            aliases=("ean", "gtin", "kode batang", "bar code"),
            kind="code",
            parse=read_barcode,
            match=True,
        ),
        ImportField(
            key="note",
            title=message("Note"),
            aliases=("catatan", "keterangan", "remark", "remarks", "notes"),
            multiline=True,
            max_length=2000,
        ),
    ),
)
