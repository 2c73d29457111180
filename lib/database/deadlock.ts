import { QueryFailedError } from 'typeorm';
import { isDeadlock } from './engines/mysql/error-kinds.js';

/**
 * Runs a statement that is a transaction of its own, and sends it again when the server has ended it to get several out of
 * a deadlock: then nothing of it has run, and one of the others has got its way, so that this comes to an end. SQLite has
 * one writer at a time, and no deadlocks.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html
 */
export async function resendAfterDeadlock<T>(statement: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await statement();
    } catch (error) {
      if (!(error instanceof QueryFailedError && isDeadlock(error.driverError))) throw error;
    }
  }
}
