/** The style of an invoice page: one sheet for the screen and for paper (A4 or Letter), without any file beside it. */
export const invoicePageStyle = `
:root { --ink: #1c2330; --soft: #5d6778; --rule: #d8dde6; --fill: #f4f6f9; --accent: #2458a6; }
* { box-sizing: border-box; }
html { background: #e9ecf1; }
body { margin: 0 auto; max-width: 210mm; padding: 18mm 16mm; background: #fff; color: var(--ink);
  font: 10pt/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 10mm; margin-bottom: 10mm; }
h1 { margin: 0; font-size: 20pt; font-weight: 600; letter-spacing: -0.01em; }
h2 { margin: 9mm 0 3mm; font-size: 12pt; font-weight: 600; }
.seller { font-size: 13pt; font-weight: 600; }
.id, .soft { color: var(--soft); }
.number { font-size: 12pt; color: var(--soft); text-align: right; }
.facts { display: grid; grid-template-columns: 1.3fr 1fr 1fr; gap: 6mm; padding: 5mm 0;
  border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.facts dl, .facts dt, .facts dd { margin: 0; }
.facts dt { color: var(--soft); font-size: 8.5pt; }
.facts dd { margin-bottom: 2.5mm; }
.facts dd:last-child { margin-bottom: 0; }
.facts .due { font-size: 17pt; font-weight: 600; font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; font-size: 11pt; padding: 7mm 0 2mm; }
th { font-weight: 500; font-size: 8.5pt; color: var(--soft); text-align: left; border-bottom: 1px solid var(--ink);
  padding: 0 0 1.2mm; }
td { padding: 2mm 0 0; vertical-align: top; }
th.amount, td.amount { text-align: right; padding-left: 4mm; white-space: nowrap; }
th.unit, td.unit { padding-left: 2mm; }
.line td { border-top: 1px solid var(--rule); }
tbody.item:first-of-type .line td { border-top: 0; }
tbody.item { break-inside: avoid; }
.terms td { padding-top: 0; color: var(--soft); font-size: 8.5pt; }
.tier td { padding: 0.4mm 0 0; font-size: 8.5pt; color: var(--soft); }
.tier td:first-child { padding-left: 5mm; }
tbody.item tr:last-child td { padding-bottom: 2mm; }
.subtotal td { border-top: 1px solid var(--ink); font-weight: 600; padding: 2mm 0; }
.address { margin-top: 1.5mm; font-size: 8.5pt; line-height: 1.4; }
.taxes { width: auto; min-width: 55%; margin: 5mm 5mm 0 auto; break-inside: avoid; }
.taxes td { padding: 0.8mm 0; font-size: 9pt; }
.total + .taxes { margin-top: 2mm; color: var(--soft); }
.total { display: flex; justify-content: space-between; align-items: baseline; margin-top: 5mm; padding: 4mm 5mm;
  background: var(--fill); border-top: 2px solid var(--accent); font-weight: 600; break-inside: avoid; }
.total .sum { font-size: 15pt; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm 8mm; }
.chart { margin: 0; break-inside: avoid; }
.chart figcaption { font-size: 9pt; font-weight: 500; }
.chart figcaption span { color: var(--soft); font-weight: 400; }
.chart svg { display: block; width: 100%; height: auto; }
.chart .bars { fill: var(--accent); }
.chart .axis { stroke: var(--rule); stroke-width: 1; }
.chart text { font-size: 9px; fill: var(--soft); }
.chart .peak { fill: var(--ink); }
footer { margin-top: 9mm; padding-top: 3mm; border-top: 1px solid var(--rule); color: var(--soft); font-size: 8.5pt; }
.proofs { font-size: 7.5pt; }
.proofs table { table-layout: fixed; }
.proofs th:nth-child(2) { width: 20mm; }
.proofs th:nth-child(3) { width: 46%; padding-left: 4mm; }
.proofs td { padding: 1mm 0 0; overflow-wrap: anywhere; }
.proofs td:last-child { padding-left: 4mm; }
.proofs code { font: 7pt/1.3 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@page { size: A4; margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #5d6778; } }
@media print { html, body { background: none; } body { max-width: none; padding: 0; }
  .chart .bars, .total { -webkit-print-color-adjust: exact; print-color-adjust: exact; } h2, h2 + p, caption { break-after: avoid; } }
@media (max-width: 640px) { body { padding: 6mm; } .facts, .charts { grid-template-columns: 1fr; } header { flex-direction: column; } .number { text-align: left; } }
`.trim()
