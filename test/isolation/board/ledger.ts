import type { Databases } from '../../support/databases.js';
import type { NewRow } from './board.module.js';

/** What one tenant's tables must hold in the end: written beside every write that came to its end. */
export class Ledger {
  private readonly teams = new Map<number, string>();
  private readonly pairs = new Map<number, string>();
  private readonly perhaps = new Map<number, string>();
  private last = 100;

  constructor(
    readonly slug: string,
    readonly database: string,
  ) {}

  /** A row that nobody has written yet. Its id is another tenant's, too. */
  newRow(): NewRow {
    this.last += 1;
    return { id: this.last, marker: this.marker(this.last) };
  }

  /** What the marker of every row of this tenant begins with. */
  marker(text: string | number): string {
    return `${this.slug}:${text}`;
  }

  hasTeam({ id, marker }: NewRow): void {
    this.teams.set(id, marker);
  }

  /** A team and a person of one transaction. */
  hasPair({ id, marker }: NewRow): void {
    this.pairs.set(id, marker);
  }

  /** A pair whose client did not wait for it. */
  mayHavePair({ id, marker }: NewRow): void {
    this.perhaps.set(id, marker);
  }

  /** @throws when a row is of another tenant */
  check<Row extends { readonly marker: string }>(rows: readonly Row[]): readonly Row[] {
    const foreign = rows.find(({ marker }) => !marker.startsWith(`${this.slug}:`));
    if (foreign === undefined) return rows;
    throw new Error(`"${this.slug}" was given the row ${JSON.stringify(foreign)}`);
  }

  /** @throws when the tenant's tables hold anything but what it wrote */
  async verify(databases: Databases): Promise<void> {
    const [teams, people] = await Promise.all([
      this.read(databases, 'teams'),
      this.read(databases, 'people'),
    ]);
    for (const [id, marker] of this.perhaps) {
      // Both or none of a pair.
      if (teams.get(id) === marker && people.get(id) === marker) this.pairs.set(id, marker);
    }
    this.compare('teams', teams, new Map([...this.teams, ...this.pairs]));
    this.compare('people', people, this.pairs);
  }

  private async read(databases: Databases, table: string): Promise<Map<number, string>> {
    const rows = await databases.query(this.database, `SELECT id, marker FROM ${table}`);
    return new Map(rows.map(({ id, marker }) => [Number(id), String(marker)]));
  }

  private compare(
    table: string,
    actual: ReadonlyMap<number, string>,
    expected: ReadonlyMap<number, string>,
  ): void {
    const missing = [...expected].filter(([id, marker]) => actual.get(id) !== marker);
    const unexpected = [...actual].filter(([id, marker]) => expected.get(id) !== marker);
    if (missing.length + unexpected.length === 0) return;
    const found = JSON.stringify({ missing, unexpected }).slice(0, 500);
    throw new Error(`The table ${table} of "${this.slug}" is not what it wrote: ${found}`);
  }
}
