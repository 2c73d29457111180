import {
  Inject,
  Injectable,
  Logger,
  NotFoundException,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { CentralPort } from '../../http/central-port.js';
import { cameByCentralPort } from '../../identify/central-port.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin-options.js';
import { AdminPortRefusedError } from '../errors.js';

/** Serves the admin API at the port of its own, where the options have one, and keeps it from being served at the app's. */
@Injectable()
export class AdminPort implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('TenancyAdmin');
  private port?: CentralPort;

  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
    private readonly app: HttpAdapterHost,
    private readonly config: ApplicationConfig,
  ) {}

  /** @throws AdminPortRefusedError */
  async onApplicationBootstrap(): Promise<void> {
    const { port, host } = this.options;
    // The command line and workers have the app's modules, and serve nothing.
    if (port === undefined || this.servesNothing()) return;
    const paths = this.paths();
    this.port = new CentralPort(this.app, (path) => paths.some((one) => path.startsWith(one)));
    try {
      await this.port.open(port, host);
    } catch (error) {
      throw new AdminPortRefusedError(host, port, error);
    }
    this.logger.log(`The admin API is at http://${host}:${port}${paths[0]}`);
  }

  async onModuleDestroy(): Promise<void> {
    await this.port?.close();
  }

  /** @throws NotFoundException, as for a route that is not there */
  verify(request: { readonly method: string; readonly url?: string }): void {
    if (this.options.port === undefined || cameByCentralPort(request)) return;
    throw new NotFoundException(`Cannot ${request.method} ${request.url}`);
  }

  private servesNothing(): boolean {
    return this.app.httpAdapter?.getHttpServer() === undefined;
  }

  /** Behind the app's global prefix, and without it, for who has excluded the admin API from it. */
  private paths(): readonly string[] {
    const own = `/${this.options.prefix}/`;
    const global = this.config.getGlobalPrefix().replaceAll(/^\/+|\/+$/g, '');
    return global === '' ? [own] : [`/${global}${own}`, own];
  }
}
