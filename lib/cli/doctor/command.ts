import type { Command } from 'commander';
import { action, define } from '../command.js';
import { EXIT } from '../errors.js';
import type { Diagnosis } from './examine.js';

export function doctor(program: Command): void {
  define(program, 'doctor', {
    description:
      'Look for what is wrong with the set-up, and say what helps: configuration, folders, connections, versions, ' +
      'clocks, connection arithmetic, privileges, character sets, tables, migrations, Redis. Privileges are tried, with a ' +
      'database and tables that are gone afterwards; all else is only read.',
    example: 'doctor',
  }).action(
    action(async (run) => {
      const { loadConfig } = await import('../app.js');
      const { examine } = await import('./examine.js');
      const { checkConfiguration } = await import('./configuration.js');
      const config = await loadConfig(run);
      try {
        const { options, findings } = checkConfiguration(config.options);
        const rest = options === undefined ? [] : await examine(options);
        const diagnoses = [...findings.map((one) => ({ check: 'configuration', ...one })), ...rest];
        const healthy = !diagnoses.some(({ level }) => level === 'problem');
        if (!healthy) process.exitCode = EXIT.failure;
        await run.output.result({ healthy, diagnoses }, lines(diagnoses));
      } finally {
        config.dispose();
      }
    }),
  );
}

const SIGNS = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' } as const;

function lines(diagnoses: readonly Diagnosis[]): string[] {
  const told = diagnoses.flatMap(({ level, check, subject, message, remedy }) => [
    `${SIGNS[level]} ${check}: ${subject} ${message}`,
    ...(remedy === undefined ? [] : [`         → ${remedy}`]),
  ]);
  const count = (level: Diagnosis['level']) =>
    diagnoses.filter((one) => one.level === level).length;
  return [...told, '', `${count('problem')} problem(s), ${count('warning')} warning(s)`];
}
