/** An identifier as MySQL and MariaDB quote it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
