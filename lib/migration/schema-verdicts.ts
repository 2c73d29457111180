import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { KnownMigrations, type Difference } from './known-migrations.js';
import { SchemaStore } from './schema-store.js';

const NONE: Difference = { pending: [], changed: [], unknown: [] };

/** Fingerprints are as many as there were versions of the app, and what drifted: few. */
const REMEMBERED = 1_000;

/** How a schema differs from what the code wants, by its fingerprint: worked out once, however many tenants have it. */
@Injectable()
export class SchemaVerdicts {
  private readonly known = new LRUCache<string, Difference>({ max: REMEMBERED });

  constructor(
    private readonly migrations: KnownMigrations,
    private readonly store: SchemaStore,
  ) {}

  /** Undefined where nobody has that fingerprint any more. */
  async of(fingerprint: string): Promise<Difference | undefined> {
    if (fingerprint === this.migrations.fingerprint) return NONE;
    const known = this.known.get(fingerprint);
    if (known !== undefined) return known;
    const applied = await this.store.appliedOf(fingerprint);
    if (applied === undefined) return undefined;
    const difference = this.migrations.differenceOf(applied);
    this.known.set(fingerprint, difference);
    return difference;
  }
}
