import { HttpException, Logger } from '@nestjs/common';
import {
  ServerNats,
  type MessageHandler,
  type MsPattern,
  type ServerRedis,
  type ServerTCP,
} from '@nestjs/microservices';
import { EMPTY, isObservable, throwError, type Observable } from 'rxjs';
import { runInContext } from '../context/tenant-context.js';
import type { HandlerModes } from './handler-modes.js';
import { receiveInEnvelope } from './in-envelope.js';
import { receivedInHeader } from './in-header.js';
import type { Addressee, MessageAdmission } from './message-admission.js';
import { Incoming } from './message-tenant.js';
import { within } from './within.js';

/** A server whose messages carry their tenant. */
export type BoundServer = ServerNats | ServerRedis | ServerTCP;

const logger = new Logger('TenancyMessages');

/**
 * Has a server handle each message for its tenant: guards, pipes, interceptors, filters and what the handler answers
 * with included. To be called before NestJS registers the handlers.
 */
export function bindServer(
  server: BoundServer,
  modes: HandlerModes,
  admission: MessageAdmission,
): void {
  const addHandler = server.addHandler.bind(server);
  // By NestJS's context of a message, for the second and further handlers of an event.
  const messages = new WeakMap<object, Incoming>();

  if (!(server instanceof ServerNats)) receiveInEnvelope(server);
  server.addHandler = (pattern, handler, isEvent = false, extras) => {
    const name = patternName(server, pattern);
    const addressee = { pattern: name, mode: modes.of(name) };
    const admitted: MessageHandler = async (...args: unknown[]) => {
      const context: unknown = args.at(-1);
      const message = incomingOf(args, messages);
      const given = args.map((arg) => (arg instanceof Incoming ? arg.data : arg));
      try {
        const entered = await admission.admit(message, addressee, context);
        const result: unknown = await runInContext(entered, () =>
          Reflect.apply(handler, undefined, given),
        );
        return isObservable(result) ? within(entered, result) : result;
      } catch (error) {
        return refused(error, addressee, isEvent);
      }
    };
    addHandler(pattern, followedAs(handler, admitted), isEvent, extras);
  };
}

/** A pattern as NestJS writes it: a text as it is, and JSON of an object, sorted. */
export function patternName(server: BoundServer, pattern: MsPattern): string {
  return server['normalizePattern'](pattern);
}

function incomingOf(args: readonly unknown[], messages: WeakMap<object, Incoming>): Incoming {
  const context: unknown = args.at(-1);
  const message =
    args.find((arg) => arg instanceof Incoming) ??
    (isObject(context) ? messages.get(context) : undefined) ??
    receivedInHeader(args[0], context) ??
    new Incoming(args[0], undefined);
  if (isObject(context)) messages.set(context, message);
  return message;
}

/** NestJS hangs the next handler of an event on the function that it was given; the one within calls it. */
function followedAs(handler: MessageHandler, admitted: MessageHandler): MessageHandler {
  return Object.defineProperty(admitted, 'next', {
    get: () => handler.next,
    set: (next: MessageHandler) => {
      handler.next = next;
    },
  });
}

/** What the sender is told. Of an event nobody is, so the log is. */
function refused(error: unknown, { pattern }: Addressee, isEvent: boolean): Observable<never> {
  const isRefusal = error instanceof HttpException && error.getStatus() < 500;
  if (!isRefusal) logger.error(error instanceof Error ? (error.stack ?? error.message) : error);
  else if (isEvent) logger.warn(`An event "${pattern}" was refused: ${error.message}`);
  if (isEvent) return EMPTY;
  const told =
    error instanceof HttpException
      ? error.getResponse()
      : { status: 'error', message: 'Internal server error' };
  return throwError(() => told);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
