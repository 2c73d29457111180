import { CommandError, EXIT } from './errors.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** What is told of an error. Without the stack, which is no help to who runs a command. */
export function failureOf(error: unknown): Failure {
  const { message, code } =
    error instanceof Error ? told(error) : { message: String(error), code: undefined };
  const exitCode = error instanceof CommandError ? error.exitCode : EXIT.failure;
  return { code: code ?? 'ERROR', message, exitCode };
}

function told(error: Error): { message: string; code?: string } {
  const { message, name } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Errors of this package say what they are. Of others the kind tells something.
  const known = error instanceof CommandError || 'retryAfter' in error || 'logged' in error;
  const hint = /No metadata for ".*" was found/.test(message) ? ENTITY_HINT : '';
  return { message: `${known ? '' : `${name}: `}${message}${hint}`, code };
}

/** The one thing that an app has and its configuration alone does not. */
const ENTITY_HINT =
  " If it is an entity of one of the app's modules, have tenancy.config export the app's: " +
  "export const app = () => import('./app.module.js').";
