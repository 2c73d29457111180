import { ImpersonationService } from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { codeOf } from '../support/rejection.js';
import { startTenancyApp, type TenancyApp } from '../support/tenancy-app.js';

// An app as its own process, which redeems the tokens that it is told, all at once.

export type Order =
  | { readonly start: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> }
  | { readonly redeem: readonly string[]; readonly of: string };

export interface Done {
  /** Those that this process was given. */
  readonly redeemed: readonly string[];
  /** What the others were refused with. */
  readonly refusals: readonly unknown[];
}

let app: TenancyApp | undefined;

async function obey(order: Order): Promise<Done> {
  const [redeemed, refusals]: [string[], unknown[]] = [[], []];
  if ('start' in order) {
    app = await startTenancyApp({ ...order.start, cleanUp: async () => {} });
    return { redeemed, refusals };
  }
  const { context, tenancy } = app ?? fail();
  const impersonations = context.get(ImpersonationService);
  const redeem = async (token: string) => {
    const code = await codeOf(async () => {
      await tenancy.run(order.of, () => impersonations.redeem(token));
      redeemed.push(token);
    });
    if (code !== undefined) refusals.push(code);
  };
  await Promise.all(order.redeem.map(redeem));
  return { redeemed, refusals };
}

function fail(): never {
  throw new Error('Start it first.');
}

process.on('message', (order: Order) => void obey(order).then((done) => process.send?.(done)));
process.on('disconnect', () => process.exit());
