import { ValidateBy } from 'class-validator';

/** TypeORM takes lists as arrays and as objects, such as all exports of a module. */
export function IsList(): PropertyDecorator {
  return ValidateBy({
    name: 'isList',
    validator: {
      validate: (value: unknown) => typeof value === 'object',
      defaultMessage: () => 'must be an array, or an object whose values are taken',
    },
  });
}
