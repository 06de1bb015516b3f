// What `npm run check:install` proves: services of every kind in which the packed package must load and do its work. Each case is a folder of its
// own: the files of a service of test/install/services, some more, a copy of the installed package, and commands, the last of which must print
// what is promised. `alone`: nothing else is installed there, so that nothing the package needs can come from elsewhere; the others find their
// tools in a folder above.
import { bundled } from './bundled.mjs';
import { inDevelopment } from './in-development.mjs';
import { jest } from './jest.mjs';
import { elsewhere, plain } from './plain.mjs';
import { typed } from './typed.mjs';

export const cases = [...plain, ...typed, ...jest, ...bundled, ...inDevelopment, ...elsewhere];
