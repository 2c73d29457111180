import { selectedServers } from './selected-engines.js';
import { SERVER_KINDS } from './servers/index.js';

/** `describe.each` of the selected servers; skipped where none is selected, for which jest would fail. */
export const describeServers =
  selectedServers.length > 0 ? describe.each(selectedServers) : describe.skip.each(SERVER_KINDS);
