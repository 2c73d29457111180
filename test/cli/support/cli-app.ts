import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { EngineSetup } from '../../support/engines.js';
import type { CommandPackage } from './command-package.js';

export type Format = 'cjs' | 'esm';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Of another user, where the tests run as root. */
  readonly uid?: number;
}

/** An app in a folder of its own, and the command that is run there. */
export class CliApp {
  readonly folder: string;

  constructor(
    private readonly command: CommandPackage,
    format: Format,
    files: Readonly<Record<string, string>>,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {
    this.folder = mkdtempSync(join(command.folder, `app-${format}-`));
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(command.path, join(this.folder, 'node_modules/nestjs-tenancy'));
    this.write({
      'package.json': JSON.stringify(format === 'esm' ? { type: 'module' } : {}),
      'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS }),
      ...files,
    });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  /** Runs `npx tenancy …` without a terminal. */
  async run(args: readonly string[], { env = {}, uid }: RunOptions = {}): Promise<Ended> {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [...this.command.nodeArguments, ...args], {
      cwd: this.folder,
      env: { PATH, ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      ...(uid !== undefined && { uid, gid: uid }),
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }

  /** What a command that succeeds prints for programs. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json']);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }
}

/** Where the databases of a test are, as the environment says it. */
export function environmentOf(setup: EngineSetup): Record<string, string> {
  return {
    TENANCY_CENTRAL_URL: setup.centralUrl,
    TENANCY_SERVER_URL: setup.serverUrl,
    TENANCY_DATABASE_PREFIX: setup.databasePrefix,
  };
}

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  paths: { '@app/*': ['./src/*'] },
};

/** An app with an entity of its own, whose seeder and scripts need the app's module. */
export const PROJECTS_APP: Readonly<Record<string, string>> = {
  'src/tenancy.config.ts': `
    import { defineTenancyConfig } from 'nestjs-tenancy';
    import { CreateProjects1700000000000 } from './create-projects.js';
    import { Project } from '@app/project.entity.js';
    export default defineTenancyConfig({
      tenants: {
        migrations: [CreateProjects1700000000000],
        seed: async (_tenant, dataSource) => {
          await dataSource.getRepository(Project).save({ id: 1, name: 'first' });
        },
      },
    });
    export const app = () => import('./app.module.js');
  `,
  'src/project.entity.ts': `
    import { Column, Entity, PrimaryColumn } from 'typeorm';
    @Entity('projects')
    export class Project {
      @PrimaryColumn() id!: number;
      @Column() name!: string;
    }
  `,
  'src/create-projects.ts': `
    import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
    export class CreateProjects1700000000000 implements MigrationInterface {
      async up(queryRunner: QueryRunner) {
        const columns = [
          { name: 'id', type: 'int', isPrimary: true },
          { name: 'name', type: 'varchar', length: '50' },
        ];
        await queryRunner.createTable(new Table({ name: 'projects', columns }));
      }
      async down(queryRunner: QueryRunner) {
        await queryRunner.dropTable('projects');
      }
    }
  `,
  'src/projects.service.ts': `
    import { Injectable } from '@nestjs/common';
    import { InjectRepository } from '@nestjs/typeorm';
    import { Repository } from 'typeorm';
    import { Project } from './project.entity.js';
    @Injectable()
    export class Projects {
      constructor(@InjectRepository(Project) readonly projects: Repository<Project>) {}
      names() { return this.projects.find().then((rows) => rows.map(({ name }) => name)); }
    }
  `,
  'src/app.module.ts': `
    import { Module } from '@nestjs/common';
    import { TypeOrmModule } from '@nestjs/typeorm';
    import { TenancyModule } from 'nestjs-tenancy';
    import config from './tenancy.config.js';
    import { Project } from './project.entity.js';
    import { Projects } from './projects.service.js';
    @Module({
      imports: [TenancyModule.forRoot(config), TypeOrmModule.forFeature([Project])],
      providers: [Projects],
    })
    export class AppModule {}
  `,
  'scripts/names.ts': `
    import type { TenancyScript } from 'nestjs-tenancy';
    import { Projects } from '../src/projects.service.js';
    const names: TenancyScript = async ({ tenant, app }) => {
      console.log(tenant.slug, await app.get(Projects).names());
      if (tenant.slug === 'broken') throw new Error('not this one');
    };
    export default names;
  `,
};

/** A configuration and nothing else: the databases are left to the environment. */
export const BARE_APP: Readonly<Record<string, string>> = {
  'src/tenancy.config.ts': `
    import { defineTenancyConfig } from 'nestjs-tenancy';
    export default defineTenancyConfig({});
  `,
};
