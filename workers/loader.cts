// What the package's two builds, for `import` and for `require`, cannot write alike: where its files are, and an `import()` that no compiler turns
// into `require`. CommonJS, and only once: the build for `require` just points to it.

/** The file that the thread pool loads; `null` if a bundler has moved this code. */
function hostEntry(): string | null {
  return typeof __dirname === 'string' ? `${__dirname}/host-entry.cjs` : null;
}

/** `import()` of a URL that is only known at run time: bundlers leave it alone. */
function importModule(url: string): Promise<object> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url) as Promise<object>;
}

/** `require` of a file, in a test runner's realm its own `require`. */
function requireModule(path: string): object {
  return require(path) as object;
}

// @ts-expect-error TS1294: CommonJS has no erasable spelling that carries types.
export = { hostEntry, importModule, requireModule };
