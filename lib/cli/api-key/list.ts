import type { Command } from 'commander';
import type { ApiKeyInfo } from '../../api-key/api-key-info.js';
import { appAction, define } from '../command.js';
import { parseCount } from '../option-values.js';
import { table } from '../output.js';
import { checkOwner, ownerOptions, withKeys, type OwnerOptions } from './owner.js';

interface Options extends OwnerOptions {
  readonly after?: string;
  readonly limit: number;
}

export function apiKeyList(parent: Command): void {
  const command = define(parent, 'list', {
    description: 'List API keys in the order in which they were made, with those that have ended.',
    example: 'api-key list --tenant acme',
  });
  ownerOptions(command)
    .option('--limit <count>', 'at most so many', parseCount, 50)
    .option('--after <id>', 'only those after this one: for the next page')
    .action(
      appAction(
        async ({ app, output }, options: Options) => {
          const { after, limit } = options;
          const page = await withKeys(app, options, (keys) => keys.list({ after, limit }));
          const { keys, next } = page;
          const more = next === undefined ? [] : ['', `There are more: --after ${next}`];
          const lines = keys.length === 0 ? ['No API keys.'] : [...keyTable(keys), ...more];
          await output.result({ keys, next: next ?? null }, lines);
        },
        (options) => checkOwner(options),
      ),
    );
}

function keyTable(keys: readonly ApiKeyInfo[]): string[] {
  return table(
    ['ID', 'NAME', 'STATUS', 'SCOPES', 'EXPIRES', 'LAST USED'],
    keys.map(({ id, name, status, scopes, expiresAt, lastUsedAt }) => [
      id,
      name,
      status,
      scopes.join(' '),
      expiresAt?.toISOString() ?? 'never',
      lastUsedAt?.toISOString() ?? 'never',
    ]),
  );
}
