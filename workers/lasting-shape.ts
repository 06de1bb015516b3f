/**
 * Shapes that outlast their objects. At a major collection V8 drops each hidden class (shape) that no live object has, and with it all code
 * compiled for it: a service whose flights had just all landed ran its next 13,000 up to six times slower. One object of each kind that is never
 * used keeps the shape. Numbers that may become fractions are `NaN` in it, as in the others: with 0 its hidden class would differ.
 */
import { inCleanContext } from './clean-context.js';

const models: object[] = [];

/** Made in a clean async context: promises keep theirs, and the package may be loaded in the middle of a request. */
export function keepShape(make: () => object): void {
  models.push(inCleanContext(make, undefined));
}
