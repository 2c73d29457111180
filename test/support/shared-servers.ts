import { selectedEngines, type EngineName } from './selected-engines';
import { startServer, type RunningServer, type ServerKind } from './servers/index';

const running: RunningServer[] = [];

/** Starts one server of each selected kind for all spec files of a run; they find it by {@link sharedServerUrl}. */
export async function startSharedServers(): Promise<void> {
  running.push(
    ...(await Promise.all(selectedEngines.filter(needsServer).map((kind) => startServer(kind)))),
  );
  for (const { kind, url } of running) process.env[variableOf(kind)] = url;
}

export async function stopSharedServers(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.stop()));
}

export function sharedServerUrl(kind: ServerKind): string {
  const url = process.env[variableOf(kind)];
  if (url === undefined)
    throw new Error(`${variableOf(kind)} is not set; jest's globalSetup sets it.`);
  return url;
}

function needsServer(engine: EngineName): engine is ServerKind {
  return engine !== 'sqlite';
}

function variableOf(kind: ServerKind): string {
  return `TENANCY_TEST_${kind.toUpperCase()}_URL`;
}
