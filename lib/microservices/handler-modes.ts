import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { MsPattern } from '@nestjs/microservices';
import { ROUTE_MODE } from '../identify/route-mode.js';
import type { RouteMode } from '../options/identifier.js';
import { MessageModesDifferError } from './errors.js';

// Under these keys `@MessagePattern()` and `@EventPattern()` keep what they were given.
const PATTERNS = 'microservices:pattern';
const TRANSPORT = 'microservices:transport';

/** What is needed of a server. */
export interface PatternReader {
  readonly transport: unknown;
  /** A pattern as the server writes it. */
  nameOf(pattern: MsPattern): string;
}

/**
 * Which messages the handlers of each pattern are for. They must agree: NestJS has one function for each pattern of a
 * server, and does not tell it whose handlers it calls.
 */
export class HandlerModes {
  private readonly scanner = new MetadataScanner();
  private modes?: ReadonlyMap<string, RouteMode>;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly defaultMode: RouteMode,
    private readonly reader: PatternReader,
  ) {}

  /** @throws MessageModesDifferError */
  of(pattern: string): RouteMode {
    this.modes ??= this.read();
    return this.modes.get(pattern) ?? this.defaultMode;
  }

  private read(): ReadonlyMap<string, RouteMode> {
    const modes = new Map<string, RouteMode>();
    const names = new Map<string, string[]>();
    for (const controller of this.controllers()) {
      for (const { pattern, method, mode } of this.handlersOf(controller)) {
        const others = [...(names.get(pattern) ?? []), `${controller.name}.${method}`];
        names.set(pattern, others);
        if ((modes.get(pattern) ?? mode) !== mode) {
          throw new MessageModesDifferError(pattern, others);
        }
        modes.set(pattern, mode);
      }
    }
    return modes;
  }

  private *handlersOf(controller: Controller) {
    for (const method of this.scanner.getAllMethodNames(controller.prototype)) {
      const handler: unknown = Reflect.get(controller.prototype, method);
      if (typeof handler !== 'function') continue;
      const patterns: unknown = Reflect.getMetadata(PATTERNS, handler);
      if (!Array.isArray(patterns) || !this.isOfTransport(handler)) continue;
      const mode: RouteMode =
        Reflect.getMetadata(ROUTE_MODE, handler) ??
        Reflect.getMetadata(ROUTE_MODE, controller) ??
        this.defaultMode;
      for (const pattern of patterns) yield { pattern: this.reader.nameOf(pattern), method, mode };
    }
  }

  private isOfTransport(handler: object): boolean {
    const transport: unknown = Reflect.getMetadata(TRANSPORT, handler);
    return transport === undefined || transport === this.reader.transport;
  }

  /** Each once, though several modules may have it. */
  private controllers(): ReadonlySet<Controller> {
    const found = new Set<Controller>();
    for (const { controllers } of this.modules.values()) {
      for (const { metatype } of controllers.values()) {
        if (typeof metatype === 'function') found.add(metatype);
      }
    }
    return found;
  }
}

interface Controller {
  readonly name: string;
  readonly prototype: object;
}
