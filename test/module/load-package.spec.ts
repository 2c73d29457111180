import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPackage } from '../../lib/load-package.js';

let app: string;
beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), 'nestjs-tenancy-app-'));
  for (const [name, text] of [
    ['only-of-the-app', 'module.exports = "the app’s own"'],
    ['broken', 'throw new Error("broken")'],
  ] as const) {
    const folder = join(app, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), text);
  }
});
beforeEach(() => jest.spyOn(process, 'cwd').mockReturnValue(app));
afterEach(() => jest.restoreAllMocks());
afterAll(() => rmSync(app, { recursive: true }));

it('takes an optional package from where the app is', async () => {
  expect(await loadPackage('only-of-the-app', 'A test')).toBe('the app’s own');
});

it('says what to install where it is missing', async () => {
  await expect(loadPackage('nobody-has-it', 'A test')).rejects.toMatchObject({
    code: 'PACKAGE_MISSING',
    message: 'A test needs a package that is not installed. Install it: npm install nobody-has-it',
  });
});

it('takes one that is broken for broken, not for missing', async () => {
  await expect(loadPackage('broken', 'A test')).rejects.toThrow('broken');
});
