import { checkCredentialKeys, checkKeys } from './check-credentials.js';
import { checkIdentifiers } from './check-identifiers.js';
import { checkQuotas } from './check-quotas.js';
import { checkRedis } from './check-redis.js';
import { checkSection, isPlainObject } from './check-section.js';
import { checkServers } from './check-servers.js';
import { checkCentralUrl } from './check-urls.js';
import { TenancyOptionsError, type OptionIssue } from './errors.js';
import {
  AuditOptions,
  ApiKeyOptions,
  CentralOptions,
  HttpOptions,
  PoolOptions,
  QuotaOptions,
  RegistryOptions,
  TenancyOptions,
  TenantsOptions,
} from './tenancy-options.js';
import { DECIDED_HERE } from './typeorm-pass-through.js';

/**
 * Checks the whole tree and reports every problem at once.
 * @throws TenancyOptionsError
 */
export function validateOptions(options: TenancyOptions): void {
  const given: unknown = options;
  if (!isPlainObject(given)) throw new TenancyOptionsError([NO_OPTIONS]);
  const issues = [
    ...checkSection(TenancyOptions, options, ''),
    ...checkSection(CentralOptions, options.central, 'central'),
    ...checkSection(TenantsOptions, options.tenants, 'tenants'),
    ...checkSection(HttpOptions, options.http, 'http'),
    ...checkSection(RegistryOptions, options.registry, 'registry'),
    ...checkSection(PoolOptions, options.pool, 'pool'),
    ...checkSection(QuotaOptions, options.quota, 'quota'),
    ...checkSection(AuditOptions, options.audit, 'audit'),
    ...checkSection(ApiKeyOptions, options.apiKeys, 'apiKeys'),
    ...checkTypeOrm(options.central?.typeorm, 'central.typeorm'),
    ...checkTypeOrm(options.tenants?.typeorm, 'tenants.typeorm'),
    ...checkCentralUrl(options.central?.url),
    ...checkServers(options.tenants?.servers),
    ...checkCredentialKeys(options.tenants?.credentialKeys, 'tenants.credentialKeys'),
    ...checkKeys(options.audit?.keys, 'audit.keys'),
    ...checkIdentifiers(options.identify),
    ...checkRedis(options.redis),
    ...checkQuotas(options.quota),
  ];
  if (issues.length > 0) throw new TenancyOptionsError(issues);
}

const NO_OPTIONS: OptionIssue = {
  path: 'options',
  problem: 'must be an object',
  remedy: 'Return defineTenancyConfig({ … }) from the factory; {} for the defaults',
};

function checkTypeOrm(typeorm: unknown, path: string): OptionIssue[] {
  if (!isPlainObject(typeorm)) return [];
  return Object.entries(DECIDED_HERE)
    .filter(([key]) => key in typeorm)
    .map(([key, remedy]) => ({
      path: `${path}.${key}`,
      problem: 'is decided by this package',
      remedy,
    }));
}
