#!/usr/bin/env node
import { buildOf } from './config/build-of.js';

// An app that is an ES module imports that build of this package. The command is to be of the same one, whose classes
// are the app's; node takes a path that is not known before runs as it is.
const main: string =
  buildOf(process.argv.slice(2)) === 'esm' ? '../../esm/cli/main.js' : './main.js';
void import(main).then((build: typeof import('./main.js')) => build.main(process.argv));
