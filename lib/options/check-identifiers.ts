import { isPlainObject } from './check-section.js';
import type { OptionIssue } from './errors.js';
import type { Identifier } from './identifier.js';

export function checkIdentifiers(identifiers: unknown): OptionIssue[] {
  if (!Array.isArray(identifiers)) return [];
  if (identifiers.length === 0) {
    return [
      {
        path: 'identify',
        problem: 'holds no identifier, so no request could ever find its tenant',
        remedy: 'Leave it out for the default, or give one: identify: [byDomain()]',
      },
    ];
  }
  return identifiers.flatMap((identifier: unknown, index) => {
    const path = `identify[${index}]`;
    if (!isIdentifier(identifier)) {
      return [
        {
          path,
          problem: 'is not an identifier',
          remedy: 'Call one: byDomain(), bySubdomain({ of }), byHeader({ … }), byCustom({ … })',
        },
      ];
    }
    if (!identifier.forgeable || identifier.authorize || identifier.trusted) return [];
    return [
      {
        path: `${path} (${identifier.name})`,
        problem: 'any client can forge it and so choose its tenant',
        remedy:
          'Give authorize: ({ tenant, request }) => boolean, which decides whether this client may act there; ' +
          'or trusted: true, when a gateway in front sets it and strips what clients send',
      },
    ];
  });
}

function isIdentifier(value: unknown): value is Identifier {
  return (
    isPlainObject(value) && typeof value.identify === 'function' && typeof value.name === 'string'
  );
}
