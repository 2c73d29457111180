import type { Variant } from '../app/settings.js';
import { atLeast, atMost, type Bound } from '../harness/bounds.js';
import type { Machine } from '../harness/machine.js';
import type { StackTime } from './stack-time.js';
import type { Throughput } from './throughput.js';

/** Node 24 resumes an AsyncLocalStorage without promise hooks (AsyncContextFrame), so less may be lost there. */
const OF_SINGLE = { fromNode24: 0.95, before: 0.85 };
const WHOLE_STACK_OF_SINGLE = 0.75;
const OF_REQUEST_SCOPE = 3;
/** Milliseconds. */
const STACK_P95 = 0.15;

/** What `bench:http --check` demands, as far as it was measured. */
export function demands(
  machine: Machine,
  throughputs: readonly Throughput[],
  stack: StackTime | undefined,
): Bound[] {
  const ratioOf = (variant: Variant) =>
    throughputs.find((figure) => figure.handler === 'select' && figure.variant === variant)?.ratio
      .median;
  const tenancy = ratioOf('tenancy');
  const requestScope = ratioOf('request-scope');
  const major = Number(/^v(\d+)/.exec(machine.node)?.[1]);
  const bounds: Bound[] = [];
  if (tenancy !== undefined) {
    const limit = major >= 24 ? OF_SINGLE.fromNode24 : OF_SINGLE.before;
    bounds.push(atLeast('select', tenancy, limit, 'of single'));
  }
  const wholeStack = ratioOf('whole-stack');
  if (wholeStack !== undefined) {
    bounds.push(
      atLeast('select with the whole stack', wholeStack, WHOLE_STACK_OF_SINGLE, 'of single'),
    );
  }
  if (tenancy !== undefined && requestScope !== undefined) {
    const times = tenancy / requestScope;
    bounds.push(atLeast('select', times, OF_REQUEST_SCOPE, 'times request-scope'));
  }
  if (stack !== undefined) {
    bounds.push(atMost('the stack takes at p95', stack.p95, STACK_P95, 'ms per request'));
  }
  return bounds;
}
