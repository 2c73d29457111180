import { InvalidArgumentError, type Command } from 'commander';
import { appAction, define } from '../command.js';
import { parseDate } from '../option-values.js';
import { KEY_ID } from './commands.js';
import { checkOwner, ownerOptions, withKeys, type OwnerOptions } from './owner.js';

const HOUR = 3_600_000;

interface Options extends OwnerOptions {
  readonly overlap: number;
  readonly expires?: Date;
}

export function apiKeyRotate(parent: Command): void {
  const command = define(parent, 'rotate', {
    description:
      'Make a key that takes the place of another, which is let in until the overlap is over. The new one is printed ' +
      'this once, and kept nowhere.',
    example: 'api-key rotate 4f0c2b9a7d1e8c35 --tenant acme --overlap 48',
  }).argument('<id>', KEY_ID);
  ownerOptions(command)
    .option(
      '--overlap <hours>',
      'so long both are let in; 0 ends the old one at once',
      parseHours,
      24,
    )
    .option(
      '--expires <date>',
      'when the new one ends (default: as long as the old one)',
      parseDate,
    )
    .action(
      appAction(
        async ({ app, output }, id: string, options: Options) => {
          const { overlap, expires: expiresAt } = options;
          const { key, info } = await withKeys(app, options, (keys) =>
            keys.rotate(id, { overlap: overlap * HOUR, expiresAt }),
          );
          output.note('Keep it now: it is not shown again.');
          await output.result({ key, ...info }, [key]);
        },
        (_id, options) => checkOwner(options),
      ),
    );
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (text.trim() !== '' && Number.isInteger(hours) && hours >= 0) return hours;
  throw new InvalidArgumentError('It must be a whole number from 0 on.');
}
