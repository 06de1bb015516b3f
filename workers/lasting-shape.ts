/**
 * Shapes that outlast their objects. At a major collection V8 forgets each shape (hidden class) that no object has at that moment, and with it all
 * code that was compiled for it: a service whose flights had just all landed ran its next 13,000 up to six times slower. One object of each kind
 * that is never used keeps the shape. Its numbers begin as those of the others do that become fractions: `NaN`, since 0 has a shape of its own.
 */
import { inCleanContext } from './clean-context.js';

const models: object[] = [];

/** Made in nobody's context: promises remember theirs, and the package may be loaded in the middle of a request. */
export function keepShape(make: () => object): void {
  models.push(inCleanContext(make, undefined));
}
