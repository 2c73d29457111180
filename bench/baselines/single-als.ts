import type { DynamicModule } from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AppSettings } from '../app/settings.js';
import { SingleModule } from './single.js';

/**
 * `single` in a process where an AsyncLocalStorage is in use, as tracing, request logging and `nestjs-cls` have one, and as
 * this package does: tells what each promise costs then on node 20 from what a way of tenancy costs.
 */
export function singleBesideAls(settings: AppSettings): DynamicModule {
  // Not undefined, which it has already: then nothing would be in use.
  new AsyncLocalStorage<object>().run({}, () => {});
  return SingleModule.with(settings);
}
