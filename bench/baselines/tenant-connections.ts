import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Project } from '../app/project.entity.js';
import { databaseOf, type AppSettings } from '../app/settings.js';

/** Connections that each tenant's own pool may open. */
const POOL_SIZE = 4;

/**
 * The `Map` at the heart of `request-scope`, `durable` and `cls`: a DataSource with its own pool for each tenant, opened
 * at its first request. The promise is kept rather than the DataSource, so that a tenant's first requests open it once.
 */
@Injectable()
export class TenantConnections implements OnApplicationShutdown {
  private readonly dataSources = new Map<string, Promise<DataSource>>();

  constructor(private readonly settings: AppSettings) {}

  get(slug: string): Promise<DataSource> {
    const known = this.dataSources.get(slug);
    if (known !== undefined) return known;
    const opening = new DataSource(this.optionsOf(slug)).initialize();
    this.dataSources.set(slug, opening);
    opening.catch(() => this.dataSources.delete(slug));
    return opening;
  }

  async onApplicationShutdown(): Promise<void> {
    const dataSources = await Promise.all(this.dataSources.values());
    await Promise.all(dataSources.map((dataSource) => dataSource.destroy()));
  }

  private optionsOf(slug: string): DataSourceOptions {
    const { server, url } = this.settings;
    return {
      type: server,
      url: `${url}/${databaseOf(slug)}`,
      entities: [Project],
      poolSize: POOL_SIZE,
    };
  }
}
