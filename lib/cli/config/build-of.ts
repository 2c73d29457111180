import { CommandError } from '../errors.js';
import { findConfig, type ModuleFormat } from './find-config.js';

/**
 * Which build of this package the app imports: that of the module system of its configuration.
 * @param args of the command line, in which `--config` may name the file
 */
export function buildOf(args: readonly string[]): ModuleFormat {
  try {
    return findConfig(process.cwd(), process.env, configOption(args)).format;
  } catch (error) {
    // Told by the command that needs it. Help needs none.
    if (error instanceof CommandError) return 'cjs';
    throw error;
  }
}

function configOption(args: readonly string[]): string | undefined {
  const index = args.indexOf('--config');
  if (index >= 0) return args[index + 1];
  return args.find((arg) => arg.startsWith('--config='))?.slice('--config='.length);
}
