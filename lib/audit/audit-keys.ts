import { Inject, Injectable } from '@nestjs/common';
import {
  createHash,
  createHmac,
  createSecretKey,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import type { AuditChain } from './audit-chain.entity.js';
import type { AuditRow } from './audit-row.entity.js';
import { AuditKeyMissingError } from './errors.js';

/** What an entry's hash is of: all of it but the hash. */
export type Unsigned = Omit<AuditRow, 'hash' | 'ofChain'>;
/** What the signature of a head is of. */
export type UnsignedHead = Omit<AuditChain, 'signature' | 'tenant' | 'tenantId'>;

/** The end of an archive: which entries it holds, what they go on from, and the digest of its lines. */
export interface Seal {
  readonly chain: string;
  readonly from: number;
  readonly to: number;
  /** The hash of the entry before the first. */
  readonly previous: string;
  /** Of the last entry. */
  readonly hash: string;
  /** Of all bytes before the line of the seal, in hex. */
  readonly sha256: string;
  readonly keyId: string;
  readonly signature: string;
}

export type Check = 'right' | 'wrong' | 'key-missing';

/** What the first row of a chain goes on from. */
export const NOTHING_BEFORE = '0'.repeat(64);

/**
 * Signs entries and heads with HMAC-SHA256 under the keys of `audit.keys`: the first signs, all verify. Each value is
 * signed in a list with its place, so that none can be moved into another column, row or chain.
 */
@Injectable()
export class AuditKeys {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  constructor(@Inject(TENANCY_OPTIONS) { audit }: Pick<ResolvedTenancyOptions, 'audit'>) {
    const keys = audit.keys.map((key) => Buffer.from(key, 'base64'));
    this.keys = new Map(keys.map((key) => [fingerprintOf(key), createSecretKey(key)]));
  }

  /** False: nothing can be recorded. */
  get any(): boolean {
    return this.keys.size > 0;
  }

  /** The key that signs. @throws AuditKeyMissingError */
  get current(): string {
    const [id] = this.keys.keys();
    if (id === undefined) throw new AuditKeyMissingError();
    return id;
  }

  /** @throws AuditKeyMissingError without the key that it names */
  hashOf(row: Unsigned): string {
    return this.sign(row.keyId, rowValues(row));
  }

  signatureOf(head: UnsignedHead): string {
    return this.sign(head.keyId, headValues(head));
  }

  checkRow(row: AuditRow): Check {
    return this.check(row.keyId, rowValues(row), row.hash);
  }

  checkHead(head: AuditChain): Check {
    return this.check(head.keyId, headValues(head), head.signature);
  }

  /** Signs the end of an archive. */
  seal(unsigned: Omit<Seal, 'keyId' | 'signature'>): Seal {
    const sealed = { ...unsigned, keyId: this.current };
    return { ...sealed, signature: this.sign(sealed.keyId, sealValues(sealed)) };
  }

  checkSeal(seal: Seal): Check {
    return this.check(seal.keyId, sealValues(seal), seal.signature);
  }

  private check(keyId: string, values: readonly unknown[], found: string): Check {
    if (!this.keys.has(keyId)) return 'key-missing';
    const wanted = Buffer.from(this.sign(keyId, values));
    const given = Buffer.from(found);
    return wanted.length === given.length && timingSafeEqual(wanted, given) ? 'right' : 'wrong';
  }

  private sign(keyId: string, values: readonly unknown[]): string {
    const key = this.keys.get(keyId);
    if (key === undefined) throw new AuditKeyMissingError();
    return createHmac('sha256', key).update(JSON.stringify(values)).digest('hex');
  }
}

function rowValues(row: Unsigned): readonly unknown[] {
  return [
    'entry',
    row.chain,
    Number(row.seq),
    row.id,
    Number(row.at),
    row.action,
    row.outcome,
    row.actor,
    row.tenantId,
    row.requestId,
    row.address,
    row.details,
    row.keyId,
    row.previous,
  ];
}

function headValues(head: UnsignedHead): readonly unknown[] {
  const { chain, seq, hash, archivedSeq, archivedHash, keyId } = head;
  return ['head', chain, Number(seq), hash, Number(archivedSeq), archivedHash, keyId];
}

function sealValues(seal: Omit<Seal, 'signature'>): readonly unknown[] {
  const { chain, from, to, previous, hash, sha256, keyId } = seal;
  return ['archive', chain, from, to, previous, hash, sha256, keyId];
}

/** Of 32 random bytes, so it tells nothing of them. */
function fingerprintOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}
