import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCHEMATICS = join(__dirname, '../../schematics');
const PAGE = readFileSync(join(__dirname, '../../docs/09-COMMANDS_REFERENCE.md'), 'utf8');

interface Schematic {
  readonly schema: string;
  readonly aliases?: readonly string[];
}

const collection: { schematics: Record<string, Schematic> } = JSON.parse(
  readFileSync(join(SCHEMATICS, 'collection.json'), 'utf8'),
);

describe.each(Object.entries(collection.schematics))('the reference of %s', (name, schematic) => {
  const section = PAGE.split(/^### /m).find((text) =>
    text.split('\n\n', 1)[0]?.includes(heading(name)),
  );
  const { properties }: { properties: Record<string, unknown> } = JSON.parse(
    readFileSync(join(SCHEMATICS, schematic.schema), 'utf8'),
  );

  it.each(Object.keys(properties))('names the option %s', (option) => {
    const dashed = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    expect(section).toMatch(new RegExp(`\`(--(no-)?)?(${option}|${dashed})\``));
  });

  it('names its aliases', () => {
    for (const alias of schematic.aliases ?? []) expect(section).toContain(`\`${alias}\``);
  });
});

function heading(schematic: string): string {
  return schematic === 'nest-add' ? '`nest add nestjs-tenancy`' : `\`${schematic}\``;
}
