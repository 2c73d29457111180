import { verifyConnectionBudget } from '../../database/connection-budget.js';
import { ConnectionBudgetError } from '../../database/errors.js';
import { ok, problem, type Check } from './check.js';

/** Whether all processes together may open what they may open. */
export const budget: Check = {
  name: 'connection arithmetic',
  async run({ servers, options }) {
    const budgeted = [];
    for (const { options: server, inspection } of servers) {
      budgeted.push({ options: server, limits: await inspection.connectionLimits() });
    }
    if (budgeted.every(({ limits }) => limits === undefined)) return [];
    try {
      verifyConnectionBudget(budgeted, options.pool.processes);
      return [ok('servers', `allow what ${options.pool.processes} process(es) may open`)];
    } catch (error) {
      if (!(error instanceof ConnectionBudgetError)) throw error;
      const [message, ...remedy] = error.message.split(' Let each process');
      return [problem('servers', message, `Let each process${remedy.join('')}`)];
    }
  },
};
