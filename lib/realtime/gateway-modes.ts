import type { ModulesContainer } from '@nestjs/core';
import { ROUTE_MODE } from '../identify/route-mode.js';
import type { RouteMode } from '../options/identifier.js';
import { GatewayModesDifferError } from './errors.js';

// Under these keys `@WebSocketGateway()` keeps what it was given.
const IS_GATEWAY = 'websockets:is_gateway';
const PORT = 'port';
const OPTIONS = 'websockets:gateway_options';

/** What tells one group of sockets from another. */
export interface GatewayPlace {
  /** 0 for the port of the app itself. */
  readonly port: number;
  readonly path?: string;
  /** Of socket.io alone. Default: `/`. */
  readonly namespace?: string | RegExp;
}

/**
 * Which connections each group of sockets is for: the mode of its gateways, which must agree, because a socket that is
 * let in reaches `handleConnection` of all of them.
 */
export class GatewayModes {
  private modes?: ReadonlyMap<string, RouteMode>;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly defaultMode: RouteMode,
  ) {}

  /** @throws GatewayModesDifferError */
  of(place: GatewayPlace): RouteMode {
    this.modes ??= this.read();
    return this.modes.get(nameOf(place)) ?? this.defaultMode;
  }

  private read(): ReadonlyMap<string, RouteMode> {
    const modes = new Map<string, RouteMode>();
    const names = new Map<string, string[]>();
    for (const gateway of this.gateways()) {
      const port = Number(Reflect.getMetadata(PORT, gateway) ?? 0);
      const options: unknown = Reflect.getMetadata(OPTIONS, gateway);
      const place = nameOf({ ...(options as Partial<GatewayPlace> | undefined), port });
      const mode: RouteMode = Reflect.getMetadata(ROUTE_MODE, gateway) ?? this.defaultMode;
      const others = names.get(place) ?? [];
      names.set(place, [...others, gateway.name]);
      if ((modes.get(place) ?? mode) !== mode) {
        throw new GatewayModesDifferError(place, [...others, gateway.name]);
      }
      modes.set(place, mode);
    }
    return modes;
  }

  /** Each once, though several modules may have it. */
  private gateways(): ReadonlySet<{ readonly name: string }> {
    const found = new Set<{ readonly name: string }>();
    for (const { providers } of this.modules.values()) {
      for (const { metatype } of providers.values()) {
        if (typeof metatype === 'function' && Reflect.hasMetadata(IS_GATEWAY, metatype)) {
          found.add(metatype);
        }
      }
    }
    return found;
  }
}

function nameOf({ port, path = '', namespace = '/' }: GatewayPlace): string {
  const name = namespace instanceof RegExp ? String(namespace) : namespace.replace(/^\/*/, '/');
  return `port ${port}, path "${path}", namespace ${name}`;
}
