import type { MysqlAddress } from '../options/database-url.js';
import type { ResolvedServer } from '../options/resolve.js';
import type { ConnectionLimits } from './engines/engine.js';
import { ConnectionBudgetError } from './errors.js';

/** A server as one of the options' pools sees it, and what it says that it allows. */
export interface BudgetedServer {
  readonly options: ResolvedServer;
  readonly limits: ConnectionLimits | undefined;
}

/** One more than `maxConnections` is opened to ask a server that fell silent whether it lives. */
const TO_ASK = 1;

/**
 * Compares what all processes may open with what each server, and each account on it, allows.
 * @param servers those that were reached
 * @throws ConnectionBudgetError with the arithmetic
 */
export function verifyConnectionBudget(
  servers: readonly BudgetedServer[],
  processes: number,
): void {
  const limited = servers.flatMap(({ options, limits }) =>
    limits !== undefined && options.address.engine === 'mysql'
      ? [{ options, limits, address: options.address }]
      : [],
  );
  for (const group of groupBy(limited, ({ address }) => hostOf(address))) {
    const [{ limits, address }] = group;
    verify(`Server ${hostOf(address)}`, 'max_connections', limits.server, group, processes);
  }
  for (const group of groupBy(limited, ({ address }) => `${address.user}@${hostOf(address)}`)) {
    const [{ limits, address }] = group;
    if (limits.account === undefined) continue;
    const what = `Account "${address.user}" on ${hostOf(address)}`;
    verify(what, 'MAX_USER_CONNECTIONS', limits.account, group, processes);
  }
}

function verify(
  what: string,
  setting: string,
  limit: number,
  pools: readonly { readonly options: ResolvedServer }[],
  processes: number,
): void {
  const parts = pools.map(({ options }) => ({
    name: options.name,
    connections: options.maxConnections + TO_ASK,
  }));
  const each = parts.reduce((sum, { connections }) => sum + connections, 0);
  if (each * processes > limit) {
    throw new ConnectionBudgetError(what, setting, limit, parts, processes);
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function hostOf({ host, port }: MysqlAddress): string {
  return `${host.toLowerCase()}:${port}`;
}
