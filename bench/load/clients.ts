/**
 * The clients of an app that is driven into trouble: a process of its own, as `generator.ts`, but one that takes errors
 * for answers and keeps all of them, with the time, so that what was seen before, during and after an event can be told
 * apart. It answers each {@link ClientOrder} with a {@link ClientReport}.
 */
import { cpuWait } from './cpu-wait.js';
import { RunningStream } from './running-stream.js';
import type { ClientOrder, ClientReport } from './stream.js';

interface UnderWay {
  readonly stream: RunningStream;
  readonly ended: Promise<void>;
}

const underWay = new Map<string, UnderWay>();
let cpu = process.cpuUsage();
let since = performance.now();

async function obey(order: ClientOrder): Promise<Omit<ClientReport, 'busy' | 'cpuWait'>> {
  if ('start' in order) {
    const starting = order.start.map(({ name, ...stream }) => ({
      name,
      stream: new RunningStream({ name, ...stream }),
    }));
    await Promise.all(starting.map(({ stream }) => stream.open()));
    for (const { name, stream } of starting) underWay.set(name, { stream, ended: stream.run() });
    return {};
  }
  const all = [...underWay];
  underWay.clear();
  if (order.finish === 'now') all.forEach(([, { stream }]) => stream.stop());
  await Promise.all(all.map(([, { ended }]) => ended));
  return { answers: Object.fromEntries(all.map(([name, { stream }]) => [name, stream.answers])) };
}

function share(): number {
  const { user, system } = process.cpuUsage(cpu);
  const elapsed = performance.now() - since;
  [cpu, since] = [process.cpuUsage(), performance.now()];
  return (user + system) / 1000 / elapsed;
}

process.on('message', (order: ClientOrder) => {
  void obey(order)
    .catch((error: unknown) => ({ failure: String(error) }))
    .then((report) =>
      process.send?.({ ...report, busy: share(), cpuWait: cpuWait() } satisfies ClientReport),
    );
});
process.once('disconnect', () => process.exit());
