import { relative } from 'node:path';
import { resolveOptions } from '../../lib/options/resolve.js';

it('without options everything has its documented default', () => {
  const { central, tenants, ...rest } = resolveOptions({}, {});
  const here = <T extends { address: object }>(server: T) => ({
    ...server,
    address:
      'path' in server.address
        ? { ...server.address, path: relative(process.cwd(), String(server.address.path)) }
        : server.address,
  });
  expect({
    central: { ...central, server: here(central.server) },
    tenants: { ...tenants, servers: tenants.servers.map(here) },
    ...rest,
  }).toMatchInlineSnapshot(`
   {
     "apiKeys": {
       "maxKeys": 20000,
       "prefix": "tk",
       "ttl": 5000,
     },
     "audit": {
       "actor": undefined,
       "crossings": true,
       "keys": [],
       "redact": [],
     },
     "central": {
       "entities": undefined,
       "migrate": true,
       "migrations": undefined,
       "server": {
         "acceptsTenants": true,
         "acquireTimeout": 5000,
         "address": {
           "engine": "sqlite",
           "path": ".tenancy/central.sqlite",
         },
         "connectTimeout": 3000,
         "connection": {},
         "idleTimeout": 60000,
         "maxConnections": 10,
         "maxConnectionsPerTenant": 10,
         "maxWaiting": 10000,
         "name": "central",
         "provisioning": undefined,
         "readFromReplicas": false,
         "replicas": [],
         "weight": 1,
       },
       "subscribers": undefined,
       "typeorm": undefined,
     },
     "http": {
       "centralHosts": [],
       "defaultRouteMode": "tenant",
       "exclude": [],
       "mount": true,
     },
     "identify": undefined,
     "pool": {
       "drainTimeout": 10000,
       "longLease": 30000,
       "processes": 1,
     },
     "quota": {
       "catalogue": {
         "api_calls_per_day": {
           "enforce": true,
           "kind": "counter",
           "limit": 10000,
           "period": "day",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "connections": {
           "enforce": false,
           "kind": "gauge",
           "limit": null,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "cron_jobs": {
           "enforce": true,
           "kind": "gauge",
           "limit": 10,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "database_size_mb": {
           "enforce": true,
           "kind": "gauge",
           "limit": 1000,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "file_storage_mb": {
           "enforce": true,
           "kind": "gauge",
           "limit": 5000,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "monthly_bandwidth_gb": {
           "enforce": true,
           "kind": "counter",
           "limit": 100,
           "period": "month",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "monthly_emails": {
           "enforce": true,
           "kind": "counter",
           "limit": 1000,
           "period": "month",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "storage_mb": {
           "enforce": true,
           "kind": "gauge",
           "limit": 1000,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "users": {
           "enforce": true,
           "kind": "gauge",
           "limit": 100,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
         "webhooks": {
           "enforce": true,
           "kind": "gauge",
           "limit": 25,
           "period": "none",
           "refuseWith": 429,
           "warningThreshold": 80,
         },
       },
       "limitsSetting": "quotas",
       "logRetention": 400,
       "planSetting": "plan",
       "plans": {},
       "store": "database",
       "timeZone": "UTC",
       "timeZoneSetting": "timeZone",
     },
     "redis": undefined,
     "registry": {
       "maxTenants": 20000,
       "maxUnknown": 10000,
       "ttl": 60000,
       "unknownTtl": 5000,
     },
     "tenants": {
       "credentialKeys": [],
       "credentials": "shared",
       "databasePrefix": "tenant_",
       "entities": undefined,
       "migrations": undefined,
       "onPendingMigrations": "refuse",
       "pending": 0,
       "place": undefined,
       "seed": undefined,
       "servers": [
         {
           "acceptsTenants": true,
           "acquireTimeout": 5000,
           "address": {
             "engine": "sqlite",
             "path": ".tenancy/tenants",
           },
           "connectTimeout": 3000,
           "connection": {},
           "idleTimeout": 60000,
           "maxConnections": 20,
           "maxConnectionsPerTenant": 20,
           "maxWaiting": 10000,
           "name": "embedded",
           "provisioning": undefined,
           "readFromReplicas": false,
           "replicas": [],
           "weight": 1,
         },
       ],
       "share": undefined,
       "subscribers": undefined,
       "template": true,
       "typeorm": undefined,
     },
   }
  `);
});

it('what is given as undefined has its default, too', () => {
  const nothing = {
    central: { maxConnections: undefined, acquireTimeout: undefined, migrate: undefined },
    tenants: { servers: undefined, databasePrefix: undefined, credentials: undefined },
    http: { mount: undefined },
    registry: { ttl: undefined },
    pool: { processes: undefined },
  };
  expect(resolveOptions(nothing, {})).toEqual(resolveOptions({}, {}));
});

it('a server has the defaults of a server', () => {
  const [server] = resolveOptions(
    { tenants: { servers: { main: { url: 'mysql://user:p%40ss@[::1]' } } } },
    {},
  ).tenants.servers;
  expect(server).toEqual({
    name: 'main',
    address: {
      engine: 'mysql',
      dialect: 'mysql',
      host: '::1',
      port: 3306,
      user: 'user',
      password: 'p@ss',
      database: '',
    },
    maxConnections: 20,
    maxConnectionsPerTenant: 20,
    maxWaiting: 10_000,
    acquireTimeout: 5_000,
    connectTimeout: 3_000,
    idleTimeout: 60_000,
    connection: {},
    replicas: [],
    readFromReplicas: false,
    weight: 1,
    acceptsTenants: true,
    provisioning: undefined,
  });
});

it('one tenant may have all connections of a server, however many those are', () => {
  const [server] = resolveOptions(
    { tenants: { servers: { main: { url: 'mysql://h', maxConnections: 7 } } } },
    {},
  ).tenants.servers;
  expect(server?.maxConnectionsPerTenant).toBe(7);
});

it('a replica is as its server, apart from what it says itself', () => {
  const main = {
    url: 'mysql://user@server',
    maxConnections: 7,
    acquireTimeout: 1,
    maxWaiting: 2,
    connectTimeout: 3,
    idleTimeout: 4,
    connection: { ssl: 'of the server' },
    readFromReplicas: true,
    replicas: [
      { url: 'mysql://user@replica', maxConnections: undefined, connection: undefined },
      { url: 'mysql://user@other', maxConnections: 9, connection: { ssl: 'its own' } },
    ],
  };
  const [server] = resolveOptions({ tenants: { servers: { main } } }, {}).tenants.servers;
  const { maxConnections, acquireTimeout, maxWaiting, connectTimeout, idleTimeout } = main;
  expect(server).toMatchObject({ name: 'main', address: { host: 'server' } });
  expect(server?.replicas).toMatchObject([
    {
      name: 'main/replica-1',
      address: { host: 'replica' },
      maxConnections,
      acquireTimeout,
      maxWaiting,
      connectTimeout,
      idleTimeout,
      connection: { ssl: 'of the server' },
      replicas: [],
    },
    {
      name: 'main/replica-2',
      address: { host: 'other' },
      maxConnections: 9,
      acquireTimeout,
      connection: { ssl: 'its own' },
    },
  ]);
});
