"""A report as one HTML file: reads on a screen, prints on paper, needs nothing else."""

from __future__ import annotations

from html import escape
from pathlib import Path

from exports.finance.chart import bar_chart
from exports.finance.files import content_hash
from exports.finance.read import Extract
from exports.finance.shown import Shown, shown
from mymedic.counts import counted

_STYLE = """
body { font: 14px/1.45 system-ui, "Noto Sans", sans-serif; color: #1c2330; margin: 2rem auto; max-width: 1180px;
  padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .5rem }
.about, .note, footer { color: #5a6472 } footer { margin-top: 2rem; font-size: .8rem; word-break: break-all }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #e4e8ee }
th { border-bottom: 2px solid #1c2330; white-space: nowrap } tbody tr:hover { background: #f5f7fa }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.short { white-space: nowrap }
tfoot td { font-weight: 600; border-top: 2px solid #1c2330; border-bottom: 0 }
svg { max-width: 820px; font-size: 12px; fill: #1c2330 } .bar { fill: #2f6f9f } .below { fill: #b4552d }
.axis { stroke: #9aa4b2 }
@media print { @page { size: A4 landscape; margin: 12mm } body { margin: 0; max-width: none; font-size: 10px }
  .wide { overflow: visible } thead { display: table-header-group } tr { break-inside: avoid } }
"""


def html_page(extract: Extract, content_sha256: str) -> str:
    """The whole file. The same extract gives the same text."""
    view = shown(extract)
    as_of = f"{extract.as_of:%Y-%m-%d %H:%M} UTC" if extract.as_of else "-"
    about = f"{extract.tenant_id} · {extract.period.label.replace('_', ' to ')} · as known at {as_of}"
    bars = extract.surface.view.bars
    chart = f"<h2>{escape(bars.title)}</h2>{bar_chart(bars.title, view.bars)}" if bars and view.bars else ""
    note = f'<p class="note">{escape(view.note)}</p>' if view.note else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(view.title)}, {escape(extract.tenant_id)}</title><style>{_STYLE}</style></head>\n"
        f'<body><h1>{escape(view.title)}</h1><p class="about">{escape(about)}</p>{note}\n{chart}\n'
        f'<h2>Figures</h2><div class="wide">{_table(view)}</div>\n'
        f"<footer>Up to event {extract.last_seq:,} · {counted(extract.table.num_rows, 'row')} ·"
        f" content {content_sha256}</footer></body></html>\n"
    )


def write_html(extract: Extract, path: Path) -> None:
    path.write_text(html_page(extract, content_hash(extract)), encoding="utf-8")


def _table(view: Shown) -> str:
    head = "".join(
        f"<th{_class(right)}>{escape(label)}</th>" for label, right in zip(view.columns, view.is_right, strict=True)
    )
    body = "\n".join(_row(row, view) for row in view.rows)
    foot = f"<tfoot>{_row(view.total, view)}</tfoot>" if view.total else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def _row(cells: list[str], view: Shown) -> str:
    drawn = (
        f"<td{_class(right, cell)}>{escape(cell).replace('_', '_<wbr>')}</td>"
        for cell, right in zip(cells, view.is_right, strict=True)
    )
    return f"<tr>{''.join(drawn)}</tr>"


def _class(right: bool, cell: str = "") -> str:
    """A date must not be broken; a name of several words may."""
    if right:
        return ' class="figure"'
    return ' class="short"' if len(cell) == len("2026-11-30") else ""
