import type { IoAdapter } from '@nestjs/platform-socket.io';

// socket.io as NestJS's adapter has it: an app may have another version of it beside.

export type Server = ReturnType<IoAdapter['create']>;
export type ServerOptions = NonNullable<Parameters<IoAdapter['create']>[1]>;
export type Socket = Parameters<IoAdapter['bindMessageHandlers']>[0];
export type Namespace = Socket['nsp'];
