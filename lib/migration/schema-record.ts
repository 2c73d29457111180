import type { AppliedMigration, HalfWay, TenantSchema } from '../tenant/tenant-schema.entity.js';
import type { KnownMigration, KnownMigrations } from './known-migrations.js';

/** What is known of one tenant's schema, brought to what its database says: that is the truth. */
export class SchemaRecord {
  /** In the order in which they were applied. */
  applied: readonly AppliedMigration[];
  halfWay: HalfWay | null;
  failure: string | null;
  /** True when the central database does not know it yet. */
  unsaved: boolean;

  /**
   * @param state as the central database has it
   * @param executed the names that the tenant's own database has
   * @param acceptChanged take the sources of today for what was applied
   */
  constructor(
    state: Pick<TenantSchema, 'applied' | 'halfWay' | 'failure'> | null,
    executed: readonly string[],
    known: KnownMigrations,
    acceptChanged = false,
  ) {
    const before = new Map((state?.applied ?? []).map((applied) => [applied.name, applied]));
    this.applied = executed.map((name) => {
      const was = before.get(name);
      const checksum = known.find(name)?.checksum;
      // Of what was applied past this package, the source of today is the best that is known.
      if (was === undefined) return { name, checksum: checksum ?? '' };
      return acceptChanged && checksum !== undefined ? { ...was, checksum } : was;
    });
    const halfWay = state?.halfWay ?? null;
    // Killed between its last statement and the record of it here: it came to its end.
    const ended =
      halfWay !== null && executed.includes(halfWay.migration) === (halfWay.direction === 'up');
    this.halfWay = ended ? null : halfWay;
    this.failure = state?.failure ?? null;
    this.unsaved = state === null || !same(state.applied, this.applied) || ended;
  }

  add({ name, checksum }: KnownMigration, milliseconds: number): void {
    this.applied = [...this.applied, { name, checksum, milliseconds }];
    this.halfWay = null;
    this.unsaved = true;
  }

  remove(name: string): void {
    this.applied = this.applied.filter((applied) => applied.name !== name);
    this.halfWay = null;
    this.unsaved = true;
  }
}

function same(a: readonly AppliedMigration[], b: readonly AppliedMigration[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
