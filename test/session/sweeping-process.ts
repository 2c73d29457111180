import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import expressSession from 'express-session';
import { TenancyModule } from '../../lib/index.js';
import { SessionSweeper, TenantSessionModule } from '../../lib/session/index.js';

/** One of an app's processes. It says what comes of each of its sweeps: a number, or null where another was at it. */
const [centralUrl, serverUrl, databasePrefix] = process.argv.slice(2) as [string, string, string];

@Module({
  imports: [
    TenancyModule.forRoot({
      central: { url: centralUrl },
      tenants: { servers: { main: { url: serverUrl } }, databasePrefix },
    }),
    TenantSessionModule.forRoot({
      use: expressSession,
      secret: 'a secret of more than 32 characters',
      sweepInterval: 2,
    }),
  ],
})
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const sweeper = app.get(SessionSweeper);
  const sweep = sweeper.sweep.bind(sweeper);
  sweeper.sweep = async () => {
    const slot = Math.round(Date.now() / 2_000);
    const removed = await sweep();
    process.send?.({ slot, removed: removed ?? null });
    return removed;
  };
  // Nothing else keeps it alive: a sweep that is due keeps no process from ending.
  process.channel?.ref();
  process.send?.('ready');
}

void start();
