import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AuditKeys, type Seal } from './audit-keys.js';
import type { AuditRow } from './audit-row.entity.js';
import { ChainWalk, problem, type AuditCheckpoint, type AuditProblem } from './audit-verifier.js';

/** What was found in an archive. */
export interface AuditArchiveVerdict {
  readonly valid: boolean;
  /** How many entries were verified. */
  readonly entries: number;
  /** Its last entry: the archive after it, or what `verify()` calls `archived`, goes on from there. */
  readonly head?: AuditCheckpoint;
  /** The first one, when it is not valid. */
  readonly problem?: AuditProblem;
}

/** Verifies archives, line by line. */
@Injectable()
export class ArchiveReader {
  constructor(private readonly keys: AuditKeys) {}

  /** @throws AuditKeyMissingError without any key */
  async verify(
    content: AsyncIterable<Uint8Array | string>,
    after: AuditCheckpoint | undefined,
  ): Promise<AuditArchiveVerdict> {
    void this.keys.current;
    const digest = createHash('sha256');
    let start = after;
    let walk = start && new ChainWalk(this.keys, start.seq, start.hash);
    let seal: Seal | undefined;
    const end = (wrong?: AuditProblem): AuditArchiveVerdict => ({
      valid: wrong === undefined,
      entries: walk?.entries ?? 0,
      ...(start && walk && { head: { chain: start.chain, seq: walk.seq, hash: walk.hash } }),
      ...(wrong !== undefined && { problem: wrong }),
    });
    for await (const line of linesOf(content)) {
      const next = (walk?.seq ?? 0) + 1;
      const parsed = parse(line);
      if (seal !== undefined) return end(problem('added', next, undefined, 'it is after the seal'));
      if (isSeal(parsed)) seal = parsed.archive;
      else if (!isRow(parsed)) return end(problem('changed', next, undefined, 'it is no entry'));
      else {
        start ??= { chain: parsed.chain, seq: Number(parsed.seq) - 1, hash: parsed.previous };
        walk ??= new ChainWalk(this.keys, start.seq, start.hash);
        const isOther = parsed.chain !== start.chain;
        const wrong = isOther
          ? problem('changed', next, parsed.id, 'it is of another chain')
          : walk.next(parsed);
        if (wrong !== undefined) return end(wrong);
        digest.update(line);
      }
    }
    if (seal === undefined || start === undefined || walk === undefined) {
      const next = (walk?.seq ?? 0) + 1;
      return end(problem('removed', next, undefined, 'the archive ends without its seal'));
    }
    return end(this.wrongSeal(seal, start, walk, digest.digest('hex')));
  }

  private wrongSeal(
    seal: Seal,
    start: AuditCheckpoint,
    walk: ChainWalk,
    sha256: string,
  ): AuditProblem | undefined {
    const next = walk.seq + 1;
    const check = this.keys.checkSeal(seal);
    if (check === 'key-missing') {
      const text = `the archive is sealed under the key ${seal.keyId}, which audit.keys does not hold`;
      return problem('key-missing', next, undefined, text);
    }
    if (check === 'wrong' || seal.chain !== start.chain) {
      return problem('head-changed', next, undefined, 'the seal of the archive is not its own');
    }
    if (seal.from !== start.seq + 1 || seal.previous !== start.hash) {
      return problem('removed', seal.from, undefined, 'the archive began with another entry');
    }
    if (seal.to > walk.seq) return problem('removed', next, undefined, 'the archive held it');
    if (seal.to < walk.seq || seal.hash !== walk.hash) {
      return problem('added', seal.to + 1, undefined, 'the archive ended before it');
    }
    return seal.sha256 === sha256
      ? undefined
      : problem('changed', seal.from, undefined, 'the digest of the archive is another');
  }
}

/** With their ends, which the digest is of too. */
async function* linesOf(content: AsyncIterable<Uint8Array | string>) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of content) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield `${line}\n`;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isSeal(value: unknown): value is { readonly archive: Seal } {
  if (!isRecord(value)) return false;
  const { archive } = value;
  return isRecord(archive) && ['keyId', 'signature'].every((key) => isText(archive[key]));
}

function isRow(value: unknown): value is AuditRow {
  return (
    isRecord(value) &&
    ['chain', 'id', 'keyId', 'previous', 'hash'].every((key) => isText(value[key]))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
