import 'reflect-metadata';
import {
  Body,
  Controller,
  Module,
  Post,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryGeneratedColumn, type DataSource, type Repository } from 'typeorm';
import {
  Audited,
  AuditRow,
  AuditService,
  bySubdomain,
  CENTRAL,
  CreateAuditOutbox,
  Tenancy,
  TenancyModule,
  TenantService,
} from '../../lib/index.js';
import { engines, type EngineSetup } from '../support/engines.js';
import { ask, PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';
import { KEYS } from './audit-app.js';

const SECRET = 'planted-55d0e1';

/** As an app's own guard does: says who it is. */
class Login implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = { id: request.headers['x-user'] };
    return true;
  }
}

@Audited()
@Entity('members')
class Member {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { length: 100 })
  name!: string;

  @Column('varchar', { length: 100 })
  password!: string;
}

@Controller('members')
@UseGuards(Login)
class Members {
  constructor(@InjectRepository(Member) private readonly members: Repository<Member>) {}

  @Post()
  async add(@Body() { name, password }: Member) {
    const { id } = await this.members.save({ name, password });
    return { id };
  }
}

@Module({ imports: [TypeOrmModule.forFeature([Member])], controllers: [Members] })
class Root {}

const [engine] = engines;

describe.each(Object.entries(PLATFORMS))('an audited entity on %s', (_, adapter) => {
  let setup: EngineSetup;
  let app: INestApplication;

  beforeAll(async () => {
    setup = await engine!.prepare();
    const { serverUrl, databasePrefix } = setup;
    const tenancy = TenancyModule.forRoot(
      optionsOn(setup, {
        identify: [bySubdomain({ of: 'localhost' })],
        audit: { keys: [KEYS[0]!] },
        tenants: {
          servers: { main: { url: serverUrl } },
          databasePrefix,
          migrations: [CreateAuditOutbox],
          seed: (_tenant, dataSource) => dataSource.synchronize(),
        },
      }),
    );
    app = await NestFactory.create({ module: Root, imports: [tenancy] }, adapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    await app.get(TenantService).create({ slug: 'acme' });
  });
  afterAll(async () => {
    await app.close();
    await setup.cleanUp();
  });

  it('tells who changed it, by which request and from where, and none of its secrets', async () => {
    const chunks = async function* () {
      yield JSON.stringify({ name: 'Bo', password: SECRET });
    };
    const answer = await ask(app, '/members', {
      host: 'acme.localhost',
      headers: {
        'x-user': 'ann',
        'x-request-id': 'r-7',
        authorization: `Bearer ${SECRET}`,
        'content-type': 'application/json',
      },
      chunks: chunks(),
    });
    expect(answer.status).toBe(201);
    const { entries } = await app
      .get(Tenancy)
      .run('acme', () => app.get(AuditService).query({ action: 'entity.Member.*' }));
    expect(entries).toMatchObject([
      {
        action: 'entity.Member.inserted',
        actor: 'ann',
        requestId: 'r-7',
        address: expect.stringContaining('127.0.0.1'),
        details: { after: { name: 'Bo', password: '[redacted]' } },
      },
    ]);
    const rows = await app
      .get<DataSource>(getDataSourceToken(CENTRAL))
      .getRepository(AuditRow)
      .find();
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });
});
