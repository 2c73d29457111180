import { randomBytes } from 'node:crypto';
import { DatabaseProcess } from './database-process';
import { DockerContainer } from './docker-container';
import { findFreePort } from './free-port';
import { findInstallation } from './find-installation';
import { ManagedServer } from './managed-server';
import type { RunningServer, ServerKind, ServerOptions } from './running-server';
import { serverSettings } from './server-settings';

/**
 * Starts a MariaDB or MySQL server for tests, benches and demos, and installs it first where the machine has none.
 * Takes 0.3 s (MariaDB) or 0.7 s (MySQL) once installed.
 */
export async function startServer(
  kind: ServerKind,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const installation = await findInstallation(kind);
  const port = await findFreePort();
  const password = randomBytes(12).toString('hex');
  const settings = serverSettings(kind, options);
  const instance =
    installation === 'docker'
      ? new DockerContainer(kind, port, password, settings)
      : await DatabaseProcess.inNewFolder(installation, port, password, settings);
  const server = new ManagedServer(kind, instance, password);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
