import type { Command } from 'commander';
export function doctor(_program: Command): void {}
