import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { getMetadataStorage, ValidateIf, validateSync } from 'class-validator';
import { AdminInputError, type InputProblem } from '../errors.js';

/** Levels that a value may be nested: what goes through all of them must come back. */
const MOST_LEVELS = 32;

/** The member may be left out. `IsOptional` would let null pass, too. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/**
 * Makes an input class of a body or a query, and refuses what it does not have. NestJS's `ValidationPipe` is not up to
 * this: class-transformer, which it goes by, walks through settings, which are to be kept as they are, drops members that
 * are called `constructor`, and throws a TypeError at some of them.
 * @throws AdminInputError naming all that is wrong
 */
@Injectable()
export class AdminInput implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): object {
    const input = metatype as Type<Record<string, unknown>>;
    // Without a body, which some platforms have as undefined, it is what is missing that is told.
    const given = value ?? {};
    if (typeof given !== 'object' || Array.isArray(given)) {
      throw new AdminInputError([{ member: '', problem: 'The body must be a JSON object.' }]);
    }
    const deep = Object.entries(given).find(([, one]) => isDeeper(one, MOST_LEVELS));
    if (deep !== undefined) {
      const problem = `is nested more than ${MOST_LEVELS} levels deep`;
      throw new AdminInputError([{ member: deep[0].slice(0, 64), problem }]);
    }
    const known = membersOf(input);
    const made = new input();
    for (const [member, one] of Object.entries(given)) {
      if (!known.has(member) || one === undefined) continue;
      made[member] = type === 'query' ? converted(input, member, one) : one;
    }
    const problems = [...unknownIn(given, known), ...wrongIn(made)];
    if (problems.length > 0) throw new AdminInputError(problems);
    return made;
  }
}

function membersOf(input: Type): ReadonlySet<string> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(input, '', false, false);
  return new Set(metadata.map(({ propertyName }) => propertyName));
}

function unknownIn(given: object, known: ReadonlySet<string>): InputProblem[] {
  const names = [...known].join(', ') || 'nothing';
  return Object.keys(given)
    .filter((member) => !known.has(member))
    .slice(0, 10)
    .map((member) => ({ member: member.slice(0, 64), problem: `is unknown; known is: ${names}` }));
}

function wrongIn(made: object): InputProblem[] {
  return validateSync(made, { forbidUnknownValues: false }).map(({ property, constraints }) => ({
    member: property,
    problem: Object.values(constraints ?? {})
      .map((message) => message.replace(`${property} `, ''))
      .join(', and '),
  }));
}

/** A query has texts only. What is none of its member's type is left as it is, and refused. */
function converted(input: Type, member: string, value: unknown): unknown {
  const type: unknown = Reflect.getMetadata('design:type', input.prototype as object, member);
  if (typeof value !== 'string') return value;
  if (type === Number) return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (type === Boolean) return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}
