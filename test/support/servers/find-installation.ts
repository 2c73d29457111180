import { installMariadb, installMysql, isDebianRoot } from './debian';
import { dockerAnswers } from './docker-container';
import type { Installation } from './installation';
import { installedMariadb, installedMysql } from './installed-programs';
import type { ServerKind } from './running-server';

const FIND = { mariadb: installedMariadb, mysql: installedMysql };
const INSTALL = { mariadb: installMariadb, mysql: installMysql };
const WHAT_TO_INSTALL = {
  mariadb:
    'MariaDB 10.11 or later (mariadbd and mariadb-install-db; apt-get install mariadb-server-core mariadb-client-core, brew install mariadb)',
  mysql: 'MySQL 8.4 or later (mysqld; https://dev.mysql.com/downloads/mysql, brew install mysql)',
};

/**
 * The server that is on the PATH; else one installed now (Debian, as root); else Docker.
 * @throws Error that says what to install
 */
export async function findInstallation(kind: ServerKind): Promise<Installation | 'docker'> {
  const installed = await FIND[kind]();
  if (installed !== undefined) return installed;
  if (isDebianRoot()) return INSTALL[kind]();
  if (await dockerAnswers()) return 'docker';
  throw new Error(
    `There is no ${kind} server on this machine. Put ${WHAT_TO_INSTALL[kind]} on the PATH, ` +
      'or start Docker. The tests alone also run without: TENANCY_TEST_ENGINES=sqlite npm test.',
  );
}
