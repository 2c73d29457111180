import assert from 'node:assert/strict';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { KEYS, type ContextsApp } from './app.js';
import {
  TENANTS,
  type Databases,
  type EntryPoint,
  type Slug,
  type StartedEntryPoint,
} from './entry-point.js';
import type { Seen } from './sense.js';
import { Mark } from './senses/database.js';
import { SENSES } from './senses/index.js';

const CONCURRENCY = 50;
const ROUNDS = 4;

/** A line of the table that is printed in the end. */
export interface Conformity {
  readonly 'entry point': string;
  /** Units of work that were compared. */
  readonly units: number;
  /** What each of them saw. */
  readonly compared: string;
  /** What work without a tenant is refused with. */
  readonly 'without tenant': string;
}

/**
 * Sends two tenants' work through an entry point, 50 at a time, each going from one tenant to the other and back, with
 * failures, retries and refusals in between.
 * @throws when a unit of work has seen anything of another tenant, or came through without one
 */
export async function conform(entryPoint: EntryPoint, databases: Databases): Promise<Conformity> {
  const started = await entryPoint.start(databases);
  try {
    const journeys = Array.from({ length: CONCURRENCY }, (_, n) => new Journey(started, n));
    const ends = await Promise.allSettled(
      journeys.map((journey) => journey.travel(entryPoint.refusal)),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    assert.equal(started.app.tenancy.current, undefined, 'the caller was left in a tenant');
    await verifyWrites(started.app, journeys);
    return {
      'entry point': entryPoint.name,
      units: journeys.reduce((sum, { units }) => sum + units, 0),
      compared: [...new Set(journeys.flatMap(({ compared }) => [...compared]))].join(', '),
      'without tenant': entryPoint.refusal,
    };
  } finally {
    await started.stop();
  }
}

/** A → B, which fails and is tried again → none → A, some rounds of it. */
class Journey {
  readonly compared = new Set<string>();
  readonly looks: Record<Slug, number> = { first: 0, second: 0 };
  units = 0;

  constructor(
    private readonly entryPoint: StartedEntryPoint,
    private readonly number: number,
  ) {}

  async travel(refusal: string): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [one, other] = (this.number + round) % 2 === 0 ? TENANTS : TENANTS.toReversed();
      const key = KEYS[(this.number + round) % KEYS.length]!;
      await this.enter(one!, key);
      await this.failAndTryAgain(other!, key);
      assert.equal(await this.entryPoint.withoutTenant(key), refusal, 'without a tenant');
      await this.enter(one!, key);
    }
  }

  private async enter(tenant: Slug, key: string): Promise<void> {
    this.compare(tenant, key, await this.entryPoint.enter(tenant, key));
  }

  private async failAndTryAgain(tenant: Slug, key: string): Promise<void> {
    const seen = await this.entryPoint.fail(tenant, key);
    this.looks[tenant] += 1;
    if (seen === undefined) await this.enter(tenant, key);
    else this.compare(tenant, key, seen);
  }

  private compare(tenant: Slug, key: string, seen: Seen): void {
    this.units += 1;
    this.looks[tenant] += 1;
    for (const { name } of SENSES) assert.ok(name in seen, `${name} was not looked at`);
    for (const [name, slug] of Object.entries(seen)) {
      assert.equal(slug, tenant, `${name} under "${key}", in the work of ${tenant}`);
      this.compared.add(name);
    }
  }
}

/** What was written for a tenant is in its database, and so in no other's. */
async function verifyWrites(app: ContextsApp, journeys: readonly Journey[]): Promise<void> {
  const dataSource = app.nest.get<DataSource>(getDataSourceToken());
  for (const slug of TENANTS) {
    const sum = await app.tenancy.run(slug, () => dataSource.getRepository(Mark).sum('looks'));
    const asked = journeys.reduce((total, { looks }) => total + looks[slug], 0);
    assert.ok(Number(sum) >= asked, `${slug} has ${sum} of its ${asked} writes`);
  }
}
