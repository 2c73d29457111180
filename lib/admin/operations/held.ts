import { Logger } from '@nestjs/common';
import { runDetached } from '../../context/tenant-context.js';
import { HELD_FOR, type Hold, type OperationStore } from './operation-store.js';

const logger = new Logger('TenancyAdmin');

/** Runs `work` while the operation is told, again and again, that its holder lives. */
export async function whileHeld<T>(
  store: OperationStore,
  hold: Hold,
  work: () => Promise<T>,
): Promise<T> {
  const renew = () => {
    store.renew(hold, Date.now()).catch((error: unknown) => {
      // The next turn tries again; there are two before the time is up.
      logger.warn(`That operation ${hold.id} goes on could not be told: ${String(error)}`);
    });
  };
  const timer = runDetached('hold an operation of the admin API', () =>
    setInterval(renew, HELD_FOR / 3).unref(),
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
