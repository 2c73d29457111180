import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import type { AppliedMigration } from '../tenant/tenant-schema.entity.js';
import { sourceChecksum } from './source-checksum.js';
import { OWN_TENANT_MIGRATIONS } from './tenant-migrations.js';
import { TENANT_DATA_SOURCE } from './tokens.js';

/** A migration of tenants' databases that the code has. */
export interface KnownMigration {
  readonly name: string;
  readonly timestamp: number;
  readonly checksum: string;
  readonly instance: MigrationInterface;
  /** True for this package's own, which no rollback touches. */
  readonly ofThisPackage: boolean;
}

/** How a database differs from what the code wants. All empty: not at all. */
export interface Difference {
  /** What it lacks, in the order in which it is to run. */
  readonly pending: readonly string[];
  /** What it has, and whose source is another by now. */
  readonly changed: readonly string[];
  /** What it has and the code does not: of a newer version of the app, or deleted. */
  readonly unknown: readonly string[];
}

/** The migrations of tenants' databases that the code has, in the order of their timestamps. */
@Injectable()
export class KnownMigrations {
  private known?: readonly KnownMigration[];
  private required?: string;

  constructor(@Inject(TENANT_DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** @throws what TypeORM throws at names without a timestamp, and at the same name twice */
  get all(): readonly KnownMigration[] {
    return (this.known ??= new Listing(this.dataSource)
      .list()
      .map(({ name, timestamp, instance }) => {
        const ofThisPackage = OWN_TENANT_MIGRATIONS.some((own) => instance instanceof own);
        // This package does not change a migration that it has published: the name says it all.
        const checksum = ofThisPackage ? name : sourceChecksum(instance!);
        return { name, timestamp, instance: instance!, checksum, ofThisPackage };
      }));
  }

  /** The fingerprint of a database that has all of them, as they are, and nothing else. */
  get fingerprint(): string {
    return (this.required ??= fingerprintOf(this.all));
  }

  find(name: string): KnownMigration | undefined {
    return this.all.find((migration) => migration.name === name);
  }

  differenceOf(applied: readonly AppliedMigration[]): Difference {
    const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
    return {
      pending: this.all.filter(({ name }) => !checksums.has(name)).map(({ name }) => name),
      changed: this.all
        .filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum)
        .map(({ name }) => name),
      unknown: applied.filter(({ name }) => !this.find(name)).map(({ name }) => name),
    };
  }
}

/** Order does not count: branches that were merged may have been applied in any. */
export function fingerprintOf(
  migrations: readonly Pick<AppliedMigration, 'name' | 'checksum'>[],
): string {
  const lines = migrations.map(({ name, checksum }) => `${name} ${checksum}\n`);
  return createHash('sha256').update(lines.toSorted().join('')).digest('hex');
}

/** By the timestamp that TypeORM wants at the end of every name. */
export function latestOf(migrations: readonly { readonly name: string }[]): string | null {
  const names = migrations.map(({ name }) => name);
  return names.toSorted((a, b) => timestampOf(a) - timestampOf(b)).at(-1) ?? null;
}

function timestampOf(name: string): number {
  return Number(name.slice(-13));
}

/** What TypeORM knows and keeps to itself: names, checked and sorted. */
class Listing extends MigrationExecutor {
  list() {
    return this.getMigrations();
  }
}
