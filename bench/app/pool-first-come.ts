import {
  Controller,
  Get,
  Inject,
  Module,
  Param,
  ParseIntPipe,
  Req,
  type DynamicModule,
} from '@nestjs/common';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { tenantOf, type RequestWithHost } from '../baselines/tenant-of.js';
import type { PoolAppSettings } from './pool-settings.js';
import { databaseOf } from './settings.js';
import { SLOW_QUERY } from './slow-projects.controller.js';

const POOL = 'POOL';

/** The same two handlers on one plain pool of mysql2, which all tenants share and which knows nothing of them. */
@Controller()
class FirstComeController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Get('projects/:id')
  find(@Req() request: RequestWithHost, @Param('id', ParseIntPipe) id: number) {
    return this.first(request, 'SELECT id, name, touches FROM project WHERE id = ?', [id]);
  }

  @Get('projects/:id/slowly/:milliseconds')
  findSlowly(
    @Req() request: RequestWithHost,
    @Param('id', ParseIntPipe) id: number,
    @Param('milliseconds', ParseIntPipe) milliseconds: number,
  ) {
    return this.first(request, SLOW_QUERY, [milliseconds, id]);
  }

  private async first(request: RequestWithHost, sql: string, values: number[]) {
    const connection = await this.pool.getConnection();
    try {
      await connection.query(`USE ${databaseOf(tenantOf(request))}`);
      const [rows] = await connection.query<RowDataPacket[]>(sql, values);
      return rows[0];
    } finally {
      connection.release();
    }
  }
}

/** First come, first served. */
@Module({})
export class PoolFirstComeModule {
  static with({ servers }: PoolAppSettings): DynamicModule {
    const [{ url, maxConnections }] = Object.values(servers);
    return {
      module: PoolFirstComeModule,
      providers: [
        {
          provide: POOL,
          useFactory: () => createPool({ uri: url, connectionLimit: maxConnections }),
        },
      ],
      controllers: [FirstComeController],
    };
  }
}
