import type { Command } from 'commander';
import { appAction, define } from '../command.js';
import { KEY_ID } from './commands.js';
import { checkOwner, ownerOptions, withKeys, type OwnerOptions } from './owner.js';

export function apiKeyRevoke(parent: Command): void {
  const command = define(parent, 'revoke', {
    description: 'End an API key at once, for good.',
    example: 'api-key revoke 4f0c2b9a7d1e8c35 --tenant acme',
  }).argument('<id>', KEY_ID);
  ownerOptions(command).action(
    appAction(
      async ({ app, output }, id: string, options: OwnerOptions) => {
        const info = await withKeys(app, options, (keys) => keys.revoke(id));
        await output.result(info, [`Revoked ${id} (${info.name}).`]);
      },
      (_id, options) => checkOwner(options),
    ),
  );
}
