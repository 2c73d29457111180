import { API_KEY_DIRECTORY } from '../identify/by-api-key.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { ApiKeyHousekeeping } from './api-key-housekeeping.js';
import { ApiKeyRows } from './api-key-rows.js';
import { ApiKeyService } from './api-key.service.js';
import { KnownKeys } from './known-keys.js';
import { LastUses } from './last-uses.js';

/** This room, for the module that assembles the rooms. */
export const API_KEY_PROVIDERS = [
  ApiKeyAuthenticator,
  ApiKeyHousekeeping,
  ApiKeyRows,
  ApiKeyService,
  KnownKeys,
  LastUses,
  { provide: API_KEY_DIRECTORY, useExisting: ApiKeyAuthenticator },
];
