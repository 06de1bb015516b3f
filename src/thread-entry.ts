/** The file that threads begin with. Asked for before anything heavy is loaded, since a bundle breaks that, too, and says less. */
import { existsSync } from 'node:fs';
import loader from '../workers/loader.cjs';

/** @throws where the package was bundled: its files are not beside its code then, and the pool would only say that a file was not found */
export function threadEntry(): string {
  const file = loader.hostEntry();
  if (file !== null && existsSync(file)) return file;
  throw new Error(
    'the package coalescer was bundled, and threads cannot be started from a bundle: keep it external (esbuild: --external:coalescer, ' +
      "webpack: externals: { coalescer: 'commonjs coalescer' }), install it beside the bundle, and give the bundler the targets module as an " +
      'entry of its own',
  );
}
