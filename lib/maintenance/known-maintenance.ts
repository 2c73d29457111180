import type { Visitor } from '../tenant/maintenance-gate.js';
import { Closure } from './closure.js';
import type { MaintenanceActiveError } from './errors.js';
import type { Scope } from './maintenance-store.js';
import type { MaintenanceRow } from './maintenance.entity.js';

/** What a process knows of maintenances, by whose they are. */
export class KnownMaintenance {
  private readonly closures = new Map<Scope, readonly Closure[]>();

  /** @param scope whose `rows` are; undefined for those of everybody */
  take(scope: Scope | undefined, rows: readonly MaintenanceRow[]): void {
    if (scope === undefined) this.closures.clear();
    else this.closures.delete(scope);
    for (const row of rows) {
      const others = this.closures.get(row.tenantId) ?? [];
      this.closures.set(row.tenantId, [...others, new Closure(row)]);
    }
  }

  /** What a tenant is not served for: of those that refuse, the one that ends last. */
  refusalOf(tenantId: string, visitor?: Visitor): MaintenanceActiveError | undefined {
    // As nearly always.
    if (this.closures.size === 0) return undefined;
    const now = Date.now();
    let last: Closure | undefined;
    for (const scope of [null, tenantId]) {
      for (const closure of this.closures.get(scope) ?? []) {
        if (!closure.isInForce(now) || (visitor !== undefined && closure.admits(visitor))) continue;
        if (last === undefined || closure.until > last.until) last = closure;
      }
    }
    return last?.refusal(now);
  }

  /** Those in force, by their names, with whose they are. */
  inForce(now: number): ReadonlyMap<string, Scope> {
    const closures = this.all.filter((closure) => closure.isInForce(now));
    return new Map(closures.map((closure) => [closure.name, closure.row.tenantId]));
  }

  /** When the next one begins or ends. */
  nextTurn(now: number): number {
    const turns = this.all.flatMap(({ from, until }) => [from, until]);
    return Math.min(...turns.filter((time) => time > now), Infinity);
  }

  /** Those that have begun, and nobody was told; those that have ended; and those of tenants that are gone. */
  due(now: number): readonly Closure[] {
    return this.all.filter(
      ({ from, until, row }) =>
        until <= now || (from <= now && row.told === 0) || row.tenant?.step === 'dropped',
    );
  }

  private get all(): readonly Closure[] {
    return [...this.closures.values()].flat();
  }
}
