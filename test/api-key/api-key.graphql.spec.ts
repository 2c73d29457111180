import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Field, GraphQLModule, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  ApiKey,
  ApiKeyService,
  bySubdomain,
  CurrentApiKey,
  Tenancy,
  TenancyModule,
  TenantService,
  type ApiKeyInfo,
  type CreateApiKey,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

@ObjectType()
class Invoice {
  @Field()
  id!: string;
}

/** Root fields of one operation are asked for by one request, and each of them has guards of its own. */
@Resolver(() => Invoice)
class Invoices {
  @Query(() => Invoice)
  @ApiKey('invoices:read')
  invoice(@CurrentApiKey() { name }: ApiKeyInfo): Invoice {
    return { id: name };
  }

  @Query(() => String)
  @ApiKey('payroll:read')
  payroll(): string {
    return 'of everybody';
  }

  @Mutation(() => String)
  @ApiKey('invoices:read')
  remind(): string {
    return 'sent';
  }

  @Mutation(() => String)
  @ApiKey('payroll:write')
  raise(): string {
    return 'for everybody';
  }
}

@Module({})
class Root {}

const [engine] = engines;

describe('@ApiKey() on fields of GraphQL', () => {
  let setup: EngineSetup;
  let app: INestApplication;

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await NestFactory.create(
      {
        module: Root,
        imports: [
          TenancyModule.forRoot(
            optionsOn(setup, {
              identify: [bySubdomain({ of: 'localhost' })],
              quota: { store: 'memory' },
            }),
          ),
          GraphQLModule.forRoot<ApolloDriverConfig>({
            driver: ApolloDriver,
            autoSchemaFile: true,
            playground: false,
          }),
        ],
        providers: [Invoices],
      },
      new ExpressAdapter(),
      { logger: false, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  async function keyWith(input: Omit<CreateApiKey, 'name'>): Promise<string> {
    const create = () => app.get(ApiKeyService).create({ name: 'billing', ...input });
    return (await app.get(Tenancy).run('acme', create)).key;
  }

  async function send(key: string, operation: string): Promise<Answer> {
    const { body } = await ask(app, '/graphql', {
      host: 'acme.localhost',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      chunks: (async function* () {
        yield JSON.stringify({ query: operation });
      })(),
    });
    return body as Answer;
  }

  // Queries are resolved at once, mutations one after the other.
  it.each([
    ['{ invoice { id } payroll }', ['invoices:read', 'payroll:read']],
    ['{ payroll invoice { id } }', ['invoices:read', 'payroll:read']],
    ['mutation { remind raise }', ['invoices:read', 'payroll:write']],
    ['mutation { first: remind raise remind }', ['invoices:read', 'payroll:write']],
  ])('asks each field of %s for its own scopes', async (operation, scopes) => {
    const { data, errors } = await send(await keyWith({ scopes: ['invoices:read'] }), operation);
    expect(data).toBeNull();
    expect(errors?.map(codeOf)).toEqual(['API_KEY_SCOPE']);
    const whole = await send(await keyWith({ scopes }), operation);
    expect(whole.errors).toBeUndefined();
    expect(Object.values(whole.data ?? {})).not.toContain(null);
  });

  it('counts a request once, however many fields it asks for', async () => {
    const slow = await keyWith({
      scopes: ['invoices:read', 'payroll:read'],
      requestsPerMinute: 2,
    });
    const answers = [];
    const operation = '{ a: invoice { id } b: invoice { id } payroll }';
    // A minute may begin in between.
    for (let request = 0; request < 6; request += 1) answers.push(await send(slow, operation));
    expect(answers.slice(0, 2).map(({ errors }) => errors)).toEqual([undefined, undefined]);
    const refused = answers.filter(({ errors }) => errors !== undefined);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    for (const { errors } of refused) {
      expect(new Set(errors?.map(codeOf))).toEqual(new Set(['API_KEY_RATE_EXCEEDED']));
    }
  });
});

interface Refusal {
  readonly extensions: { readonly originalError?: { readonly code?: string } };
}

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly Refusal[];
}

const codeOf = ({ extensions }: Refusal) => extensions.originalError?.code;
