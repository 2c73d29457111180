import { ROWS_PER_TENANT, rowId, rowName } from '../app/rows.js';
import { slugOf } from '../app/settings.js';
import type { Distribution, Handler, Load } from './load.js';

/** A request as it goes over the wire, and what its response must hold. */
export interface PreparedRequest {
  readonly text: string;
  readonly expected: string;
}

/** Requests to go through in a circle: enough that the circle is not noticed, few enough to prepare at once. */
const CIRCLE = 10_000;

const LINES: Readonly<Record<Handler, string>> = {
  ping: 'GET /ping',
  select: 'GET /projects/:id',
  transaction: 'POST /projects/:id/touch',
};

/** The requests of a load, in the same order every time. */
export function prepareRequests({ handler, tenants, distribution, keys }: Load): PreparedRequest[] {
  return prepareLines(LINES[handler], tenants, distribution, 0, keys);
}

/**
 * The same for any handler.
 * @param line method and path; `:id` stands for one of the tenant's rows
 * @param first the first of the `tenants` tenants
 */
export function prepareLines(
  line: string,
  tenants: number,
  distribution: Distribution,
  first = 0,
  keys: readonly string[] = [],
): PreparedRequest[] {
  const random = randomNumbers(CIRCLE);
  const tenantAt = distribute(distribution, tenants, random);
  const row = () => Math.floor(random() * ROWS_PER_TENANT);
  return Array.from({ length: CIRCLE }, (_, position) =>
    prepareRequest(line, first + tenantAt(position), row(), keys),
  );
}

function prepareRequest(
  line: string,
  tenant: number,
  row: number,
  keys: readonly string[],
): PreparedRequest {
  const key = tenant in keys ? `Authorization: Bearer ${keys[tenant]}\r\n` : '';
  const start = line.replace(':id', String(rowId(tenant, row)));
  const name = start === line ? 'pong' : rowName(tenant, row);
  return {
    text: `${start} HTTP/1.1\r\nHost: ${slugOf(tenant)}.localhost\r\n${key}Content-Length: 0\r\n\r\n`,
    expected: `"name":"${name}"`,
  };
}

/** Which tenant the request at a position goes to. */
function distribute(
  kind: Distribution,
  tenants: number,
  random: () => number,
): (position: number) => number {
  if (kind === 'even') {
    const order = shuffled(tenants, random);
    return (position) => order[position % tenants];
  }
  const sums: number[] = [];
  for (let rank = 1; rank <= tenants; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  return () => {
    const point = random() * sums[tenants - 1];
    return sums.findIndex((sum) => sum >= point);
  };
}

function shuffled(length: number, random: () => number): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** Numbers from 0 to below 1 that are the same in every run (mulberry32), so that all variants get the same requests. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
