// Type-checks the ts blocks of the pages with the options of tsconfig.json, all in one program.
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** @import { Fence, Page } from './page.mjs' */

/**
 * @param {string} root
 * @param {readonly Page[]} pages
 * @returns {string[]} problems
 */
export function typeCheck(root, pages) {
  const blocks = new Map(pages.flatMap((page) => filesOf(root, page)));
  const options = readOptions(join(root, 'tsconfig.json'));
  const program = ts.createProgram([...blocks.keys()], options, hostWith(blocks, options));
  return [...blocks].flatMap(([name, { page, fence }]) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const { line } = ts.getLineAndCharacterOfPosition(
          /** @type {ts.SourceFile} */ (file),
          start,
        );
        return `${page.path}:${lineInPage(fence, line)}: ${ts.flattenDiagnosticMessageText(messageText, '\n  ')}`;
      },
    );
  });
}

/**
 * The blocks of a page as files of a folder for each of its apps, by path. Where two have one name, the first is the
 * file that the others import.
 * @returns {Array<[string, { page: Page, fence: Fence }]>}
 */
function filesOf(/** @type {string} */ root, /** @type {Page} */ page) {
  const names = new Set();
  return page.fences
    .filter(({ language }) => language === 'ts')
    .map((fence) => {
      const folder = join(root, `${page.path}.blocks`, String(fence.app));
      const named = join(folder, /^\/\/ ([\w./-]+\.ts)\b/.exec(fence.code)?.[1] ?? '');
      const isTaken = named === folder || names.has(named);
      const beside = named === folder ? folder : dirname(named);
      const name = isTaken ? join(beside, `line-${fence.line}.ts`) : named;
      names.add(name);
      return [name, { page, fence }];
    });
}

/** The project's own, less what a fragment cannot meet, and as a bundler reads: imports with and without `.js`, and `await` anywhere. */
function readOptions(/** @type {string} */ config) {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    dirname(config),
  );
  return {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
  };
}

/** A compiler host that has the blocks beside the files on disk. */
function hostWith(
  /** @type {ReadonlyMap<string, { fence: Fence }>} */ blocks,
  /** @type {ts.CompilerOptions} */ options,
) {
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  const folders = new Set([...blocks.keys()].map((name) => dirname(name)));
  host.fileExists = (name) => blocks.has(name) || disk.fileExists(name);
  host.directoryExists = (name) => folders.has(name) || ts.sys.directoryExists(name);
  host.readFile = (name) => {
    const fence = blocks.get(name)?.fence;
    return fence ? `${fence.given}${fence.code}` : disk.readFile(name);
  };
  return host;
}

function lineInPage(/** @type {Fence} */ fence, /** @type {number} */ line) {
  const givenLines = fence.given.split('\n').length - 1;
  return line < givenLines ? fence.givenLine + line : fence.line + line - givenLines;
}
