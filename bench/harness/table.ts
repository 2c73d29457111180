/** A column: its heading, and what stands in it for a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
}

/** `rows` in aligned columns; the first column is text and stands left, the others are figures and stand right. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const align = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]);
  return cells.map((line) => line.map(align).join('   ').trimEnd()).join('\n');
}
