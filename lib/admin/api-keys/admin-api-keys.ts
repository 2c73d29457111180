import { Injectable } from '@nestjs/common';
import { ApiKeyService } from '../../api-key/api-key.service.js';
import { ApiKeyNotFoundError } from '../../api-key/errors.js';
import type { OwnedApiKeys } from '../../api-key/owned-api-keys.js';
import { runForTenant } from '../../context/tenant-context.js';
import type { Tenant } from '../../tenant/tenant.entity.js';
import { cursorAfter, lastOf } from '../cursor.js';
import { CursorInvalidError } from '../errors.js';
import {
  rotationOf,
  wishOf,
  type CreateTenantApiKeyInput,
  type ListApiKeysInput,
  type RotateApiKeyInput,
} from './api-key-inputs.js';
import {
  viewOfKey,
  viewOfNewKey,
  type ApiKeysView,
  type ApiKeyView,
  type NewApiKeyView,
} from './api-key-views.js';

/** Whose keys: a tenant's, or null for the central ones. */
type Owner = Tenant | null;

/** API keys for an operator, who is none of their owners. */
@Injectable()
export class AdminApiKeys {
  constructor(private readonly keys: ApiKeyService) {}

  /** @throws CursorInvalidError */
  async list(owner: Owner, { limit, cursor }: ListApiKeysInput): Promise<ApiKeysView> {
    const after = lastOf(cursor);
    try {
      const page = await this.with(owner, (keys) => keys.list({ after, limit }));
      return { items: page.keys.map(viewOfKey), next: cursorAfter(page.next) };
    } catch (error) {
      // The one key that is looked for is the cursor's: this is the page of another owner.
      throw error instanceof ApiKeyNotFoundError ? new CursorInvalidError() : error;
    }
  }

  /** @throws ApiKeyInputError */
  async create(owner: Owner, input: CreateTenantApiKeyInput): Promise<NewApiKeyView> {
    return viewOfNewKey(await this.with(owner, (keys) => keys.create(wishOf(input))));
  }

  /** @throws ApiKeyNotFoundError */
  async get(owner: Owner, id: string): Promise<ApiKeyView> {
    return viewOfKey(await this.with(owner, (keys) => keys.get(id)));
  }

  /** @throws ApiKeyNotFoundError, ApiKeyEndedError, ApiKeyInputError */
  async rotate(owner: Owner, id: string, input: RotateApiKeyInput): Promise<NewApiKeyView> {
    return viewOfNewKey(await this.with(owner, (keys) => keys.rotate(id, rotationOf(input))));
  }

  /** @throws ApiKeyNotFoundError */
  async revoke(owner: Owner, id: string): Promise<ApiKeyView> {
    return viewOfKey(await this.with(owner, (keys) => keys.revoke(id)));
  }

  private async with<T>(owner: Owner, work: (keys: OwnedApiKeys) => Promise<T>): Promise<T> {
    if (owner === null) return work(this.keys.central);
    // Whatever its status and its migrations: its keys are not in its database.
    return runForTenant(owner, () => work(this.keys));
  }
}
