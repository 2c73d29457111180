import type { Command } from 'commander';
export function orphans(_program: Command): void {}
