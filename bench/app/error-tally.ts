import type { LoggerService } from '@nestjs/common';

/** A logger that counts errors by their code: thousands a second are expected here, and printing them takes time. */
export class ErrorTally implements LoggerService {
  readonly counts: Record<string, number> = {};

  error(message: unknown): void {
    const kind = kindOf(message);
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  fatal(message: unknown): void {
    this.error(message);
  }

  log(): void {
    // What the app does as it starts is not asked for.
  }

  warn(message: unknown): void {
    this.error(message);
  }
}

/** An error's code; of a message the beginning, which is the same for all of a kind. */
function kindOf(message: unknown): string {
  if (message instanceof Error) return 'code' in message ? String(message.code) : message.name;
  return String(message).split(/[:"]/, 1)[0].trim();
}
