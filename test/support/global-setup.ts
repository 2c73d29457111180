// jest maps `./x.js` to `./x.ts` in specs, but not in what this file imports: those imports go without an ending.
export { startSharedServers as default } from './shared-servers';
