// What the package's two builds, for `import` and for `require`, cannot spell alike: where its files lie, and an `import()` that no compiler turns
// into `require`. CommonJS, and there once: the build for `require` only points to it.

/** The file that the thread pool loads; `null` where a bundler has taken this code away from it. */
function hostEntry(): string | null {
  return typeof __dirname === 'string' ? `${__dirname}/host-entry.cjs` : null;
}

/** `import()` of a URL that is known at run time alone: bundlers leave it. */
function importModule(url: string): Promise<object> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url) as Promise<object>;
}

/** What `require` makes of a file: in a test runner's realm, its own. */
function requireModule(path: string): object {
  return require(path) as object;
}

// @ts-expect-error TS1294: CommonJS has no erasable spelling that carries types.
export = { hostEntry, importModule, requireModule };
