import { dirname } from 'node:path';
import { createInspection } from '../../database/engines/create-inspection.js';
import type { ResolvedServer, ResolvedTenancyOptions } from '../../options/resolve.js';
import { problem, ok, type Finding, type ReachedServer } from './check.js';

/** Connects to every server, and to replicas, with each account that the options name. */
export async function connect(
  options: ResolvedTenancyOptions,
): Promise<{ servers: ReachedServer[]; findings: Finding[] }> {
  const { central, tenants } = options;
  const wanted = [
    { name: 'central', options: folderOfCentral(central.server), hasTenants: false },
    ...tenants.servers.flatMap((server) => [
      { name: server.name, options: server, hasTenants: true },
      ...server.replicas.map((replica) => ({
        name: replica.name,
        options: replica,
        hasTenants: false,
      })),
    ]),
  ];
  const servers: ReachedServer[] = [];
  const findings: Finding[] = [];
  for (const one of wanted) {
    try {
      const inspection = await createInspection(one.options);
      const [facts, databases] = [await inspection.facts(), await inspection.databases()];
      servers.push({ ...one, inspection, facts, databases });
      findings.push(ok(one.name, `answers (${addressOf(one.options)})`));
      if (one.hasTenants) findings.push(...(await connectToProvision(one.options)));
    } catch (error) {
      findings.push(refusal(one.name, one.options, error));
    }
  }
  return { servers, findings };
}

/** The server as its provisioning account sees it; undefined where that is the account of its URL. */
export function asProvisioning(server: ResolvedServer): ResolvedServer | undefined {
  const { address, provisioning } = server;
  if (provisioning === undefined || address.engine === 'sqlite') return undefined;
  const { user, password } = provisioning;
  return { ...server, address: { ...address, user, password } };
}

async function connectToProvision(server: ResolvedServer): Promise<Finding[]> {
  const provisioning = asProvisioning(server);
  if (provisioning === undefined) return [];
  try {
    await (await createInspection(provisioning)).close();
    return [ok(server.name, 'lets the provisioning account in')];
  } catch (error) {
    return [refusal(server.name, provisioning, error)];
  }
}

function refusal(name: string, server: ResolvedServer, error: unknown): Finding {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const { address } = server;
  const user = address.engine === 'mysql' ? address.user : '';
  const [what, remedy] = EXPLAINED[reason] ?? [];
  return problem(
    name,
    what === undefined
      ? message
      : `${addressOf(server)} ${what.replace('%user', `"${user}"`)}: ${reasonOf(cause)}`,
    remedy ?? 'See the message',
  );
}

/** What the usual codes mean, and what helps. */
const EXPLAINED: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ER_ACCESS_DENIED_ERROR: [
    'refuses the account %user',
    'The password is wrong, or the account may not log in from this machine: put the right ones into the URL, with special ' +
      'characters percent-encoded',
  ],
  ECONNREFUSED: ['has nobody who listens', 'Start the server, or correct host and port of the URL'],
  ENOTFOUND: ['is a host that nobody knows', 'Correct the host of the URL'],
  ETIMEDOUT: ['does not answer', 'Correct host and port of the URL, or open the firewall'],
  ER_CON_COUNT_ERROR: [
    'takes no more connections',
    'Lower maxConnections, run fewer processes, or raise max_connections of the server',
  ],
};

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function addressOf({ address }: ResolvedServer): string {
  return address.engine === 'sqlite' ? address.path : `${address.host}:${address.port}`;
}

/** The central URL of SQLite names a file. */
function folderOfCentral(server: ResolvedServer): ResolvedServer {
  const { address } = server;
  if (address.engine !== 'sqlite') return server;
  return { ...server, address: { ...address, path: dirname(address.path) } };
}
