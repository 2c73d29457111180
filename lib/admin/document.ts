import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { TenancyAdminModule } from './admin.module.js';
import { OPERATOR } from './http/admin-route.decorator.js';

/** What {@link adminDocument} says of the app. */
export interface AdminDocumentOptions {
  /** Default `Tenancy admin API`. */
  readonly title?: string;
  /** How the app's guard is asked, as an OpenAPI security scheme. Default: a bearer token. */
  readonly security?: Parameters<DocumentBuilder['addSecurity']>[1];
}

/**
 * The OpenAPI document of the admin API, of nothing else that the app has: for `SwaggerModule.setup()`, or for generating
 * a client.
 */
export function adminDocument(
  app: INestApplication,
  { title = 'Tenancy admin API', security }: AdminDocumentOptions = {},
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(title)
    .setVersion('1')
    .addSecurity(OPERATOR, security ?? { type: 'http', scheme: 'bearer' })
    .build();
  return SwaggerModule.createDocument(app, config, { include: [TenancyAdminModule] });
}
