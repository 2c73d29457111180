import type { Tenant } from '../tenant/tenant.entity.js';
import type { ApiKeyEvent, ApiKeyEventName, TenancyEvents } from '../tenant/tenancy-events.js';
import { infoOf, type ApiKeyInfo } from './api-key-info.js';
import {
  checkCreate,
  checkLimit,
  checkRotate,
  type CreateApiKey,
  type ListApiKeys,
  type RotateApiKey,
} from './api-key-input.js';
import type { ApiKeyRows, Owner } from './api-key-rows.js';
import type { ApiKeyRow } from './api-key.entity.js';
import { ApiKeyEndedError, ApiKeyNotFoundError } from './errors.js';
import { hashOf, makeKey } from './key-text.js';
import type { KnownKeys } from './known-keys.js';

/** A key that was just made. */
export interface CreatedApiKey {
  /** The key itself: shown this once, and kept nowhere. */
  readonly key: string;
  readonly info: ApiKeyInfo;
}

export interface ApiKeyPage {
  /** In the order in which they were made, with those that have ended. */
  readonly keys: readonly ApiKeyInfo[];
  /** What to pass as `after` for the next page; undefined on the last. */
  readonly next?: string;
}

/** Milliseconds. */
const OVERLAP = 24 * 3_600_000;

/** The keys of one owner: a tenant, or the central side. */
export abstract class OwnedApiKeys {
  constructor(
    protected readonly rows: ApiKeyRows,
    protected readonly known: KnownKeys,
    protected readonly events: TenancyEvents,
    private readonly prefix: string,
  ) {}

  /** The tenant that the running code works for, or null on the central side. @param operation for the error */
  protected abstract owner(operation: string): Pick<Tenant, 'id' | 'slug'> | null;

  /**
   * Makes a key. What is stored of it is its beginning and a hash.
   * @throws ApiKeyInputError
   */
  async create(input: CreateApiKey): Promise<CreatedApiKey> {
    const owner = this.owner('create()');
    checkCreate(input, owner === null);
    const { name, scopes = [], expiresAt, requestsPerMinute = null } = input;
    const createdAt = Date.now();
    const { key, row } = this.make({
      tenantId: owner?.id ?? null,
      name,
      scopes: [...new Set(scopes)],
      requestsPerMinute,
      createdAt,
      expiresAt: expiresAt?.getTime() ?? null,
    });
    await this.rows.insert(row);
    await this.tell('api-key.created', owner, row);
    return { key, info: infoOf(row) };
  }

  /** @throws ApiKeyInputError */
  async list({ after, limit = 50 }: ListApiKeys = {}): Promise<ApiKeyPage> {
    const owner = ownerId(this.owner('list()'));
    checkLimit(limit);
    const last = after === undefined ? undefined : await this.row(owner, after);
    const rows = await this.rows.page(owner, last, limit + 1);
    const keys = rows.slice(0, limit).map((row) => infoOf(row));
    return rows.length > limit ? { keys, next: keys[limit - 1].id } : { keys };
  }

  /** @throws ApiKeyNotFoundError */
  async get(id: string): Promise<ApiKeyInfo> {
    return infoOf(await this.row(ownerId(this.owner('get()')), id));
  }

  /**
   * Makes a key with the same name, scopes and limit, which takes the place of the old one. That is let in until `overlap`
   * is over, so that whoever uses it can change to the new one without a gap.
   * @throws ApiKeyNotFoundError; ApiKeyEndedError for one that has ended or was replaced; ApiKeyInputError
   */
  async rotate(id: string, options: RotateApiKey = {}): Promise<CreatedApiKey> {
    const owner = this.owner('rotate()');
    checkRotate(options);
    const { overlap = OVERLAP, expiresAt } = options;
    const old = await this.row(ownerId(owner), id);
    const now = Date.now();
    const { status } = infoOf(old, now);
    if (status !== 'active') throw new ApiKeyEndedError(id, status);
    const lifetime = old.expiresAt === null ? null : Number(old.expiresAt) - Number(old.createdAt);
    const { key, row } = this.make({
      tenantId: old.tenantId,
      name: old.name,
      scopes: old.scopes,
      requestsPerMinute: old.requestsPerMinute,
      createdAt: now,
      expiresAt: expiresAt?.getTime() ?? (lifetime === null ? null : now + lifetime),
    });
    const endsAt = Math.min(now + overlap, Number(old.expiresAt ?? Infinity));
    if (!(await this.rows.replace(old, row, endsAt))) {
      throw new ApiKeyEndedError(id, (await this.get(id)).status);
    }
    await this.known.invalidate(id);
    await this.tell('api-key.rotated', owner, old, row.id);
    return { key, info: infoOf(row) };
  }

  /**
   * Ends a key at once: in this process when the promise resolves, in the others within milliseconds where they share a
   * Redis, and after `apiKeys.ttl` at the latest. One that was revoked before stays so.
   * @throws ApiKeyNotFoundError
   */
  async revoke(id: string): Promise<ApiKeyInfo> {
    const owner = this.owner('revoke()');
    const row = await this.row(ownerId(owner), id);
    const isFirst = await this.rows.revoke(id, Date.now());
    // Also when it was revoked before: whoever did may have been killed before it told anybody.
    await this.known.invalidate(id);
    if (isFirst) await this.tell('api-key.revoked', owner, row);
    return infoOf(await this.row(ownerId(owner), id));
  }

  private make(
    values: Omit<ApiKeyRow, 'id' | 'prefix' | 'hash' | 'revokedAt' | 'replacedBy' | 'lastUsedAt'>,
  ) {
    const { id, prefix, text } = makeKey(this.prefix);
    const hash = hashOf(text).toString('hex');
    const state = { revokedAt: null, replacedBy: null, lastUsedAt: null };
    const row: ApiKeyRow = { id, prefix, hash, ...values, ...state };
    return { key: text, row };
  }

  private async row(owner: Owner, id: string): Promise<ApiKeyRow> {
    const row = await this.rows.find(owner, id);
    // Servers compare without case, and what processes have in memory goes by the exact id.
    if (row === null || row.id !== id) throw new ApiKeyNotFoundError(id);
    return row;
  }

  private tell(
    name: ApiKeyEventName,
    owner: Pick<Tenant, 'id' | 'slug'> | null,
    { id, name: keyName, scopes }: ApiKeyRow,
    replacedBy?: string,
  ): Promise<void> {
    return this.events.told(name, {
      tenantId: ownerId(owner),
      slug: owner?.slug ?? null,
      keyId: id,
      keyName,
      scopes,
      ...(replacedBy !== undefined && { replacedBy }),
    } satisfies ApiKeyEvent);
  }
}

function ownerId(owner: Pick<Tenant, 'id'> | null): Owner {
  return owner?.id ?? null;
}
