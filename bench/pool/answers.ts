import type { PoolAppReport } from '../app/pool-server.js';
import { inOrder, quantile } from '../harness/statistics.js';
import { OK, type Answer } from '../load/stream.js';
import type { Clients } from './clients.js';

/** Milliseconds, as the clients saw them. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Undefined of no answers. */
export function latencyOf(answers: readonly Answer[]): Latency | undefined {
  if (answers.length === 0) return undefined;
  const ordered = inOrder(answers.map(({ took }) => took));
  return { p50: quantile(ordered, 0.5), p99: quantile(ordered, 0.99), max: ordered.at(-1)! };
}

/** What is written to a file of answers, which are thousands. */
function summaryOf(answers: readonly Answer[]) {
  return { answers: answers.length, outcomes: countsOf(answers), latency: latencyOf(answers) };
}

export function summariesOf(answers: Readonly<Record<string, readonly Answer[]>>) {
  return Object.fromEntries(Object.entries(answers).map(([name, of]) => [name, summaryOf(of)]));
}

export function failuresOf(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter(({ outcome }) => outcome !== OK);
}

/** How many answers there were of each outcome: `ok 1200, POOL_TIMEOUT 3`. */
export function outcomesOf(answers: readonly Answer[]): string {
  return countsLine(countsOf(answers));
}

function countsOf(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The most frequent first. */
export function countsLine(counts: Readonly<Record<string, number>>): string {
  const ordered = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return ordered.map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}

/** How much of the latencies the machine was to blame for. */
export function cpuWaitLine(app: PoolAppReport, clients: Clients): string {
  const seconds = (wait: number | undefined) => (wait === undefined ? '?' : wait.toFixed(1));
  return (
    `In ${app.uptime.toFixed(0)} s the app waited ${seconds(app.cpuWait)} s for a CPU, ` +
    `the clients ${seconds(clients.cpuWait)} s.`
  );
}

export function milliseconds(value: number | undefined, digits = 1): string {
  return value === undefined ? '-' : value.toFixed(digits);
}
