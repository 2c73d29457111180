import { appWith, contents, run } from './support/schematics.js';

/** What nest add makes of an AppModule that imports this. */
async function added(typeOrm: string, imports = '', before = '') {
  const app = await appWith(`import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
${imports}
${before}
@Module({ imports: [${typeOrm}] })
export class AppModule {}
`);
  const { tree, printed } = await run('nest-add', { sourceRoot: 'src' }, app);
  return {
    tree,
    printed,
    appModule: tree.readText('/src/app.module.ts'),
    config: tree.readText('/src/tenancy.config.ts'),
    env: tree.readText('/.env.example'),
  };
}

describe('nest add, in the place of TypeOrmModule.forRoot()', () => {
  it('carries the options over, with the imports that they need', async () => {
    const { appModule, config } = await added(
      `TypeOrmModule.forRoot({
        type: 'mysql',
        entities: [User, __dirname + '/**/*.entity{.ts,.js}'],
        migrations: [CreateUsers1],
        subscribers: [],
        logging: process.env.SQL_LOG === 'yes',
        namingStrategy: new SnakeNamingStrategy(),
        timezone: 'Z',
        autoLoadEntities: true,
        synchronize: false,
      })`,
      `import { User } from './users/user.entity';
import { CreateUsers1 } from './migrations/1-create-users';
import { SnakeNamingStrategy } from 'typeorm-naming-strategies';`,
    );
    expect(appModule).toBe(`import { Module } from '@nestjs/common';
import { TenancyModule } from 'nestjs-tenancy';
import tenancyConfig from './tenancy.config';

@Module({ imports: [TenancyModule.forRoot(tenancyConfig)] })
export class AppModule {}
`);
    expect(config)
      .toBe(`import { byDomain, bySubdomain, defineTenancyConfig } from 'nestjs-tenancy';
import { SnakeNamingStrategy } from 'typeorm-naming-strategies';
import { User } from './users/user.entity';
import { CreateUsers1 } from './migrations/1-create-users';

/** The databases are left to the environment: see .env.example. */
export default defineTenancyConfig({
  central: {
    migrations: [],
  },
  tenants: {
    migrations: [CreateUsers1],
    entities: [User, __dirname + '/**/*.entity{.ts,.js}'],
    subscribers: [],
    typeorm: {
      logging: process.env.SQL_LOG === 'yes',
      namingStrategy: new SnakeNamingStrategy(),
    },
    servers: {
      main: {
        url: process.env.TENANCY_SERVER_URL ?? '',
        maxConnections: Number(process.env.TENANCY_MAX_CONNECTIONS ?? 20),
        connection: {
          timezone: 'Z',
        },
      },
    },
  },
  identify: [bySubdomain({ of: 'localhost' }), byDomain()],
});

/** For the command line: seeders, scripts and listeners have the app's providers and entities. */
export const app = () => import('./app.module.js');
`);
  });

  it('tells the environment where the server is, without the password', async () => {
    const { env, printed, tree } = await added(`TypeOrmModule.forRoot({
      type: 'mariadb', host: 'db.internal', port: 3307, username: 'shop', password: 's3cret', database: 'shop',
      poolSize: 7,
    })`);
    expect(env).toContain('TENANCY_SERVER_URL=mariadb://user:password@db.internal:3307\n');
    expect(env).toContain('TENANCY_MAX_CONNECTIONS=7\n');
    expect(printed).toContain("adoptDatabase: 'shop'");
    expect(tree.readText('/package.json')).toContain('"mysql2"');
    expect(JSON.stringify(contents(tree))).not.toContain('s3cret');
  });

  it('names what has no place, and why', async () => {
    const { printed, config } = await added(
      `TypeOrmModule.forRoot({ type: 'mysql', synchronize: true, logging, entityPrefix: PREFIX, colour: 'red' })`,
      `import { PREFIX as prefix } from './prefix';`,
      `const logging = true;\nconst PREFIX = prefix;`,
    );
    expect(printed).toContain("synchronize: a tenant's tables are made by migrations");
    expect(printed).toContain('logging: not known outside of its place');
    expect(printed).toContain('entityPrefix: PREFIX: not known outside of its place');
    expect(printed).toContain('colour: there is no such option');
    expect(config).not.toContain('typeorm');
  });

  it('reads what a factory returns, and leaves to the user what depends on its arguments', async () => {
    const { appModule, config, printed } = await added(
      `TypeOrmModule.forRootAsync({
        inject: [ConfigService],
        useFactory: (settings: ConfigService) => ({
          type: 'mysql',
          host: settings.get('DB_HOST'),
          logging: settings.get('DB_LOG'),
          retryAttempts: 3,
        }),
      })`,
      `import { ConfigService } from '@nestjs/config';`,
    );
    expect(appModule).toContain('[TenancyModule.forRoot(tenancyConfig)]');
    expect(appModule).not.toContain('ConfigService');
    expect(config).toContain('retryAttempts: 3');
    expect(printed).toContain("logging: settings.get('DB_LOG'): not known outside of its place");
  });

  it('leaves a DataSource with a name, which is another one', async () => {
    const legacy = "TypeOrmModule.forRoot({ type: 'postgres', name: 'legacy' })";
    const { appModule } = await added(legacy);
    expect(appModule).toContain(`[${legacy}, TenancyModule.forRoot(tenancyConfig)]`);
  });

  it('finds it in another module of the app', async () => {
    const app = await appWith(`import { Module } from '@nestjs/common';
import { DatabaseModule } from './database/database.module';

@Module({ imports: [DatabaseModule] })
export class AppModule {}
`);
    app.create(
      '/src/database/database.module.ts',
      `import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from '../users/user.entity';

@Module({ imports: [TypeOrmModule.forRoot({ type: 'better-sqlite3', entities: [User] })] })
export class DatabaseModule {}
`,
    );
    const { tree } = await run('nest-add', { sourceRoot: 'src' }, app);
    expect(tree.readText('/src/app.module.ts')).not.toContain('TenancyModule');
    const databaseModule = tree.readText('/src/database/database.module.ts');
    expect(databaseModule).toContain("import tenancyConfig from '../tenancy.config';");
    expect(databaseModule).not.toContain('User');
    const config = tree.readText('/src/tenancy.config.ts');
    expect(config).toContain("import { User } from './users/user.entity';");
    expect(tree.readText('/package.json')).toContain('"better-sqlite3"');
  });

  it('lets a configuration that is there have its way', async () => {
    const app = await appWith(`import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

@Module({ imports: [TypeOrmModule.forRoot({ type: 'mysql', logging: true, cache: true })] })
export class AppModule {}
`);
    app.create(
      '/src/tenancy.config.ts',
      `export default { tenants: { typeorm: { logging: false } } };\n`,
    );
    const { tree, printed } = await run('nest-add', { sourceRoot: 'src' }, app);
    expect(tree.readText('/src/tenancy.config.ts')).toBe(
      'export default { tenants: { typeorm: { logging: false, cache: true } } };\n',
    );
    expect(printed).toContain('tenants.typeorm.logging: true: say it in tenancy.config.ts');
  });
});
