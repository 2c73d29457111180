import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, PrimaryColumn, type Repository } from 'typeorm';
import {
  TenancyModule,
  TenantService,
  type TenancyModuleAsyncOptions,
  type TenancyOptions,
  type TenancyOptionsFactory,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { optionsOn } from '../support/tenancy-app.js';

@Module({})
class Root {}

@Entity('tenancy_tenants', { synchronize: false })
class Plan {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;
}

const start = (imports: Parameters<typeof Module>[0]['imports']) =>
  NestFactory.createApplicationContext(
    { module: Root, imports },
    { logger: false, abortOnError: false },
  );

describe('forRoot() alone', () => {
  const before = process.cwd();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-empty-'));
    process.chdir(folder);
  });
  afterAll(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true });
  });

  it('in an empty folder is a multi-tenant app', async () => {
    const app = await start([TenancyModule.forRoot()]);
    await app.get(TenantService).create({ slug: 'acme' });
    await app.close();
    expect(readdirSync('.tenancy')).toContain('central.sqlite');
    expect(readdirSync('.tenancy/tenants')).toEqual(['.locks', 'tenant_acme.sqlite']);
  });

  it('in production refuses to start', async () => {
    const environment = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(start([TenancyModule.forRoot()])).rejects.toMatchObject({
        code: 'TENANCY_OPTIONS_INVALID',
        issues: [{ path: 'central.url' }, { path: 'tenants.servers' }],
      });
    } finally {
      process.env['NODE_ENV'] = environment;
    }
  });
});

describe.each(engines.slice(0, 1))('forRootAsync', ({ prepare }) => {
  let setup: EngineSetup;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(() => setup.cleanUp());

  /** Where the options come from in an app: a service of another module. */
  const settings = () => {
    @Injectable()
    class Settings {
      readonly options: TenancyOptions = optionsOn(setup);
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    @Injectable()
    class Factory implements TenancyOptionsFactory {
      constructor(private readonly given: Settings) {}
      createTenancyOptions = async () => Promise.resolve(this.given.options);
    }
    @Module({ imports: [SettingsModule], providers: [Factory], exports: [Factory] })
    class FactoryModule {}
    return { Settings, SettingsModule, Factory, FactoryModule };
  };

  const WAYS: Record<string, () => TenancyModuleAsyncOptions> = {
    useFactory: () => ({ useFactory: () => optionsOn(setup) }),
    'useFactory with a promise': () => ({
      useFactory: async () => Promise.resolve(optionsOn(setup)),
    }),
    'useFactory with imports and inject': () => {
      const { Settings, SettingsModule } = settings();
      return {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: ({ options }: InstanceType<typeof Settings>) => options,
      };
    },
    'useClass with imports': () => {
      const { SettingsModule, Factory } = settings();
      return { imports: [SettingsModule], useClass: Factory };
    },
    'useExisting with imports': () => {
      const { FactoryModule, Factory } = settings();
      return { imports: [FactoryModule], useExisting: Factory };
    },
  };
  it.each(Object.keys(WAYS))('with %s', async (way) => {
    const app = await start([TenancyModule.forRootAsync(WAYS[way]())]);
    expect(await app.get(TenantService).create({ slug: 'acme' })).toMatchObject({
      status: 'active',
      placement: { database: `${setup.databasePrefix}acme` },
    });
    await app.close();
  });

  it('refuses what is wrong with the options', async () => {
    const wrong = { useFactory: () => ({ central: { url: 'postgres://h/db' } }) };
    await expect(start([TenancyModule.forRootAsync(wrong)])).rejects.toMatchObject({
      issues: [{ path: 'central.url' }],
    });
    const nothing = { useFactory: () => undefined as unknown as TenancyOptions };
    await expect(start([TenancyModule.forRootAsync(nothing)])).rejects.toMatchObject({
      issues: [{ path: 'options' }],
    });
  });
});

describe.each(engines.slice(0, 1))('a central DataSource of another name', ({ prepare }) => {
  let setup: EngineSetup;
  beforeEach(async () => {
    setup = await prepare();
  });
  afterEach(() => setup.cleanUp());

  const named = (name?: string) => optionsOn(setup, { central: { ...(name && { name }) } });

  it.each<[string, () => ReturnType<typeof TenancyModule.forRoot>]>([
    ['forRoot', () => TenancyModule.forRoot(named('hub'))],
    [
      'forRootAsync with centralName',
      () => TenancyModule.forRootAsync({ centralName: 'hub', useFactory: () => named() }),
    ],
    [
      'forRootAsync with both',
      () => TenancyModule.forRootAsync({ centralName: 'hub', useFactory: () => named('hub') }),
    ],
  ])('is found by it everywhere: %s', async (_way, tenancy) => {
    const app = await start([tenancy(), TypeOrmModule.forFeature([Plan], 'hub')]);
    await app.get(TenantService).create({ slug: 'acme' });
    expect(app.get(getDataSourceToken('hub')).isInitialized).toBe(true);
    const plans: Repository<Plan> = app.get(getRepositoryToken(Plan, 'hub'));
    expect(await plans.count()).toBe(1);
    expect(() => app.get(getDataSourceToken('central'))).toThrow(/could not find/);
    const central = app.get(getDataSourceToken('hub'));
    await app.close();
    expect(central.isInitialized).toBe(false);
  });

  it.each<[TenancyModuleAsyncOptions['centralName'], string]>([
    [undefined, 'hub'],
    ['other', 'hub'],
  ])('registered as %p and called "%s" by the options is refused', async (centralName, name) => {
    const options = { useFactory: () => named(name), ...(centralName && { centralName }) };
    await expect(start([TenancyModule.forRootAsync(options)])).rejects.toMatchObject({
      issues: [
        {
          path: 'central.name',
          problem: expect.stringContaining(`"${centralName ?? 'central'}"`),
          remedy: expect.stringContaining("centralName: 'hub'"),
        },
      ],
    });
  });

  it('no file of lib calls it by its name but the one that defines it', () => {
    const lib = join(__dirname, '../../lib');
    // `central` is also a mode of routes and a section of the options.
    const otherMeaning = /RouteMode|mode ===|IsIn\(|CentralOptions|ResolvedTenancyOptions[[,]/;
    const lines = readdirSync(lib, { recursive: true, encoding: 'utf8' })
      // What the command line says to people is no name.
      .filter((file) => file.endsWith('.ts') && !file.startsWith('cli/'))
      .flatMap((file) =>
        readFileSync(join(lib, file), 'utf8')
          .split('\n')
          .filter((line) => /['"`]central['"`]/.test(line) && !/^\s*(\*|\/)/.test(line))
          .filter((line) => !otherMeaning.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(lines).toEqual(["options/central-options.ts: export const CENTRAL = 'central';"]);
  });
});
