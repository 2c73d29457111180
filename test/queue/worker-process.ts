import 'reflect-metadata';
import type { Job } from 'bullmq';
import { startJobsApp, type Work } from './jobs-app.js';
import { OneAtATime } from './processors.js';

// An app with a worker, as its own process. It says which job it has begun, whose, and at whose database; and it does
// not end one before it is told to.

const [, , prefix = '', port = '', centralUrl = '', serverUrl = '', databasePrefix = ''] =
  process.argv;

process.on('message', () => {}); // keeps it alive, and open to being told

async function handler(job: Job, work: Work): Promise<void> {
  const { tenant, database } = work.seen.at(-1) ?? {};
  process.send?.({ name: job.name, tenant, database, started: job.attemptsStarted });
  await new Promise((resolve) => process.once('message', resolve));
}

void startJobsApp(
  { centralUrl, serverUrl, databasePrefix, cleanUp: async () => {} },
  { host: '127.0.0.1', port: Number(port) },
  { prefix, providers: [OneAtATime], handler, options: { concurrencyPerTenant: 1 } },
).then(() => process.send?.('ready'));
