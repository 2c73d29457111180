import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Where figures were measured: without it they say nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** In GB. */
  readonly memory: number;
  /** The version of node that the measured code runs on. */
  readonly node: string;
  /** The database server's name and version. */
  readonly server: string;
}

/** @param node the node binary that the measured code runs on */
export function describeMachine(server: string, node = process.execPath): Machine {
  return {
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 1024 ** 3),
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    server,
  };
}

export function machineLine({ cpu, cores, memory, node, server }: Machine): string {
  return `${cpu}, ${cores} cores, ${memory} GB; node ${node}; ${server}`;
}
