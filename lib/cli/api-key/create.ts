import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { collect, parseCount, parseDate } from '../option-values.js';
import { checkOwner, ownerOptions, withKeys, type OwnerOptions } from './owner.js';

interface Options extends OwnerOptions {
  readonly scope?: readonly string[];
  readonly expires?: Date;
  readonly perMinute?: number;
}

export function apiKeyCreate(parent: Command): void {
  const command = define(parent, 'create', {
    description: 'Make an API key. It is printed this once, and kept nowhere.',
    example: 'api-key create billing --tenant acme --scope invoices:read --expires 2031-01-01',
  }).argument('<name>', 'what it is for');
  ownerOptions(command)
    .option('--scope <scope>', 'what it may be used for, may be repeated', collect)
    .option('--expires <date>', 'when it ends (default: when it is revoked)', parseDate)
    .option('--per-minute <count>', 'so many requests in a minute at most', parseCount)
    .action(
      appAction(
        async ({ app, output }, name: string, options: Options) => {
          const { scope: scopes, expires: expiresAt, perMinute: requestsPerMinute } = options;
          const { key, info } = await withKeys(app, options, (keys) =>
            keys.create({ name, scopes, expiresAt, requestsPerMinute }),
          );
          output.note('Keep it now: it is not shown again.');
          await output.result({ key, ...info }, [key]);
        },
        (_name, options) => checkOwner(options),
      ),
    );
}
