import type { Command } from 'commander';
import { defineGroup } from '../command.js';
import { apiKeyCreate } from './create.js';
import { apiKeyList } from './list.js';
import { apiKeyRevoke } from './revoke.js';
import { apiKeyRotate } from './rotate.js';

export function apiKeyCommands(program: Command): void {
  const apiKey = defineGroup(program, 'api-key', 'Make, list and end API keys.');
  apiKeyCreate(apiKey);
  apiKeyList(apiKey);
  apiKeyRotate(apiKey);
  apiKeyRevoke(apiKey);
}

export const KEY_ID = 'id of the key, which is no secret';
