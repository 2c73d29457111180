// Reads a Markdown page into what can be checked of it.

/**
 * @typedef {object} Fence A fenced block of code.
 * @property {string} language
 * @property {string} code
 * @property {number} line of its first line of code; lines count from 1
 * @property {string} given what stands before the code when it is compiled; empty or whole lines
 * @property {number} givenLine
 * @property {number} app which of the page's apps it is of, from 0 on
 *
 * @typedef {{ text: string, line: number }} Mention
 *
 * @typedef {object} Page
 * @property {string} path from the repository's root
 * @property {number} length in lines
 * @property {Fence[]} fences
 * @property {ReadonlySet<string>} anchors
 * @property {Mention[]} links
 * @property {Mention[]} scripts names of npm scripts
 */

const LINK = /\]\(\s*<?([^\s)>]+)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]*)"/g;
const SCRIPT = /\bnpm (?:run(?:-script)? ([\w:.-]+)|(test|start)\b)/g;

/** @returns {Page} */
export function readPage(/** @type {string} */ path, /** @type {string} */ text) {
  const lines = text.replace(/\n$/, '').split('\n');
  const { fences, prose } = splitFences(lines);
  const mentions = (/** @type {RegExp} */ pattern, /** @type {string[]} */ where) =>
    where.flatMap((content, index) =>
      [...content.matchAll(pattern)].map((match) => ({
        text: match.slice(1).find((group) => group !== undefined) ?? '',
        line: index + 1,
      })),
    );
  return {
    path,
    length: lines.length,
    fences,
    anchors: anchorsOf(prose),
    links: mentions(
      LINK,
      prose.map((line) => line.replace(/`[^`]*`/g, '')),
    ),
    scripts: mentions(SCRIPT, lines),
  };
}

/** Takes the fences, and the `given` comments before them, out of the prose; what is left keeps its line numbers. */
function splitFences(/** @type {string[]} */ lines) {
  /** @type {Fence[]} */
  const fences = [];
  const prose = [...lines];
  let given = { code: '', line: 0 };
  let app = 0;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const opening = /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(line);
    const isGiven = /^<!-- given\s*$/.test(line);
    if (!opening && !isGiven) {
      if (line === '<!-- another app -->') app++;
      if (line.trim() !== '') given = { code: '', line: 0 };
      continue;
    }
    const closing = opening ? new RegExp(`^\\s*${opening[2]}`) : /^-->/;
    const end = lines.findIndex((other, index) => index > at && closing.test(other));
    const last = end === -1 ? lines.length : end;
    const inner = lines.slice(at + 1, last);
    prose.fill('', at, last + 1);
    if (opening) {
      const indent = opening[1]?.length ?? 0;
      fences.push({
        language: opening[3] ?? '',
        code: inner.map((each) => each.slice(indent)).join('\n'),
        line: at + 2,
        given: given.code,
        givenLine: given.line,
        app,
      });
      given = { code: '', line: 0 };
    } else {
      given = { code: inner.map((each) => `${each}\n`).join(''), line: at + 2 };
    }
    at = last;
  }
  return { fences, prose };
}

/** The anchors that GitHub gives the headings. */
function anchorsOf(/** @type {string[]} */ prose) {
  /** @type {Set<string>} */
  const anchors = new Set();
  for (const line of prose) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading !== undefined) anchors.add(unused(slug(heading), anchors));
    for (const [, name] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(name ?? '');
  }
  return anchors;
}

function slug(/** @type {string} */ heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function unused(/** @type {string} */ anchor, /** @type {ReadonlySet<string>} */ taken) {
  let candidate = anchor;
  for (let count = 1; taken.has(candidate); count++) candidate = `${anchor}-${count}`;
  return candidate;
}
