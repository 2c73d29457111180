import 'reflect-metadata';
import type { EngineSetup } from '../support/engines.js';
import { startMessagesApp, MASTER_KEY } from './messages-app.js';

// The app as its own process, on the databases and the Redis that it is given. It tells its port.

type Start = Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'> & {
  readonly redis?: string;
};

process.on('message', ({ redis, ...setup }: Start) => {
  const options = redis === undefined ? {} : { redis: { url: redis } };
  void startMessagesApp(setup, 'fastify', { masterKeys: [MASTER_KEY] }, options).then(({ port }) =>
    process.send?.(port),
  );
});
process.on('disconnect', () => process.exit());
