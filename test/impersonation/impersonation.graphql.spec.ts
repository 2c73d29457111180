import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  bySubdomain,
  ImpersonationGuard,
  ImpersonationService,
  Tenancy,
  TenancyModule,
  TenantService,
  type Impersonation,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

@Resolver()
@UseGuards(ImpersonationGuard)
class Site {
  constructor(private readonly tenancy: Tenancy) {}

  @Query(() => String)
  who(): string {
    return this.tenancy.impersonator?.actor ?? 'the user';
  }

  @Mutation(() => String)
  change(): string {
    return this.who();
  }
}

@Module({})
class Root {}

const [engine] = engines;

describe('an impersonation in GraphQL', () => {
  let setup: EngineSetup;
  let app: INestApplication;
  /** What the app's own session holds. */
  let session: { impersonation?: Impersonation };

  beforeAll(async () => {
    setup = await engine!.prepare();
    app = await NestFactory.create(
      {
        module: Root,
        imports: [
          TenancyModule.forRoot(optionsOn(setup, { identify: [bySubdomain({ of: 'localhost' })] })),
          GraphQLModule.forRoot<ApolloDriverConfig>({
            driver: ApolloDriver,
            autoSchemaFile: true,
            playground: false,
          }),
        ],
        providers: [Site],
      },
      new ExpressAdapter(),
      { logger: false, abortOnError: false },
    );
    app.use((request: object, _response: object, next: () => void) => {
      Object.assign(request, { session });
      next();
    });
    await app.listen(0, '127.0.0.1');
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });
  beforeEach(() => {
    session = {};
  });

  async function begin(readOnly: boolean): Promise<void> {
    const impersonations = app.get(ImpersonationService);
    const wanted = { tenant: 'acme', userId: 'ann', actor: 'operator', readOnly };
    const { token } = await impersonations.issue(wanted);
    const redeem = () => impersonations.redeem(token);
    session = { impersonation: await app.get(Tenancy).run('acme', redeem) };
  }

  async function send(operation: string): Promise<unknown> {
    const { body } = await ask(app, '/graphql', {
      host: 'acme.localhost',
      headers: { 'content-type': 'application/json' },
      chunks: (async function* () {
        yield JSON.stringify({ query: operation });
      })(),
    });
    const { data, errors } = body as Answer;
    return errors?.[0]?.extensions.originalError?.code ?? data;
  }

  it('is nobody in the session of the user', async () => {
    expect(await send('{ who }')).toEqual({ who: 'the user' });
  });

  it('is known to each field', async () => {
    await begin(false);
    expect(await send('{ who }')).toEqual({ who: 'operator' });
    expect(await send('mutation { change }')).toEqual({ change: 'operator' });
  });

  it('changes nothing when it is read-only', async () => {
    await begin(true);
    expect(await send('mutation { change }')).toBe('IMPERSONATION_READ_ONLY');
    // Sent as POST, too.
    expect(await send('{ who }')).toBe('IMPERSONATION_READ_ONLY');
  });
});

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly extensions: { readonly originalError?: { readonly code?: string } };
  }[];
}
