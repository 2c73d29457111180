// Loaded into the app before its own code: tells the parent where it listens.
import { Server } from 'node:net';

const listen = Reflect.get(Server.prototype, 'listen');
Server.prototype.listen = function (/** @type {any[]} */ ...args) {
  this.once('listening', () => {
    const address = this.address();
    if (address !== null && typeof address === 'object') process.send?.(address.port);
  });
  return Reflect.apply(listen, this, args);
};
