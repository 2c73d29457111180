// Checks the links of the pages, without the network.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';

/** @import { Page } from './page.mjs' */

/**
 * @param {string} root
 * @param {readonly Page[]} pages
 * @returns {string[]} problems
 */
export function checkLinks(root, pages) {
  return pages.flatMap((page) =>
    page.links.flatMap(({ text, line }) => {
      const problem = /^[a-z][a-z\d+.-]*:/i.test(text)
        ? problemOutside(text)
        : problemInside(root, pages, page, text);
      return problem ? [`${page.path}:${line}: the link ${text} ${problem}`] : [];
    }),
  );
}

function problemOutside(/** @type {string} */ link) {
  if (!URL.canParse(link)) return 'is no URL';
  const { protocol, hostname } = new URL(link);
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (protocol === 'https:' || protocol === 'mailto:' || local) return undefined;
  return 'is neither https nor local';
}

function problemInside(
  /** @type {string} */ root,
  /** @type {readonly Page[]} */ pages,
  /** @type {Page} */ page,
  /** @type {string} */ link,
) {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : posix.join(posix.dirname(page.path), path);
  if (target.startsWith('..') || !existsSync(join(root, target))) return 'leads to no file';
  const there = pages.find((other) => other.path === target);
  if (anchor && there && !there.anchors.has(anchor)) return `leads to no heading of ${target}`;
  return undefined;
}
