import type { OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];
type OperationObject = NonNullable<PathItem['get']>;

/** One operation of an OpenAPI document. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly hasBody: boolean;
  readonly security: OperationObject['security'];
  readonly details: OperationObject;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'] as const;

export function operationsOf({ paths }: OpenAPIObject): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const details = item[method];
      if (details === undefined) return [];
      return {
        id: details.operationId ?? '',
        method: method.toUpperCase(),
        path,
        hasBody: details.requestBody !== undefined,
        security: details.security,
        details,
      };
    }),
  );
}

/** A path with its parameters filled in. */
export function pathOf(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? 'x'),
  );
}
