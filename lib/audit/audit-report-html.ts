import { timeOf } from './audit-export.js';
import type { AuditReport, AuditReportChain, AuditReportLine } from './audit-report.js';

const STYLE =
  'body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}' +
  'th,td{border:1px solid #bbb;padding:.2em .6em;text-align:left;vertical-align:top}' +
  '.broken{background:#fdd}code{word-break:break-all}';

/** A report as a page of its own, which loads and runs nothing. What the log holds is text in it, whatever it looks like. */
export function auditReportHtml({ at, from, to, lines, truncated, chains }: AuditReport): string {
  const broken = chains.filter(({ valid }) => !valid).length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Audit report</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Audit report</h1>
<p>From ${timeOf(from)} until before ${timeOf(to)}; made at ${timeOf(at)}.</p>
<h2>Chains</h2>
<p${broken > 0 ? ' class="broken"' : ''}>${chains.length} verified, ${broken} of them broken.</p>
${table(['Chain', 'State', 'Entries', 'Reaches back to', 'Archives'], chains.map(chainRow))}
<h2>Who did what</h2>
${truncated ? '<p class="broken">There is more than is shown: export the log for all of it.</p>' : ''}
${table(['Tenant', 'Actor', 'Action', 'Outcome', 'Entries', 'First', 'Last'], lines.map(lineRow))}
</body>
</html>
`;
}

function chainRow(state: AuditReportChain): string {
  const { chain, slug, valid, entries, problem, oldest, archived, archives } = state;
  const found = problem && `broken at entry ${problem.seq} (${problem.kind}): ${problem.text}`;
  const kept = archived === undefined ? 'none' : `entries up to ${archived.seq}`;
  const cells = [
    nameOf(chain, slug),
    text(found ?? 'valid'),
    text(entries),
    text(oldest === null ? '—' : timeOf(oldest)),
    [text(kept), ...archives.map((one) => `<code>${text(JSON.stringify(one))}</code>`)].join(
      '<br>',
    ),
  ];
  return row(cells, valid ? '' : ' class="broken"');
}

function lineRow(line: AuditReportLine): string {
  const { tenantId, slug, actor, action, outcome, entries, first, last } = line;
  const times = [timeOf(first), timeOf(last)];
  const values = [actor ?? '—', action, outcome, entries, ...times];
  return row([nameOf(tenantId ?? '—', slug), ...values.map(text)]);
}

function nameOf(id: string, slug: string | null): string {
  return slug === null ? text(id) : `${text(slug)} <code>${text(id)}</code>`;
}

function table(heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((name) => `<th>${name}</th>`).join('');
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

function row(cells: readonly string[], attributes = ''): string {
  return `<tr${attributes}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string | number): string {
  return String(value).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
