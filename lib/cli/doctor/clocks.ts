import { ok, problem, type Check } from './check.js';

/** Milliseconds. Below it a difference may come of the way to the server and back. */
const TOLERATED = 5_000;

/** Whether the servers know what time it is. */
export const clocks: Check = {
  name: 'clocks',
  run: async ({ servers }) =>
    servers.flatMap(({ name, facts }) => {
      if (facts === undefined) return [];
      const { clockSkew } = facts;
      if (Math.abs(clockSkew) <= TOLERATED) return [ok(name, 'has the time of this machine')];
      const seconds = Math.round(Math.abs(clockSkew) / 1_000);
      const message = `is ${seconds} s ${clockSkew > 0 ? 'ahead of' : 'behind'} this machine`;
      return [
        problem(
          name,
          message,
          'Synchronise both clocks (NTP): times of rows and of the app differ',
        ),
      ];
    }),
};
