import { ModuleRef, NestFactory } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type INestApplication } from '@nestjs/common';
import {
  Args,
  Context,
  Field,
  GraphQLModule,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import DataLoader from 'dataloader';
import { createClient, type Client } from 'graphql-ws';
import { EventEmitter, on, once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Column, Entity, In, PrimaryColumn, type Repository } from 'typeorm';
import { WebSocket } from 'ws';
import {
  byDomain,
  bySubdomain,
  byTokenClaim,
  CentralRoute,
  Tenancy,
  TenancyModule,
  TenantService,
} from '../../lib/index.js';
import { tenantSubscriptions } from '../../lib/realtime/graphql-ws/index.js';
import { engines } from '../support/engines.js';
import { prepareInMemory } from '../support/in-memory.js';
import { optionsOn } from '../support/tenancy-app.js';
import { until } from '../support/until.js';

@Entity()
class Person {
  @PrimaryColumn()
  id!: number;

  @Column()
  name!: string;
}

@ObjectType()
class Project {
  @Field(() => Int)
  id!: number;
}

interface Shared {
  people: DataLoader<number, string>;
}

/** What every tenant's subscribers listen to: the app's own, which knows of no tenants. */
const happenings = new EventEmitter();
/** The keys of each batch, by its tenant. */
const batches: string[] = [];

@Resolver(() => Project)
class Projects {
  constructor(
    @InjectRepository(Person) private readonly people: Repository<Person>,
    private readonly tenancy: Tenancy,
  ) {}

  @Query(() => [Project])
  projects(): Project[] {
    return [{ id: 1 }, { id: 2 }, { id: 1 }];
  }

  @ResolveField(() => String)
  owner(@Parent() { id }: Project, @Context() { people }: Shared): Promise<string> {
    return people.load(id);
  }

  @Mutation(() => String)
  async rename(@Args('name') name: string): Promise<string> {
    await this.people.update({ id: 1 }, { name });
    happenings.emit('renamed', { by: this.tenancy.require().slug });
    return this.nameOfFirst();
  }

  @Query(() => String)
  @CentralRoute()
  plans(): string {
    return `plans of ${this.tenancy.current?.slug ?? 'nobody'}`;
  }

  /** Whatever happens, what it is told is looked up in the subscriber's database. */
  @Subscription(() => String, {
    async resolve(this: Projects, [{ by }]: [{ by: string }]) {
      return `${by} renamed; here it is ${await this.nameOfFirst()}, for ${this.tenancy.require().slug}`;
    },
  })
  renamed() {
    return on(happenings, 'renamed');
  }

  @Subscription(() => String, {
    async filter(this: Projects, [{ by }]: [{ by: string }]) {
      return by === this.tenancy.require().slug;
    },
    resolve: ([{ by }]: [{ by: string }]) => by,
  })
  mine() {
    return on(happenings, 'renamed');
  }

  @Subscription(() => String)
  @CentralRoute()
  planned() {
    return on(happenings, 'planned');
  }

  private async nameOfFirst(): Promise<string> {
    return (await this.people.findOneByOrFail({ id: 1 })).name;
  }
}

@Module({})
class Root {}

@Module({ imports: [TypeOrmModule.forFeature([Person])], exports: [TypeOrmModule] })
class PeopleModule {}

function loaderOf(people: Repository<Person>, tenancy: Tenancy): Shared['people'] {
  return new DataLoader(async (ids) => {
    batches.push(`${tenancy.require().slug}: ${ids.join(' ')}`);
    const found = await people.findBy({ id: In([...ids]) });
    return ids.map((id) => found.find((person) => person.id === id)?.name ?? 'nobody');
  });
}

const cleanUps: (() => unknown)[] = [];
let app: INestApplication;
let tenants: TenantService;

beforeAll(async () => {
  const setup = await prepareInMemory(engines[0]!);
  cleanUps.push(() => setup.cleanUp());
  const subscriptionsOf = (ref: ModuleRef) => ({ 'graphql-ws': tenantSubscriptions(ref) });
  app = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot(
          optionsOn(setup, {
            identify: [
              byTokenClaim({
                claim: 'tenant',
                verify: (token) => (token === 'bad' ? undefined : { tenant: token }),
                from: ({ auth }) => (typeof auth?.token === 'string' ? auth.token : undefined),
              }),
              bySubdomain({ of: 'localhost' }),
              byDomain(),
            ],
            tenants: {
              seed: async ({ slug }, dataSource) => {
                await dataSource.synchronize();
                const people = [1, 2].map((id) => ({ id, name: `${slug} ${id}` }));
                await dataSource.getRepository(Person).insert(people);
              },
            },
          }),
        ),
        PeopleModule,
        GraphQLModule.forRootAsync<ApolloDriverConfig>({
          driver: ApolloDriver,
          imports: [PeopleModule],
          inject: [ModuleRef, Tenancy],
          useFactory: (ref: ModuleRef, tenancy: Tenancy) => ({
            autoSchemaFile: true,
            playground: false,
            subscriptions: subscriptionsOf(ref),
            context: () => ({
              people: loaderOf(ref.get('PersonRepository', { strict: false }), tenancy),
            }),
          }),
        }),
      ],
      providers: [Projects],
    },
    new ExpressAdapter(),
    { logger: false, abortOnError: false },
  );
  cleanUps.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  tenants = app.get(TenantService);
  for (const slug of ['acme', 'globex', 'brief']) await tenants.create({ slug });
});

afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const port = () => (app.getHttpServer().address() as AddressInfo).port;

interface Answer {
  readonly data?: Record<string, unknown>;
  readonly errors?: readonly {
    message: string;
    extensions: { originalError?: { code: string } };
  }[];
}

async function ask(slug: string, query: string): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port: port(),
    path: '/graphql',
    method: 'POST',
    headers: { host: `${slug}.localhost`, 'content-type': 'application/json' },
  });
  const answered = once(sent, 'response');
  sent.end(JSON.stringify({ query }));
  const [response] = await answered;
  return (await json(response)) as Answer;
}

const refusalOf = ({ errors }: Answer) => errors?.[0]?.extensions.originalError?.code;

/** A client of subscriptions, at a host. */
function subscriber(host: string, connectionParams?: Record<string, unknown>): Client {
  class At extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers: { host } });
    }
  }
  const client = createClient({
    url: `ws://127.0.0.1:${port()}/graphql`,
    webSocketImpl: At,
    connectionParams,
    retryAttempts: 0,
  });
  cleanUps.push(() => client.dispose());
  return client;
}

/** Subscribes, and gives what has been told so far, and what it ended with. */
function listen(client: Client, field: string) {
  const told: unknown[] = [];
  const ended = new Promise<unknown>((resolve) => {
    client.subscribe(
      { query: `subscription { ${field} }` },
      {
        next: ({ data, errors }) => told.push(data?.[field] ?? errors),
        error: resolve,
        complete: () => resolve('complete'),
      },
    );
  });
  return { told, ended };
}

const listening = (count: number) =>
  until(`${count} listen`, () => happenings.listenerCount('renamed') === count);

describe('GraphQL', () => {
  afterEach(() => {
    batches.length = 0;
  });

  it('answers queries and mutations from the database of the request’s tenant', async () => {
    const slugs = Array.from({ length: 20 }, (_, n) => (n % 2 ? 'acme' : 'globex'));
    const answers = await Promise.all(
      slugs.map((slug) => ask(slug, `mutation { rename(name: "of ${slug}") }`)),
    );
    expect(answers.map(({ data }) => data?.rename)).toEqual(slugs.map((slug) => `of ${slug}`));
  });

  it('has a DataLoader for each request, whose batches are its tenant’s', async () => {
    await ask('acme', 'mutation { rename(name: "A") }');
    await ask('globex', 'mutation { rename(name: "G") }');
    const query = '{ projects { owner } }';
    const answers = await Promise.all([ask('acme', query), ask('globex', query)]);
    expect(answers.map(({ data }) => data?.projects)).toEqual([
      [{ owner: 'A' }, { owner: 'acme 2' }, { owner: 'A' }],
      [{ owner: 'G' }, { owner: 'globex 2' }, { owner: 'G' }],
    ]);
    expect(batches.toSorted()).toEqual(['acme: 1 2', 'globex: 1 2']);
  });

  it('refuses a request without a tenant, and by the mode of each resolver', async () => {
    const refused = await ask('nobody', '{ projects { id } }');
    expect(refusalOf(refused)).toBe('TENANT_NOT_FOUND');
    // What else there is to say is for the log.
    expect(refused.errors?.[0]?.message).toBe('Not Found');
    expect(refusalOf(await ask('acme', '{ plans }'))).toBe('ROUTE_NOT_FOR_TENANT');
    expect((await ask('nobody', '{ plans }')).data).toEqual({ plans: 'plans of nobody' });
  });
});

describe('a subscription over graphql-ws', () => {
  it('is in its own tenant at every event, whoever publishes', async () => {
    const acme = subscriber('acme.localhost');
    const globex = subscriber('globex.localhost');
    const all = [listen(acme, 'renamed'), listen(globex, 'renamed')];
    const own = [listen(acme, 'mine'), listen(globex, 'mine')];
    await listening(4);
    await ask('acme', 'mutation { rename(name: "one") }');
    await ask('globex', 'mutation { rename(name: "two") }');
    await until('all is told', () => all.every(({ told }) => told.length === 2));
    expect(all[0]!.told[0]).toBe('acme renamed; here it is one, for acme');
    expect(all[0]!.told[1]).toBe('globex renamed; here it is one, for acme');
    expect(all[1]!.told[0]).toMatch(/^acme renamed; here it is .*, for globex$/);
    expect(all[1]!.told[1]).toBe('globex renamed; here it is two, for globex');
    await until('the filtered is told', () => own.every(({ told }) => told.length === 1));
    expect(own.map(({ told }) => told)).toEqual([['acme'], ['globex']]);
    await Promise.all([acme.dispose(), globex.dispose()]);
    await listening(0);
  });

  it('finds its tenant in connectionParams', async () => {
    const client = subscriber('localhost', { token: 'globex' });
    const { told } = listen(client, 'mine');
    await listening(1);
    await ask('acme', 'mutation { rename(name: "x") }');
    await ask('globex', 'mutation { rename(name: "y") }');
    await until('it is told', () => told.length === 1);
    expect(told).toEqual(['globex']);
    await client.dispose();
    await listening(0);
  });

  it.each([
    ['of no tenant', 'nobody.localhost', undefined, { code: 4404, reason: 'TENANT_NOT_FOUND' }],
    ['of a bad token', 'localhost', 'bad', { code: 4401, reason: 'TENANT_CREDENTIAL_INVALID' }],
    [
      'of another tenant than its host',
      'acme.localhost',
      'globex',
      { code: 4403, reason: 'TENANT_FORBIDDEN' },
    ],
  ])('is refused the connection %s', async (_what, host, token, refusal) => {
    const { ended } = listen(subscriber(host, { token }), 'mine');
    expect(await ended).toMatchObject(refusal);
    expect(happenings.listenerCount('renamed')).toBe(0);
  });

  it('is refused by the mode of its resolver', async () => {
    const { told, ended } = listen(subscriber('acme.localhost'), 'planned');
    expect(await ended).toBe('complete');
    expect(told).toMatchObject([
      [{ message: 'Not Found', extensions: { code: 'ROUTE_NOT_FOR_TENANT' } }],
    ]);
    expect(happenings.listenerCount('planned')).toBe(0);
  });

  it('is ended when its tenant is suspended', async () => {
    const { ended } = listen(subscriber('brief.localhost'), 'mine');
    await listening(1);
    await tenants.suspend('brief');
    expect(await ended).toMatchObject({ code: 4403, reason: 'TENANT_SUSPENDED' });
    await listening(0);
    const again = listen(subscriber('brief.localhost'), 'mine');
    expect(await again.ended).toMatchObject({ code: 4403, reason: 'TENANT_SUSPENDED' });
  });
});
