/** The file that threads load first. Looked up before anything heavy is loaded: a bundle breaks that too, with a less helpful error. */
import { existsSync } from 'node:fs';
import loader from '../workers/loader.cjs';

/** @throws if the package was bundled: its files are then not beside its code, and the pool would only say that a file was not found */
export function threadEntry(): string {
  const file = loader.hostEntry();
  if (file !== null && existsSync(file)) return file;
  throw new Error(
    'the package coalescer was bundled, and threads cannot be started from a bundle: keep it external (esbuild: --external:coalescer, ' +
      "webpack: externals: { coalescer: 'commonjs coalescer' }), install it beside the bundle, and give the bundler the targets module as an " +
      'entry of its own',
  );
}
