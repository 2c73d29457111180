import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CurrentTenant } from '../context/current-tenant.js';
import { TenancyOptionsError } from '../options/errors.js';
import type {
  ApiKeyDirectory,
  Identifier,
  IdentifiableRequest,
  InvalidTenantKey,
  TenantKey,
} from '../options/identifier.js';
import type { ResolvedTenancyOptions } from '../options/resolve.js';
import { TENANCY_OPTIONS } from '../options/tokens.js';
import { normaliseHost } from '../tenant/host.js';
import { TenantRegistry } from '../tenant/tenant-registry.js';
import { API_KEY_DIRECTORY } from './by-api-key.js';
import { byDomain } from './by-domain.js';
import { bySubdomain } from './by-subdomain.js';
import { cameByCentralPort } from './central-port.js';
import { whenKnown } from './now-or-later.js';
import type { Outcome } from './outcome.js';
import { requestHost } from './request-host.js';

const NOTHING_FOUND: Outcome = { kind: 'none', onCentralHost: false };
const ON_CENTRAL_HOST: Outcome = { kind: 'none', onCentralHost: true };

/**
 * Finds the tenant of a request by asking the identifiers in order, credentials first. It runs on every request: while
 * identifiers and registry answer from memory it is synchronous and allocates no promise.
 */
@Injectable()
export class IdentifierChain {
  private readonly identifiers: readonly Identifier[];
  private readonly centralHosts: ReadonlySet<string>;

  constructor(
    @Inject(TENANCY_OPTIONS) options: ResolvedTenancyOptions,
    @Inject(TenantRegistry) private readonly registry: Pick<TenantRegistry, 'lookup'>,
    @Optional() @Inject(API_KEY_DIRECTORY) private readonly apiKeys?: ApiKeyDirectory,
  ) {
    const given = options.identify ?? [bySubdomain({ of: 'localhost' }), byDomain()];
    this.identifiers = [
      ...given.filter(({ credential }) => credential),
      ...given.filter(({ credential }) => !credential),
    ];
    this.centralHosts = new Set(options.http.centralHosts.map(hostOption));
  }

  /**
   * The outcome for `request`. A central host or port is of no tenant whatever the identifiers would say.
   * @throws what the registry, an identifier or its `authorize` throws
   */
  identify(request: IdentifiableRequest): Outcome | Promise<Outcome> {
    if (this.isOnCentralHost(request)) return ON_CENTRAL_HOST;
    return this.askFrom(0, request, NOTHING_FOUND);
  }

  private isOnCentralHost(request: IdentifiableRequest): boolean {
    if (cameByCentralPort(request)) return true;
    if (this.centralHosts.size === 0) return false;
    const host = requestHost(request);
    return host !== undefined && this.centralHosts.has(host);
  }

  private askFrom(
    index: number,
    request: IdentifiableRequest,
    before: Outcome,
  ): Outcome | Promise<Outcome> {
    const identifier = this.identifiers[index];
    if (identifier === undefined) return before;
    return whenKnown(this.ask(identifier, request, before), (after) =>
      isDecided(identifier, before, after) ? after : this.askFrom(index + 1, request, after),
    );
  }

  /** The outcome with `identifier` asked; `before` itself when it changes nothing. */
  private ask(
    identifier: Identifier,
    request: IdentifiableRequest,
    before: Outcome,
  ): Outcome | Promise<Outcome> {
    return whenKnown(identifier.identify(request, this.apiKeys), (key) => {
      if (key === undefined) return before;
      if (isInvalid(key)) return invalidKey(identifier, key);
      return whenKnown(this.registry.lookup(key), (tenant) =>
        tenant === null
          ? unknownTenant(identifier, key, before)
          : foundTenant(identifier, tenant, request, before),
      );
    });
  }
}

/** A credential that found its tenant leaves the others to be asked: one of them may contradict it. */
function isDecided(identifier: Identifier, before: Outcome, after: Outcome): boolean {
  if (after === before || after.kind === 'unknown') return false;
  return !(after.kind === 'found' && identifier.credential);
}

function invalidKey({ name }: Identifier, key: InvalidTenantKey): Outcome {
  const { problem, credential, refusal } = key;
  return { kind: 'invalid', by: name, problem, credential, refusal };
}

function unknownTenant(identifier: Identifier, key: TenantKey, before: Outcome): Outcome {
  if (before.kind !== 'none') return before;
  return { kind: 'unknown', by: identifier.name, key, credential: identifier.credential ?? false };
}

function foundTenant(
  identifier: Identifier,
  tenant: CurrentTenant,
  request: IdentifiableRequest,
  before: Outcome,
): Outcome | Promise<Outcome> {
  const by = identifier.name;
  const contradicted = credentialOf(before);
  if (contradicted !== undefined && contradicted.tenant?.id !== tenant.id) {
    const problem = `${contradicted.by} names another tenant than "${tenant.slug}"`;
    return { kind: 'forbidden', by, problem };
  }
  const found = before.kind === 'found' ? before : ({ kind: 'found', tenant, by } as const);
  if (identifier.authorize === undefined) return found;
  return whenKnown(identifier.authorize({ tenant, request }), (allowed): Outcome => {
    if (allowed) return found;
    return { kind: 'forbidden', by, problem: `authorize refused tenant "${tenant.slug}"` };
  });
}

/** The credential asked before, with the tenant it found: none when it names one that is gone. */
function credentialOf(before: Outcome): { by: string; tenant?: CurrentTenant } | undefined {
  if (before.kind === 'found') return before;
  return before.kind === 'unknown' && before.credential ? { by: before.by } : undefined;
}

/** By its shape, not by its class: with the package loaded twice there are two of them. */
function isInvalid(key: TenantKey | InvalidTenantKey): key is InvalidTenantKey {
  return 'problem' in key;
}

function hostOption(given: string, index: number): string {
  const host = normaliseHost(given);
  if (host !== undefined) return host;
  throw new TenancyOptionsError([
    {
      path: `http.centralHosts[${index}]`,
      problem: `"${given}" is no host name`,
      remedy: 'Write the host alone, without scheme and path: app.example.com',
    },
  ]);
}
