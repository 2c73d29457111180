import { Redaction } from './redact.js';

export type Row = readonly string[];

/** Where a command says what it did: for people, or as one JSON document for programs. Never a secret. */
export class Output {
  private readonly redaction = new Redaction();
  private readonly write = process.stdout.write.bind(process.stdout);

  constructor(readonly json: boolean) {
    // What the app prints (its logger, say) must not stand in the document.
    if (json) process.stdout.write = process.stderr.write.bind(process.stderr);
  }

  /** What must not be said from now on. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) this.redaction.add(secret);
  }

  /** The one result of a command: `data` for programs, `lines` for people. */
  async result(data: unknown, lines: readonly string[]): Promise<void> {
    await this.print(this.json ? JSON.stringify(data, null, 2) : lines.join('\n'));
  }

  /** What a person may want to know meanwhile; on standard error, so never in the document. */
  note(line: string): void {
    process.stderr.write(`${this.redaction.apply(line)}\n`);
  }

  async failure(error: { readonly code: string; readonly message: string }): Promise<void> {
    const { code, message } = error;
    if (this.json) await this.print(JSON.stringify({ error: { code, message } }, null, 2));
    else this.note(message);
  }

  /** Ends when it is written: the process may end then. */
  private print(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.write(`${this.redaction.apply(text)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Lines of columns under their headings. */
export function table(headings: Row, rows: readonly Row[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line);
}
