import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { Optional } from './admin-input.js';

/** Of the query of a list: how much a page may hold at most, and holds unless it is said. */
export function PageLimit({ most, usual }: { most: number; usual: number }): PropertyDecorator {
  const description = `Default: ${usual}.`;
  return applyDecorators(
    ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: most, description }),
    Optional(),
    IsInt(),
    Min(1),
    Max(most),
  );
}

/** Of the query of a list: where its page begins. */
export function PageCursor(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ required: false, description: 'The next of the page before.' }),
    Optional(),
    IsString(),
    MaxLength(500),
  );
}
