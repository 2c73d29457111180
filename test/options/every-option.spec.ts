import { getMetadataStorage } from 'class-validator';
import {
  AuditOptions,
  ApiKeyOptions,
  CentralOptions,
  HttpOptions,
  PoolOptions,
  ProvisioningAccount,
  QuotaOptions,
  RedisOptions,
  RegistryOptions,
  ReplicaOptions,
  ServerOptions,
  TenancyOptions,
  TenantsOptions,
} from '../../lib/index.js';
import { engines } from '../support/engines.js';
import { ACCOUNT_PROOFS } from './proofs/accounts.js';
import { API_KEY_PROOFS } from './proofs/api-keys.js';
import { AppOfEveryOption } from './proofs/app-of-every-option.js';
import { AppOnServer } from './proofs/app-on-server.js';
import { AUDIT_PROOFS } from './proofs/audit.js';
import { CENTRAL_PROOFS } from './proofs/central.js';
import { HTTP_PROOFS } from './proofs/http.js';
import { POOL_PROOFS, POOL_PROOFS_ON_SERVER } from './proofs/pool.js';
import { QUOTA_PROOFS } from './proofs/quota.js';
import { REDIS_PROOFS } from './proofs/redis.js';
import { REGISTRY_PROOFS } from './proofs/registry.js';
import { REPLICA_PROOFS } from './proofs/replicas.js';
import { SERVER_PROOFS } from './proofs/server.js';
import { TENANTS_PROOFS } from './proofs/tenants.js';

// Every option that is declared changes something that an app's developer would notice. One that nobody reads, or that
// has no proof here, fails.

const SECTIONS = {
  'central.': CentralOptions,
  'tenants.': TenantsOptions,
  'tenants.servers.main.': ServerOptions,
  'tenants.servers.main.replicas.': ReplicaOptions,
  'tenants.servers.main.provisioning.': ProvisioningAccount,
  'http.': HttpOptions,
  'registry.': RegistryOptions,
  'pool.': PoolOptions,
  'redis.': RedisOptions,
  'quota.': QuotaOptions,
  'audit.': AuditOptions,
  'apiKeys.': ApiKeyOptions,
};

/** `identify`, `central.url`, … */
function declaredOptions(): string[] {
  const keysOf = (section: new () => object) =>
    new Set(
      getMetadataStorage()
        .getTargetValidationMetadatas(section, '', false, false)
        .map(({ propertyName }) => propertyName),
    );
  const sections = Object.entries(SECTIONS);
  const inSections = sections.flatMap(([path, section]) =>
    [...keysOf(section)].map((key) => path + key),
  );
  const isSection = (path: string) => sections.some(([section]) => section === `${path}.`);
  return [...keysOf(TenancyOptions), ...inSections].filter((path) => !isSection(path)).toSorted();
}

const ON_ANY = {
  ...CENTRAL_PROOFS,
  ...TENANTS_PROOFS,
  ...SERVER_PROOFS,
  ...HTTP_PROOFS,
  ...REGISTRY_PROOFS,
  ...POOL_PROOFS,
  ...REDIS_PROOFS,
  ...QUOTA_PROOFS,
  ...AUDIT_PROOFS,
  ...API_KEY_PROOFS,
};
const ON_SERVERS = { ...REPLICA_PROOFS, ...ACCOUNT_PROOFS, ...POOL_PROOFS_ON_SERVER };

it('each declared option has a proof, and nothing else has one', () => {
  const proven = [...Object.keys(ON_ANY), ...Object.keys(ON_SERVERS)];
  expect(proven.toSorted()).toEqual(declaredOptions());
});

describe('every option has its effect:', () => {
  const [engine] = engines;
  let app: AppOfEveryOption;
  beforeAll(async () => {
    app = await AppOfEveryOption.start(engine!);
  });
  afterAll(() => app.close());

  it.each(Object.entries(ON_ANY))('%s', (_path, prove) => prove(app));
});

const [server] = engines.filter(({ name }) => name !== 'sqlite');
const describeOnServer = server === undefined ? describe.skip : describe;
describeOnServer('every option of servers alone has its effect:', () => {
  let app: AppOnServer;
  beforeAll(async () => {
    app = await AppOnServer.start(server!);
  });
  afterAll(() => app.close());

  it.each(Object.entries(ON_SERVERS))('%s', (_path, prove) => prove(app));
});
