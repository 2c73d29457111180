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
     "central": {
       "entities": undefined,
       "migrate": true,
       "migrations": undefined,
       "server": {
         "acquireTimeout": 5000,
         "address": {
           "engine": "sqlite",
           "path": ".tenancy/central.sqlite",
         },
         "connection": {},
         "maxConnections": 10,
         "name": "central",
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
     "registry": {
       "maxTenants": 20000,
       "maxUnknown": 10000,
       "ttl": 60000,
       "unknownTtl": 5000,
     },
     "tenants": {
       "databasePrefix": "tenant_",
       "entities": undefined,
       "migrations": undefined,
       "seed": undefined,
       "servers": [
         {
           "acquireTimeout": 5000,
           "address": {
             "engine": "sqlite",
             "path": ".tenancy/tenants",
           },
           "connection": {},
           "maxConnections": 20,
           "name": "embedded",
         },
       ],
       "subscribers": undefined,
       "typeorm": undefined,
     },
   }
  `);
});

it('what is given as undefined has its default, too', () => {
  const nothing = {
    central: { maxConnections: undefined, acquireTimeout: undefined, migrate: undefined },
    tenants: { servers: undefined, databasePrefix: undefined },
    http: { mount: undefined },
    registry: { ttl: undefined },
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
    acquireTimeout: 5_000,
    connection: {},
  });
});
