import { Controller, Get } from '@nestjs/common';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { Writable } from 'node:stream';
import { Tenancy } from '../../lib/index.js';
import { createTenants, startApp } from '../support/app.js';
import { engines } from '../support/engines.js';
import { ask } from '../support/http.js';
import { until } from '../support/until.js';

@Controller()
class ProjectsController {
  constructor(private readonly logger: PinoLogger) {}

  @Get('projects')
  list() {
    this.logger.info('listed');
    return [];
  }
}

interface Line {
  readonly msg: string;
  readonly tenant?: string;
}

describe.each(engines.slice(0, 1))('pino on $name', ({ prepare }) => {
  it('has the tenant in each line by a mixin, in those that it writes itself, too', async () => {
    const setup = await prepare();
    const lines: Line[] = [];
    const stream = new Writable({
      write(line, _encoding, written) {
        lines.push(JSON.parse(String(line)));
        written();
      },
    });
    const app = await startApp(setup, {
      imports: [
        LoggerModule.forRootAsync({
          inject: [Tenancy],
          useFactory: (tenancy: Tenancy) => ({
            pinoHttp: [{ mixin: () => ({ tenant: tenancy.current?.slug }) }, stream],
          }),
        }),
      ],
      controllers: [ProjectsController],
    });
    await createTenants(app, ['acme', 'bolt']);
    lines.length = 0;
    for (const slug of ['acme', 'bolt', 'acme']) {
      await ask(app.nest, '/projects', { host: `${slug}.localhost` });
    }
    await until('all is logged', () => lines.length === 6);
    expect(lines.map(({ msg, tenant }) => [msg, tenant])).toEqual(
      ['acme', 'bolt', 'acme'].flatMap((slug) => [
        ['listed', slug],
        ['request completed', slug],
      ]),
    );
    await app.close();
    await setup.cleanUp();
  });
});
