import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { ModuleRef } from '@nestjs/core';
import { Args, GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createClient, type Client } from 'graphql-ws';
import { tenantSubscriptions } from 'nestjs-tenancy/realtime/graphql-ws';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { startContextsApp, type ContextsApp } from '../app.js';
import { TENANTS, type Databases, type EntryPoint, type Slug } from '../entry-point.js';
import type { Seen } from '../sense.js';
import { ON_PURPOSE, Witness } from '../witness.js';

@Resolver()
class WitnessResolver {
  constructor(private readonly witness: Witness) {}

  @Query(() => String)
  async look(@Args('key') key: string): Promise<string> {
    return JSON.stringify(await this.witness.look(key));
  }

  @Query(() => String)
  fail(@Args('key') key: string): Promise<never> {
    return this.witness.fail(key);
  }

  @Subscription(() => String, {
    async resolve(this: WitnessResolver, key: string) {
      return JSON.stringify(await this.witness.look(key));
    },
  })
  looks(@Args('key') key: string) {
    return oneEvent(key);
  }

  @Subscription(() => String, {
    resolve(this: WitnessResolver, key: string) {
      return this.witness.fail(key);
    },
  })
  fails(@Args('key') key: string) {
    return oneEvent(key);
  }
}

/** One event, with `key`. */
async function* oneEvent(key: string): AsyncIterable<string> {
  yield key;
}

interface Answer {
  readonly data?: Record<string, string> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly originalError?: { readonly code?: unknown } };
  }[];
}

function startGraphqlApp(databases: Databases): Promise<ContextsApp> {
  return startContextsApp(databases, {
    adapter: new ExpressAdapter(),
    imports: [
      GraphQLModule.forRootAsync<ApolloDriverConfig>({
        driver: ApolloDriver,
        inject: [ModuleRef],
        useFactory: (app: ModuleRef) => ({
          autoSchemaFile: true,
          playground: false,
          subscriptions: { 'graphql-ws': tenantSubscriptions(app) },
        }),
      }),
    ],
    providers: [WitnessResolver],
  });
}

function portOf(app: ContextsApp): number {
  return (app.nest.getHttpServer().address() as AddressInfo).port;
}

const queries: EntryPoint = {
  name: 'GraphQL',
  refusal: 'TENANT_NOT_FOUND',
  async start(databases) {
    const app = await startGraphqlApp(databases);
    const ask = async (slug: string, field: string, key: string): Promise<Answer> => {
      const sent = request({
        host: '127.0.0.1',
        port: portOf(app),
        path: '/graphql',
        method: 'POST',
        headers: { host: `${slug}.localhost`, 'content-type': 'application/json' },
      });
      const answered = once(sent, 'response');
      sent.end(JSON.stringify({ query: `{ ${field}(key: "${key}") }` }));
      const [response] = await answered;
      return (await json(response)) as Answer;
    };
    return {
      app,
      enter: async (tenant, key) => seenIn(await ask(tenant, 'look', key), 'look'),
      async fail(tenant, key) {
        const { errors } = await ask(tenant, 'fail', key);
        assert.equal(errors?.[0]?.message, ON_PURPOSE);
      },
      async withoutTenant(key) {
        const { errors } = await ask('unknown', 'look', key);
        return errors?.[0]?.extensions?.originalError?.code;
      },
      stop: () => app.close(),
    };
  },
};

const subscriptions: EntryPoint = {
  name: 'GraphQL subscription over graphql-ws',
  refusal: 'TENANT_NOT_FOUND',
  async start(databases) {
    const app = await startGraphqlApp(databases);
    const clients = new Map<Slug, Client>(
      TENANTS.map((slug) => [slug, clientAt(portOf(app), slug)]),
    );
    const first = (tenant: Slug, field: string, key: string) =>
      firstEvent(clients.get(tenant)!, field, key);
    return {
      app,
      enter: async (tenant, key) => seenIn(await first(tenant, 'looks', key), 'looks'),
      async fail(tenant, key) {
        const { errors } = await first(tenant, 'fails', key);
        assert.equal(errors?.[0]?.message, ON_PURPOSE);
      },
      async withoutTenant(key) {
        const client = clientAt(portOf(app), 'unknown');
        const closed = firstEvent(client, 'looks', key);
        const refusal = await closed.catch(({ reason }: { reason?: unknown }) => reason);
        await client.dispose();
        return refusal;
      },
      async stop() {
        for (const client of clients.values()) await client.dispose();
        await app.close();
      },
    };
  },
};

/** A client whose one socket serves all that it is asked for, until it is disposed of. */
function clientAt(port: number, slug: string): Client {
  class At extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers: { host: `${slug}.localhost` } });
    }
  }
  const url = `ws://127.0.0.1:${port}/graphql`;
  return createClient({
    url,
    webSocketImpl: At,
    retryAttempts: 0,
    // Not by `lazyCloseTimeout`, whose timer outlives the client.
    lazy: false,
    // Whoever subscribes is told, too.
    onNonLazyError: () => undefined,
  });
}

function firstEvent(client: Client, field: string, key: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.subscribe<Record<string, string>>(
      { query: `subscription { ${field}(key: "${key}") }` },
      { next: (answer) => resolve(answer), error: reject, complete: () => undefined },
    );
  });
}

function seenIn({ data, errors }: Answer, field: string): Seen {
  const text = data?.[field];
  assert.ok(text, JSON.stringify(errors));
  return JSON.parse(text) as Seen;
}

export const entryPoints: readonly EntryPoint[] = [queries, subscriptions];
