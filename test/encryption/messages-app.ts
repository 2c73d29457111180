import 'reflect-metadata';
import {
  BadRequestException,
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Module,
  Post,
  Redirect,
  Res,
  Sse,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { of } from 'rxjs';
import {
  EncryptedRequest,
  EncryptedResponse,
  PlainMessages,
  TenantEncryption,
  TenantEncryptionModule,
  type TenantEncryptionOptions,
} from '../../lib/encryption/index.js';
import {
  CentralRoute,
  CurrentTenant,
  Tenancy,
  TenancyModule,
  TenantService,
  type TenancyModuleOptions,
} from '../../lib/index.js';
import type { EngineSetup } from '../support/engines.js';
import { PLATFORMS } from '../support/http.js';
import { optionsOn } from '../support/tenancy-app.js';

export const MASTER_KEY = Buffer.alloc(32, 'one master').toString('base64');

/** What handlers were given, in the order of the requests. */
export const received: unknown[] = [];

@Controller('notes')
class NotesController {
  @Post()
  @EncryptedRequest()
  @EncryptedResponse()
  add(@Body() note: unknown, @CurrentTenant('slug') slug: string) {
    received.push(note);
    return { slug, note };
  }

  @Get()
  @EncryptedResponse()
  list(@CurrentTenant('slug') slug: string) {
    return [`of ${slug}`];
  }

  @Post('optional')
  @EncryptedResponse()
  @HttpCode(200)
  optional(@Body() note: unknown) {
    return { note };
  }

  @Delete()
  @EncryptedRequest()
  remove(@Body() body: unknown) {
    return { removed: body ?? null };
  }

  @Get('refused')
  @EncryptedResponse()
  refused() {
    throw new BadRequestException('a secret word');
  }

  @Get('broken')
  @EncryptedResponse()
  broken() {
    throw new Error('a secret word');
  }

  @Get('empty')
  @EncryptedResponse()
  @HttpCode(204)
  empty() {}

  @Get('nothing')
  @EncryptedResponse()
  nothing() {}

  @Get('text')
  @EncryptedResponse()
  @Header('content-type', 'text/plain; charset=utf-8')
  text() {
    return 'grüße';
  }

  @Get('away')
  @EncryptedResponse()
  @Redirect('/notes', 302)
  away() {}
}

@Controller('streams')
@EncryptedResponse()
class StreamsController {
  @Get('file')
  file() {
    return new StreamableFile(Buffer.from('a secret word'));
  }

  @Sse('events')
  events() {
    return of({ data: 'a secret word' });
  }

  @Get('written')
  written(@Res() response: ServerResponse & { readonly raw?: ServerResponse; hijack?(): void }) {
    response.hijack?.();
    const raw = response.raw ?? response;
    raw.write('a secret word');
    raw.end();
  }

  @Get('plain')
  @PlainMessages()
  plain() {
    return { plain: true };
  }
}

@Controller('silent')
class SilentController {
  @Post()
  @HttpCode(200)
  echo(@Body() body: unknown) {
    return { body };
  }

  @Get()
  read() {
    return { read: true };
  }

  @Post('plain')
  @PlainMessages()
  plain(@Body() body: unknown) {
    return { body };
  }

  @CentralRoute()
  @Get('central')
  central() {
    return { central: true };
  }
}

@Module({ controllers: [NotesController, StreamsController, SilentController] })
class Root {}

export interface MessagesApp {
  readonly nest: INestApplication;
  readonly port: number;
  readonly tenancy: Tenancy;
  readonly tenants: TenantService;
  readonly encryption: TenantEncryption;
}

/** An app with encrypted routes and the tenants `a` and `b`. Close it with `nest.close()`. */
export async function startMessagesApp(
  setup: Pick<EngineSetup, 'centralUrl' | 'serverUrl' | 'databasePrefix'>,
  platform: string,
  encryption: TenantEncryptionOptions = { masterKeys: [MASTER_KEY] },
  options: TenancyModuleOptions = {},
): Promise<MessagesApp> {
  const nest = await NestFactory.create(
    {
      module: Root,
      imports: [
        TenancyModule.forRoot(optionsOn({ ...setup, cleanUp: async () => {} }, options)),
        TenantEncryptionModule.forRoot(encryption),
      ],
    },
    PLATFORMS[platform]!(),
    { logger: false, abortOnError: false },
  );
  await nest.listen(0, '127.0.0.1');
  const tenants = nest.get(TenantService);
  for (const slug of ['a', 'b']) {
    if ((await tenants.find(slug)) === null) await tenants.create({ slug });
  }
  const { port } = nest.getHttpServer().address() as AddressInfo;
  return {
    nest,
    port,
    tenancy: nest.get(Tenancy),
    tenants,
    encryption: nest.get(TenantEncryption),
  };
}
