/** The parser of large answers as a targets module. */
import { defineTargets } from '../../src/index.js';
import { extract } from './thread-targets.js';

export default defineTargets({ extract });
